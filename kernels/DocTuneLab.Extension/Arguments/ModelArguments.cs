using System.CommandLine;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Extension.Arguments;

/// <summary>The options that name a local model and say how it is loaded: the same wherever one is.</summary>
public static class ModelArguments
{
    /// <summary><c>--base</c>, or <c>--model</c>.</summary>
    public static SettingOptions Base() => new([TrainingConfig.Settings[nameof(TrainingConfig.Base)]]);

    /// <summary>All that say how a model is loaded.</summary>
    public static SettingOptions Loading() => new(ModelLoadOptions.Settings);

    /// <summary>Which model was named; null where none is.</summary>
    public static string? BaseOf(this SettingOptions options, ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Apply(parsed, TrainingConfig.Settings, TrainingConfig.Settings.Defaults).Base;
    }

    /// <summary>How it is loaded.</summary>
    public static ModelLoadOptions LoadOf(this SettingOptions options, ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Apply(parsed, ModelLoadOptions.Settings, ModelLoadOptions.Settings.Defaults);
    }
}
