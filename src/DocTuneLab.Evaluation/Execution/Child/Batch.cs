// Compiled into the child program, not into this assembly: runs many small programs, one after the other.
#nullable enable
using System;
using System.Collections;
using System.IO;
using System.Reflection;
using System.Runtime.Loader;
using System.Threading;

namespace DocTuneLab.Sandbox;

/// <summary>
/// Programs of one assembly. Each has a thread of its own and a limit in processor time, not by the clock, so that a busy machine changes
/// nothing. One that waits while nothing in the process runs, waits for what never comes: it is left where it is.
/// </summary>
internal static class Batch
{
    private const int Tick = 10, StackBytes = 1 << 20, MostItems = 1000;
    // What the parent reads in the step of a program that gave no value.
    private const int Null = 1, Unmade = 2;

    public static void Run(TraceFile trace, byte[] bytes, AssemblyLoadContext context)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        var processor = TimeSpan.FromMilliseconds(reader.ReadInt32());
        var quietTicks = reader.ReadInt32();
        var wanted = new int[reader.ReadInt32()];
        for (var i = 0; i < wanted.Length; i++) wanted[i] = reader.ReadInt32();
        var assembly = context.LoadFromStream(new MemoryStream(reader.ReadBytes(reader.ReadInt32())));
        var all = assembly.GetType($"{typeof(Batch).Namespace}.Programs")!.GetMethod("All")!
            .CreateDelegate<Func<Func<object?>[][]>>()();
        for (var i = 0; i < wanted.Length; i++)
        {
            trace.Begin(i);
            if (!Run(trace, all[wanted[i]], processor, quietTicks)) return;
        }
    }

    /// <summary>Runs a program with one list of arguments after the other until one gives a value.</summary>
    /// <returns>False where it still takes the processor, so that what follows needs another process.</returns>
    private static bool Run(TraceFile trace, Func<object?>[] calls, TimeSpan processor, int quietTicks)
    {
        string? fault = null;
        var called = false;
        foreach (var call in calls)
        {
            var attempt = new Attempt(call);
            switch (attempt.Await(processor, quietTicks))
            {
                case AttemptEnd.Busy:
                    trace.Plain(RecordKind.Late);
                    return false;
                case AttemptEnd.Waiting:
                    trace.Plain(RecordKind.Late);
                    return true;
                case AttemptEnd.Value:
                    trace.End();
                    return true;
                case AttemptEnd.Threw: fault ??= attempt.Fault; break;
                case AttemptEnd.Nothing: called = true; break;
            }
        }
        if (fault is not null) trace.Fault(fault);
        else
        {
            trace.At(called ? Null : Unmade);
            trace.End();
        }
        return true;
    }

    private enum AttemptEnd { Value, Nothing, Unmade, Threw, Busy, Waiting }

    private sealed class Attempt(Func<object?> call)
    {
        private readonly ManualResetEventSlim _done = new();
        private bool _hasValue, _isUnmade;

        public string? Fault { get; private set; }

        public AttemptEnd Await(TimeSpan processor, int quietTicks)
        {
            var start = Environment.CpuUsage.TotalTime;
            var thread = new Thread(Go, StackBytes) { IsBackground = true };
            thread.Start();
            var (last, quiet) = (start, 0);
            while (!_done.Wait(Tick))
            {
                var now = Environment.CpuUsage.TotalTime;
                if (now - start > processor) return AttemptEnd.Busy;
                // A tick of this loop itself costs some microseconds. A thread that only was not given the processor waits for nothing.
                quiet = now - last < TimeSpan.FromMilliseconds(1) && (thread.ThreadState & ThreadState.WaitSleepJoin) != 0 ? quiet + 1 : 0;
                if (quiet >= quietTicks) return AttemptEnd.Waiting;
                last = now;
            }
            return Fault is not null ? AttemptEnd.Threw : _isUnmade ? AttemptEnd.Unmade
                : _hasValue ? AttemptEnd.Value : AttemptEnd.Nothing;
        }

        private void Go()
        {
            try
            {
                var value = call();
                // What is computed only when it is read is read; an endless sequence for a while.
                if (value is IEnumerable items and not string)
                {
                    var count = 0;
                    foreach (var _ in items)
                        if (++count >= MostItems) break;
                }
                // The call says so where its arguments could not be made.
                _isUnmade = value as Type == typeof(ArgumentException);
                _hasValue = value is not null;
            }
            catch (Exception e)
            {
                while (e is AggregateException or TypeInitializationException && e.InnerException is { } inner) e = inner;
                Fault = Runner.Describe(e);
            }
            _done.Set();
        }
    }
}
