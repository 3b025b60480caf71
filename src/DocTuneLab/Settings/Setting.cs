using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DocTuneLab.Settings;

/// <summary>One setting of an options record: names, default, range, words, and the way from text to value and back.</summary>
public sealed class Setting
{
    private readonly PropertyInfo _property;
    private readonly SettingAttribute _attribute;
    private readonly ISettingNames? _names;

    internal Setting(PropertyInfo property, SettingAttribute attribute, object defaults)
    {
        (_property, _attribute) = (property, attribute);
        if (attribute.AllowedBy is { } names) _names = (ISettingNames)Activator.CreateInstance(names)!;
        var type = property.PropertyType;
        IsList = type != typeof(string) && type.IsAssignableTo(typeof(IEnumerable));
        IsOptional = Nullable.GetUnderlyingType(type) is not null
            || (type == typeof(string) && new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable);
        Type = IsList ? type.GetGenericArguments()[0] : Nullable.GetUnderlyingType(type) ?? type;
        Field = attribute.Field ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
        var option = attribute.Option ?? JsonNamingPolicy.KebabCaseLower.ConvertName(property.Name);
        Option = "--" + option;
        // A field that was named for a file of its own is none here: another record's option may be called so.
        Aliases = [.. attribute.Aliases.Concat(attribute.Field is null && attribute.SwitchTo is null ? [Field.Replace('_', '-')] : [])
            .Where(a => a != option)
            .Distinct(StringComparer.Ordinal)
            .Select(a => "--" + a)
            .Concat(attribute.Letter is { } letter ? ["-" + letter] : [])];
        Default = property.GetValue(defaults);
    }

    /// <summary>Name of the property.</summary>
    public string Property => _property.Name;

    /// <summary>Name on a command line, with dashes.</summary>
    public string Option { get; }

    /// <summary>Further names on a command line, with dashes.</summary>
    public IReadOnlyList<string> Aliases { get; }

    /// <summary>Name in a file.</summary>
    public string Field { get; }

    /// <summary>What it does.</summary>
    public string Words => _attribute.Words;

    /// <summary>What its option does.</summary>
    public string OptionWords => _attribute.OptionWords ?? Words;

    /// <summary>Whether a value of a list may hold commas, which then separate nothing.</summary>
    public bool MayHoldCommas => _attribute.MayHoldCommas;

    /// <summary>Type of the value, or of each value of a list.</summary>
    public Type Type { get; }

    /// <summary>Whether it is a list.</summary>
    public bool IsList { get; }

    /// <summary>Whether it may have no value.</summary>
    public bool IsOptional { get; }

    /// <summary>Whether it is given in files alone, never on a command line.</summary>
    public bool IsInFilesOnly => _attribute.InFilesOnly;

    /// <summary>Whether the option's name alone sets it.</summary>
    public bool IsFlag => IsSwitch || IsTruth;

    /// <summary>What the option's name alone sets, as text; null where the option takes a value.</summary>
    public string? SwitchTo => _attribute.SwitchTo ?? (IsTruth ? "true" : null);

    /// <summary>Whether the option sets one value of several, and has another name than the field.</summary>
    public bool IsSwitch => _attribute.SwitchTo is not null;

    /// <summary>Value of an options record where nothing is said.</summary>
    public object? Default { get; }

    /// <summary>Values of a closed set; empty where the set is open.</summary>
    public IReadOnlyList<string> Allowed => Type.IsEnum ? SettingNames.Of(Type) : _names?.Names ?? _attribute.Allowed;

    /// <summary>What stands for the value in help; null for a flag.</summary>
    public string? Placeholder => IsFlag
        ? null
        : _attribute.Placeholder ?? (Allowed.Count > 0 ? string.Join('|', Allowed) : IsNumber || Type == typeof(TimeSpan) ? "N" : "TEXT");

    /// <summary>What is expected, in words, such as <c>a whole number from 1 to 1024</c>.</summary>
    public string Expected => _attribute.Expected ?? (Allowed.Count > 0
        ? SettingNames.List(IsOptional && _attribute.Nothing != "none" ? [.. Allowed, _attribute.Nothing] : Allowed)
        : IsTruth ? "true or false"
        : IsNumber ? (IsWhole ? "a whole number" : "a number") + Range
        : Type == typeof(TimeSpan) ? $"a number of {(_attribute.Unit == TimeUnit.Minutes ? "minutes" : "seconds")}{Range}"
        : Type == typeof(Uri) ? "an http or https address such as http://127.0.0.1:8080/v1"
        : "a text");

    /// <summary>The default as text.</summary>
    public string DefaultText => Text(Default);

    private bool IsTruth => Type == typeof(bool) && !IsList;

    private bool IsWhole => Type == typeof(int) || Type == typeof(long);

    private bool IsNumber => IsWhole || Type == typeof(double);

    private string Range
    {
        get
        {
            var a = _attribute;
            string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
            if (double.IsFinite(a.Min) && double.IsFinite(a.Max)) return $" from {Number(a.Min)} to {Number(a.Max)}";
            var low = double.IsFinite(a.Min)
                ? $" of at least {Number(a.Min)}" : double.IsFinite(a.Above) ? $" above {Number(a.Above)}" : "";
            var high = double.IsFinite(a.Max)
                ? $" of at most {Number(a.Max)}" : double.IsFinite(a.Below) ? $" below {Number(a.Below)}" : "";
            return low.Length > 0 && high.Length > 0 ? $"{low} and{high}" : low + high;
        }
    }

    /// <summary>The value in an options record.</summary>
    public object? Get(object options) => _property.GetValue(options);

    internal void Set(object options, object? value) =>
        _property.SetValue(options, value, BindingFlags.DoNotWrapExceptions, null, null, null);

    /// <summary>Whether a name is one of this setting's: with or without dashes, in any case.</summary>
    public bool IsCalled(string name)
    {
        var plain = Plain(name);
        return Plain(Field) == plain || (!IsSwitch && Plain(Option) == plain) || Aliases.Any(a => Plain(a) == plain);
    }

    /// <summary>The value that a text stands for. Values of a list are separated by commas.</summary>
    /// <param name="text">What is written.</param>
    /// <param name="name">The name under which it was given, for the message.</param>
    /// <exception cref="LabException">It stands for none; the message says what is expected.</exception>
    public object? Parse(string text, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (IsList) return List([text], name);
        if (IsOptional && (text.Length == 0 || text == _attribute.Nothing)) return null;
        return One(text, name ?? Field);
    }

    /// <summary>The list that several texts stand for.</summary>
    /// <param name="texts">Its values, separated by commas or one by one.</param>
    /// <param name="name">The name under which they were given, for the message.</param>
    /// <exception cref="LabException">One of them stands for no value.</exception>
    public object List(IReadOnlyList<string> texts, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(texts);
        if (!_attribute.MayHoldCommas)
            texts = [.. texts.SelectMany(t => t.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        else if (texts is [""]) texts = [];
        var list = Array.CreateInstance(Type, texts.Count);
        for (var i = 0; i < texts.Count; i++) list.SetValue(One(texts[i], name ?? Field), i);
        return list;
    }

    /// <summary>A value as <see cref="Parse"/> reads it.</summary>
    public string Text(object? value) => value switch
    {
        null => _attribute.Nothing,
        string text => text,
        bool flag => flag ? "true" : "false",
        Enum one => SettingNames.Of(one),
        TimeSpan time =>
            (_attribute.Unit == TimeUnit.Minutes ? time.TotalMinutes : time.TotalSeconds).ToString(CultureInfo.InvariantCulture),
        IEnumerable list => string.Join(',', list.Cast<object?>().Select(Text)),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <summary>Why a value is not allowed, or null.</summary>
    /// <param name="value">A value of the property's type.</param>
    /// <param name="name">The name under which it was given.</param>
    public string? Fault(object? value, string? name = null)
    {
        if (value is null ? IsOptional : IsList || Holds(value)) return null;
        return $"{name ?? Field} is {(value is string text ? $"'{text}'" : Text(value))}; expected {Expected}";
    }

    private object One(string text, string name)
    {
        object? value = null;
        if (Type == typeof(string)) value = _names is null ? text : Spelled(text);
        else if (Type == typeof(bool)) value = bool.TryParse(text, out var flag) ? flag : null;
        else if (Type == typeof(int))
            value = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole : null;
        else if (Type == typeof(long))
            value = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var large) ? large : null;
        else if (Type == typeof(double))
            value = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
                ? number
                : null;
        else if (Type == typeof(TimeSpan)) value = Time(text);
        else if (Type == typeof(Uri)) value = Uri.TryCreate(text, UriKind.Absolute, out var address) ? address : null;
        else if (Type.IsEnum) value = SettingNames.Parse(Type, text);
        if (value is null || !Holds(value)) throw new LabException($"{name} is '{text}'; expected {Expected}");
        return value;
    }

    private string Spelled(string text) => Allowed.FirstOrDefault(a => a.Equals(text, StringComparison.OrdinalIgnoreCase)) ?? text;

    private TimeSpan? Time(string text)
    {
        if (text.Contains(':', StringComparison.Ordinal))
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) ? span : null;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !(Math.Abs(number) < 1e9))
            return null;
        return _attribute.Unit == TimeUnit.Minutes ? TimeSpan.FromMinutes(number) : TimeSpan.FromSeconds(number);
    }

    private bool Holds(object value)
    {
        double? number = value switch
        {
            int whole => whole,
            long large => large,
            double real => real,
            TimeSpan time => _attribute.Unit == TimeUnit.Minutes ? time.TotalMinutes : time.TotalSeconds,
            _ => null,
        };
        // Written so that NaN is in no range.
        if (number is { } n)
            return n >= _attribute.Min && n <= _attribute.Max && (n > _attribute.Above || double.IsNegativeInfinity(_attribute.Above))
                && (n < _attribute.Below || double.IsPositiveInfinity(_attribute.Below));
        if (value is Enum one) return Enum.IsDefined(Type, one);
        if (value is Uri address) return address.Scheme is "http" or "https";
        return value is not string text
            || ((Allowed.Count == 0 || _names is { IsOpen: true } || Allowed.Contains(text, StringComparer.Ordinal))
                && (_attribute.Pattern is null || Regex.IsMatch(text, $"^(?:{_attribute.Pattern})$", RegexOptions.CultureInvariant)));
    }

    private static string Plain(string name) =>
        name.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
}
