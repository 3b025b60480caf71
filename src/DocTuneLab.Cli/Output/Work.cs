using Spectre.Console;

namespace DocTuneLab.Cli.Output;

/// <summary>Long work with a bar on the error stream where a person watches, and silently elsewhere.</summary>
internal static class Work
{
    public static T Show<T>(string title, bool quiet, Func<IProgress<(int Done, int Total)>?, T> work)
    {
        if (quiet || Console.IsErrorRedirected) return work(null);
        T result = default!;
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }).Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                var task = context.AddTask(title);
                result = work(new Steps(task));
            });
        return result;
    }

    private sealed class Steps(ProgressTask task) : IProgress<(int Done, int Total)>
    {
        public void Report((int Done, int Total) value)
        {
            task.MaxValue = Math.Max(1, value.Total);
            task.Value = value.Done;
        }
    }
}
