using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja;

/// <summary>What a value is given to: a name, a field of a namespace, or several of them at once.</summary>
internal sealed class Target
{
    private readonly string _name = "";
    private readonly string? _field;
    private readonly List<Target>? _parts;

    private Target(string name, string? field) => (_name, _field) = (name, field);

    private Target(List<Target> parts) => _parts = parts;

    /// <summary>Reads names with commas between, parentheses included.</summary>
    /// <param name="reader">Where it stands.</param>
    /// <param name="fields">Whether fields of namespaces may be given to.</param>
    public static Target Read(JinjaReader reader, bool fields)
    {
        var first = One(reader, fields);
        if (!reader.Current.Is(",")) return first;
        var parts = new List<Target> { first };
        while (reader.TryTake(",") && !reader.Current.Is("in") && !reader.Current.Is(")"))
            parts.Add(One(reader, fields));
        return new Target(parts);
    }

    /// <summary>Whether a name is among them.</summary>
    public bool Has(string name) => _parts?.Exists(p => p.Has(name)) ?? _name == name;

    public void Bind(Scope scope, object? value)
    {
        if (_parts is null)
        {
            if (_field is null) scope[_name] = value;
            else if (scope[_name] is Namespace space) space.Fields[_field] = value;
            else throw Refusal.Of($"'{_name}' is no namespace, so '{_field}' of it cannot be set");
            return;
        }
        var values = Kinds.Items(value).Take(_parts.Count + 1).ToList();
        if (values.Count != _parts.Count) throw Refusal.Of($"{_parts.Count} names are given another number of values");
        foreach (var (part, item) in _parts.Zip(values)) part.Bind(scope, item);
    }

    private static Target One(JinjaReader reader, bool fields)
    {
        if (reader.TryTake("("))
        {
            reader.Enter("names are nested too deeply");
            var inner = Read(reader, fields: false);
            reader.Leave();
            reader.ExpectText(")");
            return inner;
        }
        if (reader.Current.Kind != TokenKind.Name || reader.Current.Text is "true" or "True" or "false" or "False" or "none" or "None")
            throw reader.Error($"a name is expected, not '{reader.Current.Text}'");
        var name = reader.Take().Text;
        return new Target(name, fields && reader.TryTake(".") ? reader.Take().Text : null);
    }
}
