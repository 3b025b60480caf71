using System.Text;
using static DocTuneLab.Conversations.Jinja.JinjaValues;

namespace DocTuneLab.Conversations.Jinja;

/// <summary>
/// The part of Jinja (its documentation's template designer reference) that chat templates are written in: output, if, for,
/// set, macro, break and continue, expressions, common filters, tests and methods. Whatever else is refused when the template
/// is read, with its line: a conversation rendered almost right would train and ask a model wrongly.
/// </summary>
internal sealed class JinjaTemplate
{
    /// <summary>Characters that a template may write.</summary>
    public const int MaxOutput = 1 << 24;

    private readonly JinjaReader _reader;
    private readonly JinjaExpressions _expressions;
    private readonly Statement _body;

    private delegate Flow Statement(Scope scope, StringBuilder output);

    private enum Flow { Next, Break, Continue }

    /// <exception cref="LabException">The template is not understood; the message names the line.</exception>
    public JinjaTemplate(string source)
    {
        _reader = new JinjaReader(JinjaLexer.Read(source));
        _expressions = new JinjaExpressions(_reader);
        _body = Block();
        if (_reader.Current.Kind != TokenKind.End) throw _reader.Error($"'{_reader.Current.Text}' has no beginning");
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

    private Statement Block(params string[] ends)
    {
        _reader.Enter("blocks are nested too deeply");
        var statements = new List<Statement>();
        while (_reader.Current.Kind != TokenKind.End)
        {
            if (_reader.Current.Kind == TokenKind.BeginStatement
                && (ends.Contains(_reader.Next.Text)
                    || ends.Length == 0
                        && _reader.Next.Text.StartsWith("end", StringComparison.Ordinal)
                        && _reader.Next.Text != "endgeneration"))
                break;
            statements.Add(One());
        }
        if (ends.Length > 0 && _reader.Current.Kind == TokenKind.End) throw _reader.Error($"'{ends[^1]}' is missing");
        _reader.Leave();
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
        var token = _reader.Take();
        if (token.Kind == TokenKind.Text) return Always((_, output) => output.Append(token.Text));
        if (token.Kind == TokenKind.BeginOutput)
        {
            var expression = _expressions.Tuple();
            _reader.Expect(TokenKind.EndOutput);
            return Always((scope, output) => output.Append(TextOf(expression(scope))));
        }
        var name = _reader.Take().Text;
        switch (name)
        {
            case "if": return If();
            case "for": return For();
            case "set": return Set();
            case "macro": return Macro();
            // Marks what is trained on in some templates; it writes nothing.
            case "generation" or "endgeneration":
                _reader.Expect(TokenKind.EndStatement);
                return Always((_, _) => { });
            case "break" or "continue":
                _reader.Expect(TokenKind.EndStatement);
                return (_, _) => name == "break" ? Flow.Break : Flow.Continue;
            default: throw _reader.Error($"the statement '{name}' is not supported");
        }
    }

    private Statement If()
    {
        var condition = _expressions.Condition();
        _reader.Expect(TokenKind.EndStatement);
        var then = Block("elif", "else", "endif");
        Statement? otherwise = null;
        _reader.Take();
        var word = _reader.Take().Text;
        if (word == "elif") otherwise = If();
        else
        {
            _reader.Expect(TokenKind.EndStatement);
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
        _reader.ExpectText("in");
        var source = _expressions.Or();
        JinjaExpression? filter = null;
        if (_reader.TryTake("if")) filter = _expressions.Condition();
        if (_reader.Current.Is("recursive")) throw _reader.Error("a recursive loop is not supported");
        _reader.Expect(TokenKind.EndStatement);
        var body = Block("else", "endfor");
        Statement? empty = null;
        _reader.Take();
        if (_reader.Take().Text == "else")
        {
            _reader.Expect(TokenKind.EndStatement);
            empty = Block("endfor");
            End("endfor");
        }
        else
        {
            _reader.Expect(TokenKind.EndStatement);
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
                    ["index"] = i + 1L,
                    ["index0"] = (long)i,
                    ["first"] = i == 0,
                    ["last"] = i == items.Count - 1,
                    ["length"] = (long)items.Count,
                    ["revindex"] = (long)items.Count - i,
                    ["revindex0"] = items.Count - i - 1L,
                    ["previtem"] = i > 0 ? items[i - 1] : new Undefined("previtem"),
                    ["nextitem"] = i + 1 < items.Count ? items[i + 1] : new Undefined("nextitem"),
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
        var field = _reader.TryTake(".") ? _reader.Take().Text : null;
        if (_reader.Current.Kind == TokenKind.EndStatement && names.Count == 1 && field is null)
        {
            _reader.Take();
            var body = Block("endset");
            End("endset");
            return Always((scope, _) =>
            {
                var text = new StringBuilder();
                body(new Scope(scope), text);
                scope[names[0]] = text.ToString();
            });
        }
        _reader.ExpectText("=");
        var value = _expressions.Tuple();
        _reader.Expect(TokenKind.EndStatement);
        if (field is null) return Always((scope, _) => Bind(scope, names, value(scope)));
        return Always((scope, _) =>
        {
            if (scope[names[0]] is not Namespace space)
                throw new LabException($"chat template: '{names[0]}' is no namespace, so '{field}' of it cannot be set");
            space.Fields[field] = value(scope);
        });
    }

    private Statement Macro()
    {
        var name = _reader.Take().Text;
        _reader.ExpectText("(");
        var parameters = new List<(string Name, JinjaExpression? Default)>();
        while (!_reader.TryTake(")"))
        {
            var parameter = _reader.Take().Text;
            parameters.Add((parameter, _reader.TryTake("=") ? _expressions.Condition() : null));
            if (!_reader.Current.Is(")")) _reader.ExpectText(",");
        }
        _reader.Expect(TokenKind.EndStatement);
        var body = Block("endmacro");
        End("endmacro");
        return Always((scope, _) => scope[name] = (JinjaFunction)((a, named) =>
        {
            var inner = new Scope(scope);
            for (var i = 0; i < parameters.Count; i++)
                inner[parameters[i].Name] = i < a.Count ? a[i]
                    : named.TryGetValue(parameters[i].Name, out var value) ? value
                    : parameters[i].Default?.Invoke(inner) ?? new Undefined(parameters[i].Name);
            if (inner.Depth > JinjaReader.MaxDepth) throw new LabException("chat template: macros call each other too deeply");
            var text = new StringBuilder();
            body(inner, text);
            return text.ToString();
        }));
    }

    private List<string> Names()
    {
        var names = new List<string>();
        var parenthesis = _reader.TryTake("(");
        do
        {
            if (_reader.Current.Kind != TokenKind.Name) throw _reader.Error($"a name is expected, not '{_reader.Current.Text}'");
            names.Add(_reader.Take().Text);
        }
        while (_reader.TryTake(","));
        if (parenthesis) _reader.ExpectText(")");
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
        if (parts.Count != names.Count)
            throw new LabException($"chat template: {parts.Count} values for the names {string.Join(", ", names)}");
        for (var i = 0; i < names.Count; i++) scope[names[i]] = parts[i];
    }

    private static Statement Always(Action<Scope, StringBuilder> action) => (scope, output) =>
    {
        action(scope, output);
        return Flow.Next;
    };

    private void End(string name)
    {
        _reader.Expect(TokenKind.BeginStatement);
        _reader.ExpectText(name);
        _reader.Expect(TokenKind.EndStatement);
    }
}
