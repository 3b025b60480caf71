using System.CommandLine;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Extension.Arguments;

/// <summary>The options of a command that trains: the same in the tool and in a cell.</summary>
/// <param name="except">Properties whose settings come from elsewhere.</param>
public sealed class TrainingArguments(params string[] except)
{
    private readonly SettingOptions _settings = new(TrainingConfig.Tables.SelectMany(t => t).Where(s => !except.Contains(s.Property)));

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command) => _settings.AddTo(command);

    /// <summary>Whether a setting was given.</summary>
    public bool IsGiven(ParseResult p, string property) => _settings.Given(p).Any(g => g.Setting.Property == property);

    /// <summary>A configuration with what was given.</summary>
    /// <exception cref="LabException">A value is out of range.</exception>
    public TrainingConfig Apply(ParseResult p, TrainingConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.With(_settings.Given(p));
    }
}
