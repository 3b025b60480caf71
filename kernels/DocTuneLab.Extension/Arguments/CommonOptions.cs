using System.CommandLine;
using DocTuneLab.Corpus.Formats;
using DocTuneLab.Corpus.Review;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Settings;

namespace DocTuneLab.Extension.Arguments;

/// <summary>
/// Options that are no settings of a stage, such as where input and output lie: declared here once, so that they have the same words and
/// the same default in every verb and every magic that has them.
/// </summary>
public static class CommonOptions
{
    /// <summary><c>--lab</c>.</summary>
    /// <param name="aliases">Further names.</param>
    public static Option<string> Lab(params string[] aliases) => new("--lab", aliases)
    {
        Description = "The lab's folder.",
        HelpName = "L",
        DefaultValueFactory = _ => Storage.Lab.DefaultFolder
    };

    /// <summary><c>--json</c>.</summary>
    public static Option<bool> Json() => new("--json") { Description = "Print the result as JSON." };

    /// <summary><c>--dry-run</c>.</summary>
    public static Option<bool> DryRun() =>
        new("--dry-run") { Description = "Estimate what it would take (memory, steps; requests, tokens, cost), and stop there." };

    /// <summary><c>--assembly</c>.</summary>
    public static Option<string[]> Assembly() => new("--assembly", "-a")
    {
        Description = "Assembly of the library; its XML documentation lies beside it. May be repeated.",
        HelpName = "DLL"
    };

    /// <summary><c>--reference</c>.</summary>
    public static Option<string[]> Reference() => new("--reference", "-r")
    {
        Description = "Assembly that the library needs and that is not the library, where it is found neither beside it, nor by its "
            + ".deps.json or its name in the NuGet cache. May be repeated.",
        HelpName = "DLL"
    };

    /// <summary><c>--source</c>, of a lab.</summary>
    public static Option<string[]> Source() => new("--source")
    {
        Description = SettingOptions.Describe(CorpusOptions.Settings[nameof(CorpusOptions.Sources)]),
        HelpName = "PATH"
    };

    /// <summary><c>--signature</c>.</summary>
    public static Option<string?> Signature() => new("--signature")
    {
        Description = "Header of the method whose body is asked for, such as 'public static int Count(Tank tank)'. Without one, guided "
            + "code is guided as a file, by its names and members alone.",
        HelpName = "TEXT"
    };

    /// <summary><c>--docs</c>.</summary>
    public static Option<string?> Docs() =>
        new("--docs") { Description = "Documentation: a folder, a page or a package.", HelpName = "DIR" };

    /// <summary><c>--suite</c>.</summary>
    public static Option<string?> Suite() =>
        new("--suite") { Description = "Held-out tasks: a folder of .jsonl files, or one file.", HelpName = "DIR|FILE" };

    /// <summary><c>--adapter</c>.</summary>
    public static Option<string?> Adapter() => new("--adapter") { Description = "Adapter in PEFT layout.", HelpName = "DIR" };

    /// <summary><c>--out</c>.</summary>
    public static Option<string?> Out() =>
        new("--out", "-o") { Description = "Where the result is written.", HelpName = "PATH" };

    /// <summary><c>--show</c>.</summary>
    public static Option<int> Show() =>
        new("--show") { Description = "How many are shown.", HelpName = "N", DefaultValueFactory = _ => 20 };

    /// <summary><c>--kind</c>.</summary>
    /// <param name="placeholder">What stands for the value in help.</param>
    public static Option<T> Kind<T>(string placeholder) =>
        new("--kind") { Description = "Only those of this kind.", HelpName = placeholder };

    /// <summary><c>--status</c>; <see cref="Chosen{T}"/> reads it.</summary>
    public static Option<string> Status() => Choice<SampleStanding>("--status", "Only samples that stand so.");

    /// <summary><c>--reviewer</c>.</summary>
    public static Option<string> Reviewer() => new("--reviewer") { Description = "Who decides.", HelpName = "NAME", Required = true };

    /// <summary><c>--votes</c>.</summary>
    public static Option<string?> Votes() =>
        new("--votes") { Description = "File of votes that the form saved: adds them to the report.", HelpName = "FILE.json" };

    /// <summary><c>--format</c> of samples; <see cref="Chosen{T}"/> reads it.</summary>
    public static Option<string> SampleFormat() => Choice("--format", "What samples are written as.", CorpusFormat.OpenAI);

    /// <summary>An option of which the value is a member of an enumeration, by its name in settings;
    /// <see cref="Chosen{T}"/> reads it.</summary>
    /// <param name="name">With dashes.</param>
    /// <param name="words">What it does.</param>
    /// <param name="initial">Where nothing is said.</param>
    public static Option<string> Choice<T>(string name, string words, T initial)
        where T : struct, Enum
    {
        var option = Choice<T>(name, words);
        option.DefaultValueFactory = _ => SettingNames.Of(initial);
        return option;
    }

    /// <summary>The same without a default.</summary>
    /// <param name="name">With dashes.</param>
    /// <param name="words">What it does.</param>
    public static Option<string> Choice<T>(string name, string words)
        where T : struct, Enum
    {
        var allowed = SettingNames.Of(typeof(T));
        var option = new Option<string>(name) { Description = words, HelpName = string.Join('|', allowed) };
        option.AcceptOnlyFromAmong([.. allowed]);
        return option;
    }

    /// <summary>The member that was chosen; null where none was, and none is the default.</summary>
    public static T? Chosen<T>(this ParseResult parsed, Option<string> option)
        where T : struct, Enum
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return parsed.GetValue(option) is { } name ? (T?)(object?)SettingNames.Parse(typeof(T), name) : null;
    }
}
