using System.Globalization;
using System.Text;
using static DocTuneLab.Tokenization.Jinja.JinjaValues;

namespace DocTuneLab.Tokenization.Jinja;

/// <summary>Names of a block and those around it.</summary>
internal sealed class Scope(Scope? outer)
{
    private readonly Dictionary<string, object?> _names = new(StringComparer.Ordinal);

    public int Depth { get; } = outer is null ? 0 : outer.Depth + 1;

    public object? this[string name]
    {
        get
        {
            for (var scope = this; scope is not null; scope = scope.Outer)
                if (scope._names.TryGetValue(name, out var value)) return value;
            return new Undefined(name);
        }
        set => _names[name] = value;
    }

    private Scope? Outer { get; } = outer;
}

/// <summary>
/// The part of Jinja (its documentation's template designer reference) that chat templates are written in: output, if, for,
/// set, macro, break and continue, expressions, common filters, tests and methods. Whatever else is refused when the template
/// is read, with its line: a conversation rendered almost right would train and ask a model wrongly.
/// </summary>
internal sealed class JinjaTemplate
{
    private const int MaxOutput = 1 << 24, MaxDepth = 200;
    private readonly List<Token> _tokens;
    private readonly Statement _body;
    private int _at, _nesting;

    private delegate object? Expression(Scope scope);
    private delegate Flow Statement(Scope scope, StringBuilder output);

    private enum Flow { Next, Break, Continue }

    /// <exception cref="LabException">The template is not understood; the message names the line.</exception>
    public JinjaTemplate(string source)
    {
        _tokens = JinjaLexer.Read(source);
        _body = Block();
        if (Current.Kind != TokenKind.End) throw Error($"'{Current.Text}' has no beginning");
    }

    /// <summary>The text that the template makes of these values.</summary>
    public string Render(IReadOnlyDictionary<string, object?> values)
    {
        var scope = new Scope(null);
        foreach (var (name, value) in values) scope[name] = value;
        var output = new StringBuilder();
        _body(new Scope(scope), output);
        return output.ToString();
    }

    private Token Current => _tokens[_at];

    private Statement Block(params string[] ends)
    {
        if (++_nesting > MaxDepth) throw Error("blocks are nested too deeply");
        var statements = new List<Statement>();
        while (Current.Kind != TokenKind.End)
        {
            if (Current.Kind == TokenKind.BeginStatement && (ends.Contains(_tokens[_at + 1].Text) || ends.Length == 0 && _tokens[_at + 1].Text.StartsWith("end", StringComparison.Ordinal) && _tokens[_at + 1].Text != "endgeneration")) break;
            statements.Add(One());
        }
        if (ends.Length > 0 && Current.Kind == TokenKind.End) throw Error($"'{ends[^1]}' is missing");
        _nesting--;
        return (scope, output) =>
        {
            foreach (var statement in statements)
            {
                var flow = statement(scope, output);
                if (output.Length > MaxOutput) throw new LabException($"chat template: it writes more than {MaxOutput} characters");
                if (flow != Flow.Next) return flow;
            }
            return Flow.Next;
        };
    }

    private Statement One()
    {
        var token = Take();
        if (token.Kind == TokenKind.Text) return Always((_, output) => output.Append(token.Text));
        if (token.Kind == TokenKind.BeginOutput)
        {
            var expression = Tuple();
            Expect(TokenKind.EndOutput);
            return Always((scope, output) => output.Append(Text(expression(scope))));
        }
        var name = Take().Text;
        switch (name)
        {
            case "if": return If();
            case "for": return For();
            case "set": return Set();
            case "macro": return Macro();
            // Marks what is trained on in some templates; it writes nothing.
            case "generation" or "endgeneration":
                Expect(TokenKind.EndStatement);
                return Always((_, _) => { });
            case "break" or "continue":
                Expect(TokenKind.EndStatement);
                return (_, _) => name == "break" ? Flow.Break : Flow.Continue;
            default: throw Error($"the statement '{name}' is not supported");
        }
    }

    private Statement If()
    {
        var condition = Condition();
        Expect(TokenKind.EndStatement);
        var then = Block("elif", "else", "endif");
        Statement? otherwise = null;
        Take();
        var word = Take().Text;
        if (word == "elif") otherwise = If();
        else
        {
            Expect(TokenKind.EndStatement);
            if (word == "else")
            {
                otherwise = Block("endif");
                End("endif");
            }
        }
        return (scope, output) => Truth(condition(scope)) ? then(scope, output) : otherwise is null ? Flow.Next : otherwise(scope, output);
    }

    private Statement For()
    {
        var names = Names();
        ExpectText("in");
        var source = Or();
        Expression? filter = null;
        if (TryTake("if")) filter = Condition();
        if (Current.Is("recursive")) throw Error("a recursive loop is not supported");
        Expect(TokenKind.EndStatement);
        var body = Block("else", "endfor");
        Statement? empty = null;
        Take();
        if (Take().Text == "else")
        {
            Expect(TokenKind.EndStatement);
            empty = Block("endfor");
            End("endfor");
        }
        else
        {
            Expect(TokenKind.EndStatement);
        }
        return (scope, output) =>
        {
            var items = new List<object?>();
            foreach (var item in Items(source(scope)))
            {
                var inner = new Scope(scope);
                Bind(inner, names, item);
                if (filter is null || Truth(filter(inner))) items.Add(item);
            }
            if (items.Count == 0) return empty is null ? Flow.Next : empty(scope, output);
            for (var i = 0; i < items.Count; i++)
            {
                var (inner, at) = (new Scope(scope), i);
                inner["loop"] = new Dictionary<string, object?>
                {
                    ["index"] = i + 1L, ["index0"] = (long)i, ["first"] = i == 0, ["last"] = i == items.Count - 1, ["length"] = (long)items.Count,
                    ["revindex"] = (long)items.Count - i, ["revindex0"] = items.Count - i - 1L,
                    ["previtem"] = i > 0 ? items[i - 1] : new Undefined("previtem"), ["nextitem"] = i + 1 < items.Count ? items[i + 1] : new Undefined("nextitem"),
                    ["cycle"] = (JinjaFunction)((a, _) => a[at % a.Count]),
                };
                Bind(inner, names, items[i]);
                if (body(inner, output) == Flow.Break) break;
            }
            return Flow.Next;
        };
    }

    private Statement Set()
    {
        var names = Names();
        var field = TryTake(".") ? Take().Text : null;
        if (Current.Kind == TokenKind.EndStatement && names.Count == 1 && field is null)
        {
            Take();
            var body = Block("endset");
            End("endset");
            return Always((scope, _) =>
            {
                var text = new StringBuilder();
                body(new Scope(scope), text);
                scope[names[0]] = text.ToString();
            });
        }
        ExpectText("=");
        var value = Tuple();
        Expect(TokenKind.EndStatement);
        if (field is null) return Always((scope, _) => Bind(scope, names, value(scope)));
        return Always((scope, _) =>
        {
            if (scope[names[0]] is not Namespace space) throw new LabException($"chat template: '{names[0]}' is no namespace, so '{field}' of it cannot be set");
            space.Fields[field] = value(scope);
        });
    }

    private Statement Macro()
    {
        var name = Take().Text;
        ExpectText("(");
        var parameters = new List<(string Name, Expression? Default)>();
        while (!TryTake(")"))
        {
            var parameter = Take().Text;
            parameters.Add((parameter, TryTake("=") ? Condition() : null));
            if (!Current.Is(")")) ExpectText(",");
        }
        Expect(TokenKind.EndStatement);
        var body = Block("endmacro");
        End("endmacro");
        return Always((scope, _) => scope[name] = (JinjaFunction)((a, named) =>
        {
            var inner = new Scope(scope);
            for (var i = 0; i < parameters.Count; i++)
                inner[parameters[i].Name] = i < a.Count ? a[i] : named.TryGetValue(parameters[i].Name, out var value) ? value : parameters[i].Default?.Invoke(inner) ?? new Undefined(parameters[i].Name);
            if (inner.Depth > MaxDepth) throw new LabException("chat template: macros call each other too deeply");
            var text = new StringBuilder();
            body(inner, text);
            return text.ToString();
        }));
    }

    private Expression Tuple()
    {
        var first = Condition();
        if (!Current.Is(",")) return first;
        var items = new List<Expression> { first };
        while (TryTake(",")) items.Add(Condition());
        return scope => items.Select(i => i(scope)).ToList();
    }

    private Expression Condition()
    {
        if (++_nesting > MaxDepth) throw Error("an expression is nested too deeply");
        var value = Or();
        while (TryTake("if"))
        {
            var (then, condition) = (value, Or());
            var otherwise = TryTake("else") ? Condition() : _ => new Undefined("the other branch of an if");
            value = scope => Truth(condition(scope)) ? then(scope) : otherwise(scope);
        }
        _nesting--;
        return value;
    }

    private Expression Or()
    {
        var left = And();
        while (TryTake("or"))
        {
            var (a, b) = (left, And());
            left = scope => a(scope) is var value && Truth(value) ? value : b(scope);
        }
        return left;
    }

    private Expression And()
    {
        var left = Not();
        while (TryTake("and"))
        {
            var (a, b) = (left, Not());
            left = scope => a(scope) is var value && !Truth(value) ? value : b(scope);
        }
        return left;
    }

    private Expression Not()
    {
        if (!TryTake("not")) return Comparison();
        var inner = Not();
        return scope => !Truth(inner(scope));
    }

    private Expression Comparison()
    {
        var first = Sum();
        var tests = new List<(string Operator, Expression Right)>();
        while (true)
        {
            var name = Current.Text;
            if (Current.Is("not") && _tokens[_at + 1].Is("in"))
            {
                _at += 2;
                tests.Add(("not in", Sum()));
            }
            else if (Current.Kind is TokenKind.Operator or TokenKind.Name && name is "==" or "!=" or "<" or "<=" or ">" or ">=" or "in" && Current.Kind != TokenKind.String)
            {
                Take();
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
                    "==" => Same(left, value), "!=" => !Same(left, value), "in" => JinjaBuiltins.Contains(value, left), "not in" => !JinjaBuiltins.Contains(value, left),
                    "<" => Compare(left, value) < 0, "<=" => Compare(left, value) <= 0, ">" => Compare(left, value) > 0, _ => Compare(left, value) >= 0,
                };
                if (!holds) return false;
                left = value;
            }
            return true;
        };
    }

    private Expression Sum() => Chain(Concatenation, ["+", "-"], (name, a, b) => name == "+" ? JinjaBuiltins.Add(a, b) : a is long x && b is long y ? (object?)(x - y) : Number(a) - Number(b));

    private Expression Concatenation() => Chain(Product, ["~"], (_, a, b) => Text(a) + Text(b));

    private Expression Product() => Chain(Power, ["*", "/", "//", "%"], (name, a, b) => (name, a, b) switch
    {
        ("*", string s, long n) => string.Concat(Enumerable.Repeat(s, (int)Math.Clamp(n, 0, MaxOutput / Math.Max(1, s.Length)))),
        (_, long, 0L) => throw new LabException("chat template: a division by zero"),
        ("*", long x, long y) => x * y,
        ("//", long x, long y) => (long)Math.Floor((double)x / y),
        ("%", long x, long y) => (x % y + y) % y,
        ("*", _, _) => Number(a) * Number(b),
        ("/", _, _) => Number(a) / Number(b),
        ("//", _, _) => Math.Floor(Number(a) / Number(b)),
        _ => Number(a) - Math.Floor(Number(a) / Number(b)) * Number(b),
    });

    private Expression Power() => Chain(Unary, ["**"], (_, a, b) => a is long && b is >= 0L ? (object?)(long)Math.Pow(Number(a), Number(b)) : Math.Pow(Number(a), Number(b)));

    private Expression Chain(Func<Expression> operand, string[] operators, Func<string, object?, object?, object?> apply)
    {
        var left = operand();
        while (Current.Kind == TokenKind.Operator && operators.Contains(Current.Text))
        {
            var (name, a, b) = (Take().Text, left, operand());
            left = scope => apply(name, a(scope), b(scope));
        }
        return left;
    }

    private Expression Unary()
    {
        if (++_nesting > MaxDepth) throw Error("an expression is nested too deeply");
        Expression value;
        if (Current.Kind == TokenKind.Operator && Current.Text is "-" or "+" && Current.Kind == TokenKind.Operator)
        {
            var minus = Take().Text == "-";
            var inner = Unary();
            value = scope => inner(scope) is long i ? (object?)(minus ? -i : i) : minus ? -Number(inner(scope)) : Number(inner(scope));
        }
        else
        {
            value = FiltersAndTests(Postfix(Primary()));
        }
        _nesting--;
        return value;
    }

    private Expression FiltersAndTests(Expression value)
    {
        while (true)
        {
            if (TryTake("|"))
            {
                var (line, name, inner) = (Current.Line, Take().Text, value);
                var (a, named) = Current.Is("(") ? Arguments() : ([], []);
                if (!JinjaBuiltins.Filters.Contains(name)) throw Error($"the filter '{name}' is not supported");
                value = scope => Located(line, () => JinjaBuiltins.Filter(name, inner(scope), Values(a, scope), Values(named, scope)));
            }
            else if (TryTake("is"))
            {
                var (not, line, inner) = (TryTake("not"), Current.Line, value);
                var name = Take().Text;
                List<Expression> a = Current.Is("(") ? Arguments().Arguments
                    : Current.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Float || Current.Kind == TokenKind.Name && !IsKeyword(Current.Text) ? [Postfix(Primary())] : [];
                value = scope => Located(line, () => JinjaBuiltins.Test(name, inner(scope), Values(a, scope)) != not);
            }
            else
            {
                return value;
            }
        }
    }

    private Expression Postfix(Expression value)
    {
        while (true)
        {
            var (line, target) = (Current.Line, value);
            if (TryTake("."))
            {
                var token = Take();
                object? key = token.Kind == TokenKind.Integer ? long.Parse(token.Text, CultureInfo.InvariantCulture) : token.Text;
                value = scope => Located(line, () => JinjaBuiltins.Member(target(scope), key));
            }
            else if (TryTake("["))
            {
                var parts = new Expression?[3];
                var count = 0;
                for (; !Current.Is("]"); )
                {
                    if (Current.Is(":"))
                    {
                        Take();
                        if (++count > 2) throw Error("a slice has more than three parts");
                    }
                    else
                    {
                        parts[count] = Tuple();
                        if (!Current.Is(":") && !Current.Is("]")) throw Error($"']' is expected, not '{Current.Text}'");
                    }
                }
                Take();
                if (count == 0 && parts[0] is null) throw Error("an index is missing");
                value = count == 0 ? scope => Located(line, () => JinjaBuiltins.Member(target(scope), parts[0]!(scope)))
                    : scope => Located(line, () => JinjaBuiltins.Slice(target(scope), parts[0]?.Invoke(scope), parts[1]?.Invoke(scope), parts[2]?.Invoke(scope)));
            }
            else if (Current.Is("("))
            {
                var (a, named) = Arguments();
                value = scope => Located(line, () => target(scope) is JinjaFunction function ? function(Values(a, scope), Values(named, scope))
                    : throw new LabException($"chat template: {Kind(target(scope))} cannot be called"));
            }
            else
            {
                return value;
            }
        }
    }

    private Expression Primary()
    {
        var token = Take();
        switch (token.Kind)
        {
            case TokenKind.String:
                var text = token.Text;
                while (Current.Kind == TokenKind.String) text += Take().Text;
                return _ => text;
            case TokenKind.Integer:
                return long.TryParse(token.Text, CultureInfo.InvariantCulture, out var integer) ? _ => integer : throw Error($"the number {token.Text} is too large");
            case TokenKind.Float:
                var real = double.Parse(token.Text, CultureInfo.InvariantCulture);
                return _ => real;
            case TokenKind.Name:
                switch (token.Text)
                {
                    case "true" or "True": return _ => true;
                    case "false" or "False": return _ => false;
                    case "none" or "None": return _ => null;
                    default: return IsKeyword(token.Text) ? throw Error($"'{token.Text}' is not expected here") : scope => scope[token.Text];
                }
            case TokenKind.Operator when token.Text == "(":
                if (TryTake(")")) return _ => new List<object?>();
                var inner = Tuple();
                ExpectText(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                var items = new List<Expression>();
                while (!TryTake("]"))
                {
                    items.Add(Condition());
                    if (!Current.Is("]")) ExpectText(",");
                }
                return scope => items.Select(i => i(scope)).ToList();
            case TokenKind.Operator when token.Text == "{":
                var pairs = new List<(Expression Key, Expression Value)>();
                while (!TryTake("}"))
                {
                    var key = Condition();
                    ExpectText(":");
                    pairs.Add((key, Condition()));
                    if (!Current.Is("}")) ExpectText(",");
                }
                return scope => pairs.ToDictionary(p => Text(p.Key(scope)), p => p.Value(scope), StringComparer.Ordinal);
            default:
                throw Error($"'{(token.Text.Length == 0 ? "the end of the tag" : token.Text)}' is not expected here");
        }
    }

    private (List<Expression> Arguments, Dictionary<string, Expression> Named) Arguments()
    {
        ExpectText("(");
        var (a, named) = (new List<Expression>(), new Dictionary<string, Expression>(StringComparer.Ordinal));
        while (!TryTake(")"))
        {
            if (Current.Kind == TokenKind.Name && _tokens[_at + 1].Is("="))
            {
                var name = Take().Text;
                Take();
                named[name] = Condition();
            }
            else
            {
                a.Add(Condition());
            }
            if (!Current.Is(")")) ExpectText(",");
        }
        return (a, named);
    }

    private List<string> Names()
    {
        var names = new List<string>();
        var parenthesis = TryTake("(");
        do
        {
            if (Current.Kind != TokenKind.Name) throw Error($"a name is expected, not '{Current.Text}'");
            names.Add(Take().Text);
        }
        while (TryTake(","));
        if (parenthesis) ExpectText(")");
        return names;
    }

    private static void Bind(Scope scope, List<string> names, object? value)
    {
        if (names.Count == 1)
        {
            scope[names[0]] = value;
            return;
        }
        var parts = Items(value).ToList();
        if (parts.Count != names.Count) throw new LabException($"chat template: {parts.Count} values for the names {string.Join(", ", names)}");
        for (var i = 0; i < names.Count; i++) scope[names[i]] = parts[i];
    }

    private static List<object?> Values(List<Expression> expressions, Scope scope) => [.. expressions.Select(e => e(scope))];

    private static Dictionary<string, object?> Values(Dictionary<string, Expression> expressions, Scope scope) => expressions.ToDictionary(e => e.Key, e => e.Value(scope), StringComparer.Ordinal);

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

    private static Statement Always(Action<Scope, StringBuilder> action) => (scope, output) =>
    {
        action(scope, output);
        return Flow.Next;
    };

    private static bool IsKeyword(string name) => name is "and" or "or" or "not" or "if" or "elif" or "else" or "in" or "is" or "for" or "recursive";

    private Token Take() => _tokens[_at].Kind == TokenKind.End ? throw Error("it ends too early") : _tokens[_at++];

    private bool TryTake(string text)
    {
        if (!Current.Is(text)) return false;
        _at++;
        return true;
    }

    private void End(string name)
    {
        Expect(TokenKind.BeginStatement);
        ExpectText(name);
        Expect(TokenKind.EndStatement);
    }

    private void Expect(TokenKind kind)
    {
        if (Take() is var token && token.Kind != kind)
        {
            _at--;
            throw Error($"'{token.Text}' is not expected here");
        }
    }

    private void ExpectText(string text)
    {
        if (!TryTake(text)) throw Error($"'{text}' is expected, not '{Current.Text}'");
    }

    private LabException Error(string what) => new($"chat template, line {_tokens[Math.Min(_at, _tokens.Count - 1)].Line}: {what}");
}
