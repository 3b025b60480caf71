using System.CommandLine.Parsing;

namespace DocTuneLab.Cli.Arguments;

/// <summary>Finds options with a typing error, which the parser takes for arguments.</summary>
internal static class MistypedOption
{
    /// <summary>
    /// The first value of an argument that looks like an option and is no file;
    /// null where there is none, or where <c>--</c> ended the options.
    /// </summary>
    public static string? In(ArgumentResult argument) =>
        argument.Tokens.Select(t => t.Value).FirstOrDefault(v => v.Length > 1 && v[0] == '-' && !System.IO.Path.Exists(v));
}
