// Compiled into the child program, not into this assembly: loads an answer, runs its hidden tests, reports under a secret.
#nullable enable
using System;
using System.IO;
using System.Linq;
using System.Runtime.Loader;
using System.Text;
using System.Threading.Tasks;

namespace DocTuneLab.Sandbox;

internal static class Runner
{
    private static int Main(string[] args)
    {
        // The secret comes through stdin, which is then at its end: neither arguments nor environment nor a field holds it.
        string secret;
        using (var input = Console.OpenStandardInput())
        using (var reader = new StreamReader(input, Encoding.ASCII)) secret = reader.ReadToEnd();

        string status, message = "";
        try
        {
            var assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(args[0]);
            var run = assembly.GetType("HiddenTests")!.GetMethod("Run")!.CreateDelegate<Func<Task>>();
            run().GetAwaiter().GetResult();
            status = Check.FirstFailure is not null ? "WrongAnswer" : Check.Passed == 0 ? "HarnessError" : "Pass";
            message = Check.FirstFailure ?? (Check.Passed == 0 ? "the hidden tests checked nothing" : "");
        }
        catch (Exception e)
        {
            var cause = e;
            while (cause is AggregateException or TypeInitializationException && cause.InnerException is { } inner) cause = inner;
            status = Check.FirstFailure is not null || cause is CheckFailedException ? "WrongAnswer"
                : cause is OutOfMemoryException ? "OutOfMemory" : "Exception";
            message = Check.FirstFailure ?? Describe(cause);
        }
        File.WriteAllText(args[1], $"{secret}\n{status}\n{Check.Step}\n{Check.Passed}\n{message}", new UTF8Encoding(false));
        // Threads that the answer left running must not keep the process alive.
        Environment.Exit(0);
        return 0;
    }

    private static string Describe(Exception e)
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
}
