using System.CommandLine;
using DocTuneLab.Corpus.Hosted;
using DocTuneLab.Corpus.Structural;

namespace DocTuneLab.Extension.Arguments;

/// <summary>The options of a corpus, written without a model or by a hosted one: the same in the tool and in a cell.</summary>
public sealed class CorpusArguments
{
    private static readonly GeneralSamples s_general = new();

    private readonly SettingOptions _settings = new([.. CorpusOptions.Settings, .. GenerationOptions.Settings]);

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command) => _settings.AddTo(command);

    /// <summary>What is wanted without a model.</summary>
    public CorpusOptions Structural(ParseResult p) =>
        _settings.Apply(p, CorpusOptions.Settings, CorpusOptions.Settings.Defaults with { General = s_general });

    /// <summary>What is wanted of a hosted model.</summary>
    public GenerationOptions Written(ParseResult p) => _settings.Apply(p, GenerationOptions.Settings, GenerationOptions.Settings.Defaults);
}
