using System.CommandLine;
using DocTuneLab.Corpus.Structural;

namespace DocTuneLab.Extension;

/// <summary>The options of a corpus that is written without a model: the same in the tool and in a cell.</summary>
public sealed class CorpusArguments(int defaultCount)
{
    private static readonly GeneralSamples s_general = new();
    private readonly Option<int> _count = new("--count") { Description = "Accepted samples wanted.", DefaultValueFactory = _ => defaultCount };
    private readonly Option<string[]> _usages = new("--usages") { Description = "Files or folders of C# that uses the library (its tests, samples, applications), to be mined for usages.", HelpName = "PATH", AllowMultipleArgumentsPerToken = true };
    private readonly Option<double> _replay = new("--replay-share") { Description = "Share of samples about .NET itself, so that tuning forgets less.", DefaultValueFactory = _ => new CorpusOptions().ReplayShare };
    private readonly Option<double> _retrieved = new("--retrieved-share") { Description = "Share of samples that show retrieved passages, distractors among them.", DefaultValueFactory = _ => new CorpusOptions().RetrievedShare };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_count, _usages, _replay, _retrieved]) command.Options.Add(option);
    }

    /// <summary>Accepted samples wanted.</summary>
    public int Count(ParseResult p) => p.GetValue(_count);

    /// <summary>The options given.</summary>
    public CorpusOptions Of(ParseResult p) => new() { Count = p.GetValue(_count), Usages = p.GetValue(_usages) ?? [], General = s_general, ReplayShare = p.GetValue(_replay), RetrievedShare = p.GetValue(_retrieved) };
}
