using System.CommandLine;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Evaluation.Drafting;

namespace DocTuneLab.Extension.Arguments;

/// <summary>Options of drafting tasks, the same in a verb and in a magic.</summary>
public static class DraftingArguments
{
    /// <summary><c>--source</c>.</summary>
    public static Option<string[]> Source() => new("--source", "-s")
    {
        Description = "File or folder with the C# of unit tests (xunit, NUnit, MSTest): what they assert becomes "
            + "hidden tests. May be repeated.",
        HelpName = "PATH",
    };

    /// <summary><c>--limit</c>.</summary>
    public static Option<int> Limit() => new("--limit")
    {
        Description = "Programming tasks that are wanted, those that are there included.",
        HelpName = "N",
        DefaultValueFactory = _ => 100,
    };

    /// <summary><c>--csv</c>.</summary>
    public static Option<string?> Csv() => new("--csv")
    {
        Description = "Write the drafted tasks as a table for reviewers into this file.",
        HelpName = "FILE.csv",
    };

    /// <summary><c>--decisions</c>.</summary>
    public static Option<string?> Decisions() => new("--decisions")
    {
        Description = "Take the decisions in this table into the suite.",
        HelpName = "FILE.csv",
    };

    /// <summary><c>--origin</c>.</summary>
    public static Option<string[]> Origin()
    {
        var option = new Option<string[]>("--origin")
        {
            Description = "Where drafts come from: unit tests, examples of the documentation, tests that an endpoint writes, a search "
                + "over types. Default: all, in this order. May be repeated.",
            HelpName = string.Join('|', SuiteDrafting.Sources),
        };
        option.AcceptOnlyFromAmong([.. SuiteDrafting.Sources]);
        return option;
    }

    /// <summary>Who writes drafts and words them; null where no endpoint is given.</summary>
    /// <exception cref="LabException">Several are given: the words of one suite are of one model.</exception>
    public static EndpointOptions? Writer(IReadOnlyList<EndpointOptions>? endpoints) => endpoints switch
    {
        null => null,
        [var one] => one,
        _ => throw new LabException($"{endpoints.Count} endpoints are given: expected one, so that all tasks are in the words of one "
            + "model."),
    };

    /// <summary><c>--allow-without-isolation</c>.</summary>
    public static Option<bool> WithoutIsolation() =>
        new("--allow-without-isolation") { Description = "Runs it even where neither bubblewrap nor namespaces isolate it." };
}
