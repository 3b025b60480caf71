namespace DocTuneLab.Cli.Output;

/// <summary>What the process returns.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>The work was done as asked, and failed.</summary>
    public const int Failed = 1;

    /// <summary>What was asked for makes no sense: an unknown verb, option or parameter.</summary>
    public const int Usage = 2;

    /// <summary>A limit of time was reached.</summary>
    public const int TimedOut = 3;

    /// <summary>Ctrl-C, as shells count it.</summary>
    public const int Interrupted = 130;
}

/// <summary>A command line that parses but makes no sense; exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
