using System.CommandLine;

namespace DocTuneLab.Cli.Arguments;

/// <summary>Options that several verbs share, so that they mean the same everywhere.</summary>
internal static class LabOptions
{
    public static Option<string> Lab() =>
        new("--lab") { Description = "The lab's folder.", DefaultValueFactory = _ => Path.Combine("artifacts", "lab"), HelpName = "L" };

    public static Option<string[]> Assemblies() => new("--assembly", "-a")
    {
        Description = "Assembly of the library; its XML documentation lies beside it. May be repeated.",
        HelpName = "DLL"
    };

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

    public static Option<bool> Json() => new("--json") { Description = "Print the result as JSON." };

    /// <summary>The paths, all of which exist.</summary>
    public static string[] Existing(string[] assemblies) =>
        assemblies.FirstOrDefault(a => !File.Exists(a)) is { } missing
            ? throw new LabException($"{missing}: assembly not found. Build the library first, or correct the path.")
            : assemblies;
}
