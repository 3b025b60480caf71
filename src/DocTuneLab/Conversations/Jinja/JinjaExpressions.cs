using System.Globalization;
using static DocTuneLab.Conversations.Jinja.JinjaValues;

namespace DocTuneLab.Conversations.Jinja;

/// <summary>An expression, ready to be evaluated.</summary>
internal delegate object? JinjaExpression(Scope scope);

/// <summary>Reads expressions, weakest operator first, into what evaluates them.</summary>
internal sealed class JinjaExpressions(JinjaReader reader)
{
    /// <summary>An expression, or several with commas between, which make a list.</summary>
    public JinjaExpression Tuple()
    {
        var first = Condition();
        if (!reader.Current.Is(",")) return first;
        var items = new List<JinjaExpression> { first };
        while (reader.TryTake(",")) items.Add(Condition());
        return scope => items.Select(i => i(scope)).ToList();
    }

    /// <summary>An expression, a condition within it included.</summary>
    public JinjaExpression Condition()
    {
        reader.Enter("an expression is nested too deeply");
        var value = Or();
        while (reader.TryTake("if"))
        {
            var (then, condition) = (value, Or());
            var otherwise = reader.TryTake("else") ? Condition() : _ => new Undefined("the other branch of an if");
            value = scope => Truth(condition(scope)) ? then(scope) : otherwise(scope);
        }
        reader.Leave();
        return value;
    }

    /// <summary>An expression without a condition: what a loop goes over.</summary>
    public JinjaExpression Or()
    {
        var left = And();
        while (reader.TryTake("or"))
        {
            var (a, b) = (left, And());
            left = scope => a(scope) is var value && Truth(value) ? value : b(scope);
        }
        return left;
    }

    private JinjaExpression And()
    {
        var left = Not();
        while (reader.TryTake("and"))
        {
            var (a, b) = (left, Not());
            left = scope => a(scope) is var value && !Truth(value) ? value : b(scope);
        }
        return left;
    }

    private JinjaExpression Not()
    {
        if (!reader.TryTake("not")) return Comparison();
        var inner = Not();
        return scope => !Truth(inner(scope));
    }

    private JinjaExpression Comparison()
    {
        var first = Sum();
        var tests = new List<(string Operator, JinjaExpression Right)>();
        while (true)
        {
            var name = reader.Current.Text;
            if (reader.Current.Is("not") && reader.Next.Is("in"))
            {
                reader.Take();
                reader.Take();
                tests.Add(("not in", Sum()));
            }
            else if (reader.Current.Kind is TokenKind.Operator or TokenKind.Name
                && name is "==" or "!=" or "<" or "<=" or ">" or ">=" or "in"
                && reader.Current.Kind != TokenKind.String)
            {
                reader.Take();
                tests.Add((name, Sum()));
            }
            else
            {
                break;
            }
        }
        if (tests.Count == 0) return first;
        return scope =>
        {
            var left = first(scope);
            foreach (var (name, right) in tests)
            {
                var value = right(scope);
                var holds = name switch
                {
                    "==" => Same(left, value),
                    "!=" => !Same(left, value),
                    "in" => JinjaBuiltins.Contains(value, left),
                    "not in" => !JinjaBuiltins.Contains(value, left),
                    "<" => Compare(left, value) < 0,
                    "<=" => Compare(left, value) <= 0,
                    ">" => Compare(left, value) > 0,
                    _ => Compare(left, value) >= 0,
                };
                if (!holds) return false;
                left = value;
            }
            return true;
        };
    }

    private JinjaExpression Sum() =>
        Chain(Concatenation, ["+", "-"],
            (name, a, b) => name == "+" ? JinjaBuiltins.Add(a, b) : a is long x && b is long y ? (object?)(x - y) : Number(a) - Number(b));

    private JinjaExpression Concatenation() => Chain(Product, ["~"], (_, a, b) => TextOf(a) + TextOf(b));

    private JinjaExpression Product() => Chain(Power, ["*", "/", "//", "%"], (name, a, b) => (name, a, b) switch
    {
        ("*", string s, long n) =>
            string.Concat(Enumerable.Repeat(s, (int)Math.Clamp(n, 0, JinjaTemplate.MaxOutput / Math.Max(1, s.Length)))),
        (_, long, 0L) => throw new LabException("chat template: a division by zero"),
        ("*", long x, long y) => x * y,
        ("//", long x, long y) => (long)Math.Floor((double)x / y),
        ("%", long x, long y) => (x % y + y) % y,
        ("*", _, _) => Number(a) * Number(b),
        ("/", _, _) => Number(a) / Number(b),
        ("//", _, _) => Math.Floor(Number(a) / Number(b)),
        _ => Number(a) - Math.Floor(Number(a) / Number(b)) * Number(b),
    });

    private JinjaExpression Power() =>
        Chain(Unary, ["**"],
            (_, a, b) => a is long && b is >= 0L ? (object?)(long)Math.Pow(Number(a), Number(b)) : Math.Pow(Number(a), Number(b)));

    private JinjaExpression Chain(Func<JinjaExpression> operand, string[] operators, Func<string, object?, object?, object?> apply)
    {
        var left = operand();
        while (reader.Current.Kind == TokenKind.Operator && operators.Contains(reader.Current.Text))
        {
            var (name, a, b) = (reader.Take().Text, left, operand());
            left = scope => apply(name, a(scope), b(scope));
        }
        return left;
    }

    private JinjaExpression Unary()
    {
        reader.Enter("an expression is nested too deeply");
        JinjaExpression value;
        if (reader.Current.Kind == TokenKind.Operator && reader.Current.Text is "-" or "+" && reader.Current.Kind == TokenKind.Operator)
        {
            var minus = reader.Take().Text == "-";
            var inner = Unary();
            value = scope => inner(scope) is long i ? (object?)(minus ? -i : i) : minus ? -Number(inner(scope)) : Number(inner(scope));
        }
        else
        {
            value = FiltersAndTests(Postfix(Primary()));
        }
        reader.Leave();
        return value;
    }

    private JinjaExpression FiltersAndTests(JinjaExpression value)
    {
        while (true)
        {
            if (reader.TryTake("|"))
            {
                var (line, name, inner) = (reader.Current.Line, reader.Take().Text, value);
                var (a, named) = reader.Current.Is("(") ? Arguments() : ([], []);
                if (!JinjaBuiltins.Filters.Contains(name)) throw reader.Error($"the filter '{name}' is not supported");
                value = scope => Located(line, () => JinjaBuiltins.Filter(name, inner(scope), Values(a, scope), Values(named, scope)));
            }
            else if (reader.TryTake("is"))
            {
                var (not, line, inner) = (reader.TryTake("not"), reader.Current.Line, value);
                var name = reader.Take().Text;
                List<JinjaExpression> a = reader.Current.Is("(") ? Arguments().Arguments
                    : reader.Current.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Float
                        || reader.Current.Kind == TokenKind.Name && !IsKeyword(reader.Current.Text)
                        ? [Postfix(Primary())]
                    : [];
                value = scope => Located(line, () => JinjaBuiltins.Test(name, inner(scope), Values(a, scope)) != not);
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaExpression Postfix(JinjaExpression value)
    {
        while (true)
        {
            var (line, target) = (reader.Current.Line, value);
            if (reader.TryTake("."))
            {
                var token = reader.Take();
                object? key = token.Kind == TokenKind.Integer ? long.Parse(token.Text, CultureInfo.InvariantCulture) : token.Text;
                value = scope => Located(line, () => JinjaBuiltins.Member(target(scope), key));
            }
            else if (reader.TryTake("["))
            {
                var parts = new JinjaExpression?[3];
                var count = 0;
                for (; !reader.Current.Is("]");)
                {
                    if (reader.Current.Is(":"))
                    {
                        reader.Take();
                        if (++count > 2) throw reader.Error("a slice has more than three parts");
                    }
                    else
                    {
                        parts[count] = Tuple();
                        if (!reader.Current.Is(":") && !reader.Current.Is("]"))
                            throw reader.Error($"']' is expected, not '{reader.Current.Text}'");
                    }
                }
                reader.Take();
                if (count == 0 && parts[0] is null) throw reader.Error("an index is missing");
                value = count == 0 ? scope => Located(line, () => JinjaBuiltins.Member(target(scope), parts[0]!(scope)))
                    : scope => Located(line, () =>
                        JinjaBuiltins.Slice(target(scope), parts[0]?.Invoke(scope), parts[1]?.Invoke(scope), parts[2]?.Invoke(scope)));
            }
            else if (reader.Current.Is("("))
            {
                var (a, named) = Arguments();
                value = scope => Located(line, () => target(scope) is JinjaFunction function
                    ? function(Values(a, scope), Values(named, scope))
                    : throw new LabException($"chat template: {Kind(target(scope))} cannot be called"));
            }
            else
            {
                return value;
            }
        }
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
                return long.TryParse(token.Text, CultureInfo.InvariantCulture, out var integer)
                    ? _ => integer
                    : throw reader.Error($"the number {token.Text} is too large");
            case TokenKind.Float:
                var real = double.Parse(token.Text, CultureInfo.InvariantCulture);
                return _ => real;
            case TokenKind.Name:
                switch (token.Text)
                {
                    case "true" or "True": return _ => true;
                    case "false" or "False": return _ => false;
                    case "none" or "None": return _ => null;
                    default:
                        return IsKeyword(token.Text)
                            ? throw reader.Error($"'{token.Text}' is not expected here")
                            : scope => scope[token.Text];
                }
            case TokenKind.Operator when token.Text == "(":
                if (reader.TryTake(")")) return _ => new List<object?>();
                var inner = Tuple();
                reader.ExpectText(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                var items = new List<JinjaExpression>();
                while (!reader.TryTake("]"))
                {
                    items.Add(Condition());
                    if (!reader.Current.Is("]")) reader.ExpectText(",");
                }
                return scope => items.Select(i => i(scope)).ToList();
            case TokenKind.Operator when token.Text == "{":
                var pairs = new List<(JinjaExpression Key, JinjaExpression Value)>();
                while (!reader.TryTake("}"))
                {
                    var key = Condition();
                    reader.ExpectText(":");
                    pairs.Add((key, Condition()));
                    if (!reader.Current.Is("}")) reader.ExpectText(",");
                }
                return scope => pairs.ToDictionary(p => TextOf(p.Key(scope)), p => p.Value(scope), StringComparer.Ordinal);
            default:
                throw reader.Error($"'{(token.Text.Length == 0 ? "the end of the tag" : token.Text)}' is not expected here");
        }
    }

    private (List<JinjaExpression> Arguments, Dictionary<string, JinjaExpression> Named) Arguments()
    {
        reader.ExpectText("(");
        var (a, named) = (new List<JinjaExpression>(), new Dictionary<string, JinjaExpression>(StringComparer.Ordinal));
        while (!reader.TryTake(")"))
        {
            if (reader.Current.Kind == TokenKind.Name && reader.Next.Is("="))
            {
                var name = reader.Take().Text;
                reader.Take();
                named[name] = Condition();
            }
            else
            {
                a.Add(Condition());
            }
            if (!reader.Current.Is(")")) reader.ExpectText(",");
        }
        return (a, named);
    }

    private static List<object?> Values(List<JinjaExpression> expressions, Scope scope) => [.. expressions.Select(e => e(scope))];

    private static Dictionary<string, object?> Values(Dictionary<string, JinjaExpression> expressions, Scope scope) =>
        expressions.ToDictionary(e => e.Key, e => e.Value(scope), StringComparer.Ordinal);

    private static object? Located(int line, Func<object?> evaluate)
    {
        try
        {
            return evaluate();
        }
        catch (LabException e) when (e.Message.StartsWith("chat template: ", StringComparison.Ordinal))
        {
            throw new LabException($"chat template, line {line}: {e.Message["chat template: ".Length..]}", e);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or InvalidOperationException or OverflowException)
        {
            throw new LabException($"chat template, line {line}: a call with too few or wrong values", e);
        }
    }

    private static bool IsKeyword(string name) =>
        name is "and" or "or" or "not" or "if" or "elif" or "else" or "in" or "is" or "for" or "recursive";
}
