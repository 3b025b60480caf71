using System.CommandLine;
using DocTuneLab.Corpus.Hosted;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Settings;

namespace DocTuneLab.Extension.Arguments;

/// <summary>The options of a corpus, written without a model or by a hosted one: the same in the tool and in a cell.</summary>
/// <param name="except">Properties whose settings come from elsewhere.</param>
public sealed class CorpusArguments(params string[] except)
{
    private static readonly GeneralSamples s_general = new();

    private readonly SettingOptions _settings = new(
        ((IEnumerable<Setting>)[.. CorpusOptions.Settings, .. GenerationOptions.Settings, .. WordingOptions.Settings])
            .Where(s => !except.Contains(s.Property)));

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command) => _settings.AddTo(command);

    /// <summary>What is wanted without a model.</summary>
    public CorpusOptions Structural(ParseResult p) =>
        _settings.Apply(p, CorpusOptions.Settings, CorpusOptions.Settings.Defaults with { General = s_general });

    /// <summary>In which wordings.</summary>
    public WordingOptions Wordings(ParseResult p) => _settings.Apply(p, WordingOptions.Settings, WordingOptions.Settings.Defaults);

    /// <summary>What is wanted of a hosted model.</summary>
    public GenerationOptions Written(ParseResult p) => _settings.Apply(p, GenerationOptions.Settings, GenerationOptions.Settings.Defaults);
}
