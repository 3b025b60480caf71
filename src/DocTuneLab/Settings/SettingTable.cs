using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace DocTuneLab.Settings;

/// <summary>The settings of an options record, in the order of its properties.</summary>
public abstract class SettingTable : IReadOnlyList<Setting>
{
    private readonly IReadOnlyList<Setting> _settings;

    private protected SettingTable(object defaults) =>
        _settings = [.. defaults.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Select(p => (Property: p, Attribute: p.GetCustomAttribute<SettingAttribute>()))
            .Where(p => p.Attribute is not null)
            .OrderBy(p => p.Property.MetadataToken)
            .Select(p => new Setting(p.Property, p.Attribute!, defaults))];

    /// <inheritdoc/>
    public int Count => _settings.Count;

    /// <inheritdoc/>
    public Setting this[int index] => _settings[index];

    /// <summary>The setting of a property.</summary>
    /// <exception cref="ArgumentException">The property is none.</exception>
    public Setting this[string property] =>
        _settings.FirstOrDefault(s => s.Property == property)
            ?? throw new ArgumentException($"'{property}' is no setting", nameof(property));

    /// <summary>The setting that a name stands for, or null.</summary>
    public Setting? Find(string name) => _settings.FirstOrDefault(s => s.IsCalled(name));

    /// <summary>Options with some settings changed.</summary>
    /// <param name="options">A record; it is not changed.</param>
    /// <param name="values">Settings of this table with their new values.</param>
    [SuppressMessage("Performance", "CA1822", Justification = "Called on a table, which says whose settings are changed.")]
    public object With(object options, IEnumerable<(Setting Setting, object? Value)> values)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(values);
        // What the compiler makes of 'with' for every record.
        var copy = options.GetType().GetMethod("<Clone>$")!.Invoke(options, null)!;
        foreach (var (setting, value) in values) setting.Set(copy, value);
        return copy;
    }

    /// <summary>Checks that every setting is in its range.</summary>
    /// <param name="options">A record of this table.</param>
    /// <param name="where">What the message begins with, such as a file.</param>
    /// <exception cref="LabException">One is not; the message names it.</exception>
    public void Validate(object options, string where = "")
    {
        foreach (var setting in _settings)
            if (setting.Fault(setting.Get(options)) is { } fault) throw new LabException(where + fault);
    }

    /// <inheritdoc/>
    public IEnumerator<Setting> GetEnumerator() => _settings.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>The settings of one kind of options.</summary>
public sealed class SettingTable<T> : SettingTable
    where T : class
{
    private SettingTable(T defaults) : base(defaults) => Defaults = defaults;

    /// <summary>The table; made when it is first used.</summary>
    [SuppressMessage("Design", "CA1000", Justification = "The one table of a type is named by the type.")]
    public static SettingTable<T> Instance { get; } = new(Create());

    /// <summary>Options where nothing is said.</summary>
    public T Defaults { get; }

    /// <summary>Options with some settings changed.</summary>
    public T With(T options, IEnumerable<(Setting Setting, object? Value)> values) => (T)base.With(options, values);

    // A record by name, or one by position of which every member has a default.
    private static T Create()
    {
        var constructor = typeof(T).GetConstructors()
            .OrderByDescending(c => c.GetParameters().Length)
            .First(c => c.GetParameters().All(p => p.HasDefaultValue));
        return (T)constructor.Invoke([.. constructor.GetParameters().Select(p => p.DefaultValue)]);
    }
}
