using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja.Library;

/// <summary>Operators over values of any type.</summary>
internal static class Operators
{
    /// <summary>The operator of a symbol, over two values.</summary>
    public static object? Apply(string symbol, object? a, object? b) => symbol switch
    {
        "+" => Add(a, b),
        "-" => Numbers.Subtract(a, b),
        "*" => Multiply(a, b),
        "/" => Numbers.Divide(a, b),
        "//" => Numbers.FloorDivide(a, b),
        "%" => a is string format ? PercentFormat.Write(format, b)
            : a is Markup ? throw Refusal.Of("'%' of text that is marked safe is not supported") : Numbers.Modulo(a, b),
        "**" => Numbers.Power(a, b),
        "~" => Strings.Within(PythonText.Of(a) + PythonText.Of(b)),
        "==" => Equality.Same(a, b),
        "!=" => !Equality.Same(a, b),
        "<" => Equality.Compare(a, b) < 0,
        "<=" => Equality.Compare(a, b) <= 0,
        ">" => Equality.Compare(a, b) > 0,
        ">=" => Equality.Compare(a, b) >= 0,
        "in" => Kinds.Contains(b, a),
        "not in" => !Kinds.Contains(b, a),
        _ => throw Refusal.Of($"the operator '{symbol}' is not supported"),
    };

    public static object? Add(object? a, object? b) => (a, b) switch
    {
        (string x, string y) => Strings.Within(x + y),
        (Markup, string or Markup) or (string, Markup) => new Markup(Strings.Within(Escape(a).Text + Escape(b).Text)),
        (List<object?> x, List<object?> y) => (List<object?>)[.. Within(x, y.Count), .. y],
        (JinjaTuple x, JinjaTuple y) => new JinjaTuple([.. Within(x, y.Count), .. y]),
        _ when Numbers.IsWhole(a) && Numbers.IsWhole(b) => Numbers.Whole(Numbers.Big(a) + Numbers.Big(b)),
        _ when Numbers.IsNumber(a) && Numbers.IsNumber(b) => Numbers.Real(a) + Numbers.Real(b),
        _ => throw Refusal.Of($"{Kinds.Of(a)} and {Kinds.Of(b)} cannot be added"),
    };

    /// <summary>The text with <c>&amp;</c>, <c>&lt;</c>, <c>&gt;</c> and quotes as HTML has them.</summary>
    public static Markup Escape(object? value) => value as Markup ?? new Markup(PythonText.Of(value)
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal)
        .Replace("\"", "&#34;", StringComparison.Ordinal));

    private static object? Multiply(object? a, object? b)
    {
        if (Numbers.IsWhole(a) && Numbers.IsWhole(b)) return Numbers.Whole(Numbers.Big(a) * Numbers.Big(b));
        if (Numbers.IsNumber(a) && Numbers.IsNumber(b)) return Numbers.Real(a) * Numbers.Real(b);
        if (!Numbers.IsWhole(b)) (a, b) = (b, a);
        if (!Numbers.IsWhole(b) || a is not (string or Markup or List<object?> or JinjaTuple))
            throw Refusal.Of($"{Kinds.Of(a)} and {Kinds.Of(b)} cannot be multiplied");
        var times = Math.Max(0, Numbers.Integer(b));
        var length = a is IReadOnlyList<object?> items ? items.Count : PythonText.Of(a).Length;
        if (times > Strings.MaxLength / Math.Max(1, length)) throw Refusal.Of("the product is too long");
        string Text() => string.Concat(Enumerable.Repeat(PythonText.Of(a), (int)times));
        List<object?> List() => [.. Enumerable.Repeat((IReadOnlyList<object?>)a, (int)times).SelectMany(x => x)];
        return a switch { string => Text(), Markup => new Markup(Text()), JinjaTuple => new JinjaTuple(List()), _ => List() };
    }

    private static IReadOnlyList<object?> Within(IReadOnlyList<object?> list, int more) =>
        list.Count + more <= Strings.MaxLength ? list : throw Refusal.Of("the list is too long");
}
