// Compiled into the child program, not into this assembly: loads what is to be run and writes down what its tests saw.
#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.Loader;
using System.Threading.Tasks;

namespace DocTuneLab.Sandbox;

/// <summary>Kinds of work; the parent has the same list.</summary>
internal enum WorkKind : byte { Comparison, Tests, Batch }

internal static class Runner
{
    private const byte Ready = 6;

    /// <summary>Arguments: the record's file, its bytes at most, names of the library's assemblies.</summary>
    private static int Main(string[] args)
    {
        using var trace = new TraceFile(args[0], long.Parse(args[1], CultureInfo.InvariantCulture));
        Check.Trace = trace;
        // Only then does the parent say what to run: what goes wrong before cannot be the fault of an answer.
        using (var output = Console.OpenStandardOutput())
        {
            output.WriteByte(Ready);
            output.Flush();
        }
        TreeWriter.Libraries = args[2..];
        List<(WorkKind Kind, byte[] Bytes)> work = [];
        // No file holds the tests: an answer could read it.
        using (var input = Console.OpenStandardInput())
        using (var reader = new BinaryReader(input))
            for (var count = reader.ReadInt32(); count > 0; count--)
                work.Add(((WorkKind)reader.ReadByte(), reader.ReadBytes(reader.ReadInt32())));
        if (work is [(WorkKind.Batch, var programs)]) Batch.Run(trace, programs, new OwnLibrary(TreeWriter.Libraries));
        else
            for (var i = 0; i < work.Count; i++) Run(trace, i, work[i].Kind, work[i].Bytes);
        // Threads that the answer left running must not keep the process alive.
        Environment.Exit(0);
        return 0;
    }

    private static void Run(TraceFile trace, int index, WorkKind kind, byte[] bytes)
    {
        trace.Begin(index);
        try
        {
            // Each with a library of its own, so that what one leaves in static fields is not the next one's.
            var library = new OwnLibrary(TreeWriter.Libraries);
            if (kind == WorkKind.Tests) Run(library.LoadFromStream(new MemoryStream(bytes)));
            else Check.True(0, Rebuilder.AreEqual(bytes, library));
            trace.End();
        }
        catch (Exception e)
        {
            var cause = e;
            while (cause is AggregateException or TypeInitializationException && cause.InnerException is { } inner) cause = inner;
            if (cause is OutOfMemoryException) trace.Plain(RecordKind.OutOfMemory);
            else if (cause is TraceFullException) trace.Plain(RecordKind.TooLarge);
            // Without a value to go on with, the tests stop; what the last check saw is written.
            else if (cause is not NothingToGiveException) trace.Fault(Describe(cause));
        }
    }

    private static void Run(Assembly tests)
    {
        TreeWriter.OfAnswer = tests;
        var run = tests.GetType($"{typeof(Runner).Namespace}.Tests")!.GetMethod("Run")!.CreateDelegate<Func<Task>>();
        run().GetAwaiter().GetResult();
    }

    internal static string Describe(Exception e)
    {
        try
        {
            var at = e.StackTrace?.Split('\n').FirstOrDefault(l => l.Contains(" Solution.", StringComparison.Ordinal))?.Trim();
            var text = $"{e.GetType().Name}: {e.Message}{(at is null ? "" : $" ({at})")}";
            return text.Length > 1000 ? text[..1000] : text;
        }
        catch (Exception)
        {
            return e.GetType().Name;
        }
    }

    private sealed class OwnLibrary(IReadOnlyCollection<string> libraries) : AssemblyLoadContext
    {
        protected override Assembly? Load(AssemblyName name) => libraries.Contains(name.Name!, StringComparer.OrdinalIgnoreCase)
            ? LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, name.Name + ".dll"))
            : null;
    }
}
