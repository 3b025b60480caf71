using System.CommandLine;

namespace DocTuneLab.Cli.Arguments;

/// <summary>Arguments that several verbs share, and what they must be.</summary>
internal static class LabArguments
{
    /// <summary>Documentation folders. A mistyped option would otherwise be taken for one.</summary>
    public static Argument<string[]> Sources(string description)
    {
        var sources = new Argument<string[]>("dir") { Description = description, Arity = ArgumentArity.OneOrMore };
        RefuseOptions(sources);
        return sources;
    }

    /// <summary>Refuses a value that looks like an option and is no file.</summary>
    public static void RefuseOptions(Argument argument) => argument.Validators.Add(result =>
    {
        if (MistypedOption.In(result) is { } option) result.AddError($"There is no option '{option}' here.");
    });

    /// <summary>The paths, all of which exist.</summary>
    public static string[] Existing(string[] assemblies) =>
        assemblies.FirstOrDefault(a => !File.Exists(a)) is { } missing
            ? throw new LabException($"{missing}: assembly not found. Build the library first, or correct the path.")
            : assemblies;
}
