using System.CommandLine;
using DocTuneLab.Corpus.Hosted;
using DocTuneLab.Corpus.Kinds;
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
    /// <param name="p">What was parsed.</param>
    /// <param name="endpoints">The options of endpoints, none of which has an address.</param>
    /// <exception cref="LabException">Something is given that only a hosted model can follow.</exception>
    public CorpusOptions Structural(ParseResult p, EndpointArguments endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        string[] needless =
        [
            .. _settings.Given(p).GroupBy(g => g.Setting.Option).Where(o => o.All(g => GenerationOptions.Settings.Contains(g.Setting)))
                .Select(o => o.Key),
            .. endpoints.Names(p)
        ];
        if (needless.Length > 0)
            throw new LabException($"{string.Join(", ", needless)}: only for a hosted model, and none is given. Give --endpoint URL, or "
                + "leave it out: without a model samples are written from signatures and pages, and cost nothing.");
        return _settings.Apply(p, CorpusOptions.Settings, CorpusOptions.Settings.Defaults with { General = s_general });
    }

    /// <summary>In which wordings.</summary>
    public WordingOptions Wordings(ParseResult p) => _settings.Apply(p, WordingOptions.Settings, WordingOptions.Settings.Defaults);

    /// <summary>What is wanted of a hosted model.</summary>
    /// <param name="p">What was parsed.</param>
    /// <param name="kinds">Definitions of the kinds that can be named; default those that ship.</param>
    /// <exception cref="LabException">A kind is named that there is not.</exception>
    public GenerationOptions Written(ParseResult p, IReadOnlyList<SampleKindDefinition>? kinds = null) =>
        _settings.Apply(p, GenerationOptions.Settings, GenerationOptions.Settings.Defaults with { Kinds = kinds ?? SampleKinds.BuiltIn });
}
