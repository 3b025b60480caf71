using System.Globalization;
using System.Numerics;
using DocTuneLab.Conversations.Jinja.Library;
using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja;

/// <summary>Reads what operators stand between: names, literals, members, calls, filters and tests.</summary>
internal sealed class Operands(JinjaReader reader, Expressions expressions)
{
    private readonly List<HashSet<string>> _listeners = [];
    private CallSite? _lastCall;

    /// <summary>A name, literal or expression in parentheses, with members, indices and calls after it.</summary>
    public JinjaExpression Read() => Postfix(Primary());

    /// <summary>Runs <paramref name="read"/>; the names that are read within.</summary>
    public HashSet<string> NamesWithin(Action read)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        _listeners.Add(names);
        read();
        _listeners.Remove(names);
        return names;
    }

    /// <summary>A call, which <paramref name="caller"/> is then given to: what <c>{% call %}</c> takes.</summary>
    public JinjaExpression CallWith(Func<Scope, object?> caller)
    {
        _lastCall = null;
        var value = Read();
        if (_lastCall is not { } site || !ReferenceEquals(site.Expression, value)) throw reader.Error("'call' needs a call");
        site.Caller = caller;
        return value;
    }

    /// <summary>Filters and tests after a value, if any.</summary>
    public JinjaExpression Filtered(JinjaExpression value)
    {
        while (true)
        {
            if (reader.Current.Is("|")) value = Filters(value);
            else if (reader.TryTake("is")) value = Test(value);
            else return value;
        }
    }

    /// <summary>Filters with <c>|</c> before each; the first may have been announced otherwise.</summary>
    public JinjaExpression Filters(JinjaExpression value, bool first = false)
    {
        while (first || reader.TryTake("|"))
        {
            first = false;
            var (name, inner) = (Name(), value);
            if (!FilterTable.Has(name)) throw reader.Error($"the filter '{name}' is not supported");
            var call = reader.Current.Is("(") ? Arguments() : _ => CallArguments.Of();
            value = scope => FilterTable.Apply(name, inner(scope), call(scope));
        }
        return value;
    }

    private JinjaExpression Test(JinjaExpression value)
    {
        var (not, name) = (reader.TryTake("not"), Name());
        if (!TestTable.Has(name)) throw reader.Error($"the test '{name}' is not supported");
        var call = Argument();
        return scope => TestTable.Holds(name, value(scope), call(scope)) != not;
    }

    // A test's argument may stand without parentheses.
    private Func<Scope, CallArguments> Argument()
    {
        if (reader.Current.Is("(")) return Arguments();
        if (reader.Current.Is("is")) throw reader.Error("tests cannot follow each other");
        var follows = reader.Current.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Float or TokenKind.Name
            || reader.Current.Is("[") || reader.Current.Is("{");
        if (!follows || reader.Current.Is("else") || reader.Current.Is("or") || reader.Current.Is("and")) return _ => CallArguments.Of();
        var argument = Read();
        return scope => CallArguments.Of(argument(scope));
    }

    private string Name()
    {
        if (reader.Current.Kind != TokenKind.Name) throw reader.Error($"a name is expected, not '{reader.Current.Text}'");
        var name = reader.Take().Text;
        while (reader.TryTake(".")) name += "." + reader.Take().Text;
        return name;
    }

    private JinjaExpression Postfix(JinjaExpression value)
    {
        while (true)
        {
            var target = value;
            if (reader.TryTake(".")) value = Member(target);
            else if (reader.TryTake("[")) value = Subscript(target);
            else if (reader.Current.Is("("))
            {
                var site = new CallSite(target, Arguments());
                value = site.Expression;
                _lastCall = site;
            }
            else return value;
        }
    }

    private JinjaExpression Member(JinjaExpression target)
    {
        var token = reader.Take();
        if (token.Kind == TokenKind.Integer)
        {
            var index = long.Parse(token.Text, CultureInfo.InvariantCulture);
            return scope => Members.Item(target(scope), index);
        }
        if (token.Kind != TokenKind.Name) throw reader.Error($"a name is expected after '.', not '{token.Text}'");
        return scope => Members.Attribute(target(scope), token.Text);
    }

    private JinjaExpression Subscript(JinjaExpression target)
    {
        var (parts, count) = (new JinjaExpression?[3], 0);
        while (!reader.Current.Is("]"))
        {
            if (reader.TryTake(":"))
            {
                if (++count > 2) throw reader.Error("a slice has more than three parts");
                continue;
            }
            if (parts[count] is not null) throw reader.Error($"']' is expected, not '{reader.Current.Text}'");
            parts[count] = count == 0 ? expressions.Tuple() : expressions.Condition();
        }
        reader.Take();
        if (count == 0 && parts[0] is null) throw reader.Error("an index is missing");
        return count == 0 ? scope => Members.Item(target(scope), parts[0]!(scope))
            : scope => Members.Slice(target(scope), parts[0]?.Invoke(scope), parts[1]?.Invoke(scope), parts[2]?.Invoke(scope));
    }

    private JinjaExpression Primary()
    {
        var token = reader.Take();
        switch (token.Kind)
        {
            case TokenKind.String:
                var text = token.Text;
                while (reader.Current.Kind == TokenKind.String) text += reader.Take().Text;
                return _ => text;
            case TokenKind.Integer:
                var whole = Whole(token.Text);
                return _ => whole;
            case TokenKind.Float:
                object real = double.Parse(token.Text, CultureInfo.InvariantCulture);
                return _ => real;
            case TokenKind.Name: return Named(token.Text);
            case TokenKind.Operator when token.Text == "(":
                if (reader.TryTake(")")) return _ => new JinjaTuple([]);
                var inner = expressions.Tuple();
                reader.ExpectText(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                var items = List("]", expressions.Condition);
                return scope => items.Select(i => i(scope)).ToList();
            case TokenKind.Operator when token.Text == "{":
                var pairs = List("}", Pair);
                return scope =>
                {
                    var map = new JinjaMap();
                    foreach (var (key, value) in pairs) map[key(scope)] = value(scope);
                    return map;
                };
            default:
                throw reader.Error($"'{(token.Text.Length == 0 ? "the end of the tag" : token.Text)}' is not expected here");
        }
    }

    private JinjaExpression Named(string name)
    {
        switch (name)
        {
            case "true" or "True": return _ => true;
            case "false" or "False": return _ => false;
            case "none" or "None": return _ => null;
            case "self" or "super": throw reader.Error($"'{name}' is not supported");
            case "and" or "or" or "not" or "if" or "elif" or "else" or "in" or "is": throw reader.Error($"'{name}' is not expected here");
        }
        foreach (var names in _listeners) names.Add(name);
        return scope => scope[name];
    }

    private (JinjaExpression Key, JinjaExpression Value) Pair()
    {
        var key = expressions.Condition();
        reader.ExpectText(":");
        return (key, expressions.Condition());
    }

    private List<T> List<T>(string end, Func<T> element)
    {
        var items = new List<T>();
        while (!reader.TryTake(end))
        {
            items.Add(element());
            if (!reader.Current.Is(end)) reader.ExpectText(",");
        }
        return items;
    }

    /// <summary>What stands in the parentheses of a call, <c>*list</c> and <c>**mapping</c> included.</summary>
    private Func<Scope, CallArguments> Arguments()
    {
        reader.ExpectText("(");
        var given = List(")", Given);
        if (given.SkipWhile(g => g.Name is null && g.Spread == 0).Any(g => g.Name is null && g.Spread == 0))
            throw reader.Error("a value by position stands after one by name");
        return scope =>
        {
            var (positional, named) = (new List<object?>(), new Dictionary<string, object?>(StringComparer.Ordinal));
            foreach (var (name, spread, value) in given)
            {
                if (spread == 1) positional.AddRange(Kinds.Items(value(scope)));
                else if (spread == 2) AddNamed(named, value(scope));
                else if (name is null) positional.Add(value(scope));
                else if (!named.TryAdd(name, value(scope))) throw Refusal.Of($"'{name}' is given twice");
            }
            return new CallArguments(positional, named);
        };
    }

    private (string? Name, int Spread, JinjaExpression Value) Given()
    {
        if (reader.TryTake("*")) return (null, 1, expressions.Condition());
        if (reader.TryTake("**")) return (null, 2, expressions.Condition());
        if (reader.Current.Kind != TokenKind.Name || !reader.Next.Is("=")) return (null, 0, expressions.Condition());
        var name = reader.Take().Text;
        reader.Take();
        return (name, 0, expressions.Condition());
    }

    private static void AddNamed(Dictionary<string, object?> named, object? value)
    {
        if (value is not JinjaMap map) throw Refusal.Of($"'**' takes a mapping, not {Kinds.Of(value)}");
        foreach (var (key, field) in map.Pairs)
            if (key is not string name || !named.TryAdd(name, field))
                throw Refusal.Of($"'**' gives {PythonText.Representation(key)} twice or without a name");
    }

    private static object Whole(string text) => text.Length > 1 && text[1] is 'x' or 'X' or 'o' or 'O' or 'b' or 'B' && text.Length > 2
        ? NumberOf(text[2..], text[1] is 'x' or 'X' ? 16 : text[1] is 'o' or 'O' ? 8 : 2)
        : Numbers.Whole(BigInteger.Parse(text, CultureInfo.InvariantCulture));

    private static object NumberOf(string digits, int radix) => Numbers.Whole(digits.Aggregate(BigInteger.Zero,
        (sum, c) => sum * radix + int.Parse(c.ToString(), NumberStyles.HexNumber, CultureInfo.InvariantCulture)));

    /// <summary>A call in the template; <c>{% call %}</c> gives it a body to call back.</summary>
    private sealed class CallSite
    {
        public CallSite(JinjaExpression target, Func<Scope, CallArguments> arguments) => Expression = scope =>
        {
            var (function, call) = (target(scope), arguments(scope));
            if (function is Undefined u) throw Refusal.Of($"'{u.Name}' is undefined and cannot be called");
            if (Caller is not null) call = call with { Named = new Dictionary<string, object?>(call.Named) { ["caller"] = Caller(scope) } };
            return (function as JinjaFunction ?? (function as IJinjaObject)?.Function
                ?? throw Refusal.Of($"{Kinds.Of(function)} cannot be called")).Call(call);
        };

        public JinjaExpression Expression { get; }

        public Func<Scope, object?>? Caller { get; set; }
    }
}
