namespace DocTuneLab.Cli;

/// <summary>The <c>doctune</c> command.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args) => CommandLine.RunAsync(args);
}
