namespace DocTuneLab.Settings;

/// <summary>
/// Makes a property of an options record a setting: one declaration of its names, range and words, from which command lines, cells, files,
/// validation, help and the reference page are made. Its default is what the property is initialised with.
/// </summary>
/// <param name="words">What it does, in one sentence.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingAttribute(string words) : Attribute
{
    /// <summary>What it does, in one sentence.</summary>
    public string Words { get; } = words;

    /// <summary>Name on a command line, without dashes. Default: the property's name in kebab case.</summary>
    public string? Option { get; init; }

    /// <summary>Name in a file. Default: the property's name in snake case, which is taken on a command line too, with dashes.</summary>
    public string? Field { get; init; }

    /// <summary>Further names on a command line, without dashes.</summary>
    public string[] Aliases { get; init; } = [];

    /// <summary>One letter for a command line, such as o for <c>-o</c>. Default none.</summary>
    public string? Letter { get; init; }

    /// <summary>Whether it is given in files alone, never on a command line. Default false.</summary>
    public bool InFilesOnly { get; init; }

    /// <summary>The value that the option sets by its name alone, such as that of <c>--ollama</c>; it then takes none on a command line,
    /// and its name is no field of a file. Default none.</summary>
    public string? SwitchTo { get; init; }

    /// <summary>What help says of an option with <see cref="SwitchTo"/>, in one sentence. Default <see cref="Words"/>.</summary>
    public string? OptionWords { get; init; }

    /// <summary>Whether a value of a list may hold commas; otherwise they separate values. Default false.</summary>
    public bool MayHoldCommas { get; init; }

    /// <summary>What stands for the value in help. Default: N for numbers, the values of a closed set.</summary>
    public string? Placeholder { get; init; }

    /// <summary>Smallest number. Default none.</summary>
    public double Min { get; init; } = double.NegativeInfinity;

    /// <summary>Largest number. Default none.</summary>
    public double Max { get; init; } = double.PositiveInfinity;

    /// <summary>The number is above this. Default none.</summary>
    public double Above { get; init; } = double.NegativeInfinity;

    /// <summary>The number is below this. Default none.</summary>
    public double Below { get; init; } = double.PositiveInfinity;

    /// <summary>Values of a closed set that is not an enumeration. Default none.</summary>
    public string[] Allowed { get; init; } = [];

    /// <summary>Type that tells the values, where programs can add to them: an <see cref="ISettingNames"/> without arguments.
    /// Default none.</summary>
    public Type? AllowedBy { get; init; }

    /// <summary>Regular expression of the whole text; <see cref="Expected"/> says it in words.</summary>
    public string? Pattern { get; init; }

    /// <summary>What is expected, in words. Default: made from type, range and set.</summary>
    public string? Expected { get; init; }

    /// <summary>How the absence of a value is written, and what help says for it. Default none.</summary>
    public string Nothing { get; init; } = "none";

    /// <summary>What a number of a time span counts. Default minutes.</summary>
    public TimeUnit Unit { get; init; } = TimeUnit.Minutes;
}

/// <summary>What a number that stands for a time span counts.</summary>
public enum TimeUnit
{
    /// <summary>Minutes.</summary>
    Minutes,

    /// <summary>Seconds.</summary>
    Seconds,
}
