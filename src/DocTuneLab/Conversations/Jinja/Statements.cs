using System.Runtime.CompilerServices;
using System.Text;
using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja;

/// <summary>A statement, ready to be run.</summary>
internal delegate Flow Statement(Scope scope, StringBuilder output);

/// <summary>Where a statement leads.</summary>
internal enum Flow { Next, Break, Continue }

/// <summary>Reads statements into what runs them.</summary>
internal sealed class Statements
{
    private readonly HashSet<string> _blocks = new(StringComparer.Ordinal);
    private readonly Loops _loops;
    private readonly Macros _macros;
    // Loops around the statement that is being read, up to the function that it is part of.
    private int _loopsAround;

    public Statements(JinjaReader reader)
    {
        (Reader, Expressions) = (reader, new Expressions(reader));
        (_loops, _macros) = (new Loops(this), new Macros(this));
    }

    public JinjaReader Reader { get; }

    public Expressions Expressions { get; }

    /// <summary>The whole template.</summary>
    public Statement Whole() => Block();

    /// <summary>Statements up to one of <paramref name="ends"/>, which is not taken.</summary>
    public Statement Block(params string[] ends)
    {
        Reader.Enter("blocks are nested too deeply");
        var statements = new List<(int Line, Statement Run)>();
        while (Reader.Current.Kind != TokenKind.End
            && !(Reader.Current.Kind == TokenKind.BeginStatement && ends.Contains(Reader.Next.Text)))
            statements.Add((Reader.Current.Line, One()));
        if (ends.Length > 0 && Reader.Current.Kind == TokenKind.End) throw Reader.Error($"'{ends[^1]}' is missing");
        Reader.Leave();
        return (scope, output) =>
        {
            foreach (var (line, run) in statements)
            {
                var flow = Located(line, run, scope, output);
                if (flow != Flow.Next) return flow;
            }
            return Flow.Next;
        };
    }

    /// <summary>The body of a loop, in which <c>break</c> and <c>continue</c> may stand.</summary>
    public Statement LoopBody(params string[] ends)
    {
        _loopsAround++;
        var body = Block(ends);
        _loopsAround--;
        return body;
    }

    /// <summary>The body of what is evaluated as a whole, with names of its own.</summary>
    public Func<Scope, string> Text(string end)
    {
        var around = _loopsAround;
        _loopsAround = 0;
        var body = Block(end);
        End(end);
        _loopsAround = around;
        return scope =>
        {
            var text = new StringBuilder();
            body(scope, text);
            return text.ToString();
        };
    }

    /// <summary>The tag that ends a block.</summary>
    public void End(string name)
    {
        Reader.Expect(TokenKind.BeginStatement);
        Reader.ExpectText(name);
        Reader.Expect(TokenKind.EndStatement);
    }

    public static Statement Always(Action<Scope, StringBuilder> action) => (scope, output) =>
    {
        action(scope, output);
        return Flow.Next;
    };

    private static Flow Located(int line, Statement run, Scope scope, StringBuilder output)
    {
        try
        {
            RuntimeHelpers.EnsureSufficientExecutionStack();
            var flow = run(scope, output);
            return output.Length <= Strings.MaxLength ? flow : throw Refusal.Of($"it writes more than {Strings.MaxLength} characters");
        }
        catch (LabException e) when (e.Message.StartsWith(Refusal.Prefix, StringComparison.Ordinal))
        {
            throw new LabException($"chat template, line {line}: {e.Message[Refusal.Prefix.Length..]}", e);
        }
        catch (InsufficientExecutionStackException e)
        {
            throw new LabException($"chat template, line {line}: macros, loops or values are nested too deeply", e);
        }
    }

    private Statement One()
    {
        var token = Reader.Take();
        if (token.Kind == TokenKind.Text) return Always((_, output) => output.Append(token.Text));
        if (token.Kind == TokenKind.BeginOutput) return Output();
        var name = Reader.Take().Text;
        switch (name)
        {
            case "print": return Print();
            case "if": return If();
            case "for": return _loops.Read();
            case "set": return Set();
            case "with": return With();
            case "filter": return Filter();
            case "block": return NamedBlock();
            case "macro": return _macros.Macro();
            case "call": return _macros.Call();
            case "generation": return _macros.Generation();
            case "break" or "continue":
                if (_loopsAround == 0) throw Reader.Error($"'{name}' stands in no loop");
                Reader.Expect(TokenKind.EndStatement);
                return (_, _) => name == "break" ? Flow.Break : Flow.Continue;
            case "else" or "elif" or ['e', 'n', 'd', ..]: throw Reader.Error($"'{name}' has no beginning here");
            default: throw Reader.Error($"the statement '{name}' is not supported");
        }
    }

    private Statement Output()
    {
        var expression = Expressions.Tuple();
        Reader.Expect(TokenKind.EndOutput);
        return Always((scope, output) => output.Append(PythonText.Of(expression(scope))));
    }

    private Statement Print()
    {
        var values = new List<JinjaExpression>();
        do values.Add(Expressions.Condition());
        while (Reader.TryTake(","));
        Reader.Expect(TokenKind.EndStatement);
        return Always((scope, output) =>
        {
            foreach (var value in values) output.Append(PythonText.Of(value(scope)));
        });
    }

    private Statement If()
    {
        var condition = Expressions.TupleWithoutCondition();
        Reader.Expect(TokenKind.EndStatement);
        var then = Block("elif", "else", "endif");
        Statement? otherwise = null;
        Reader.Take();
        var word = Reader.Take().Text;
        if (word == "elif")
        {
            Reader.Enter("conditions follow each other too often");
            otherwise = If();
            Reader.Leave();
        }
        else
        {
            Reader.Expect(TokenKind.EndStatement);
            if (word == "else")
            {
                otherwise = Block("endif");
                End("endif");
            }
        }
        return (scope, output) => Kinds.Truth(condition(scope)) ? then(scope, output) : otherwise?.Invoke(scope, output) ?? Flow.Next;
    }

    private Statement Set()
    {
        var target = Target.Read(Reader, fields: true);
        if (Reader.TryTake("="))
        {
            var value = Expressions.Tuple();
            Reader.Expect(TokenKind.EndStatement);
            return Always((scope, _) => target.Bind(scope, value(scope)));
        }
        Func<Scope, string>? body = null;
        var filtered = Expressions.Operands.Filters(scope => body!(new Scope(scope)));
        Reader.Expect(TokenKind.EndStatement);
        body = Text("endset");
        return Always((scope, _) => target.Bind(scope, filtered(scope)));
    }

    private Statement Filter()
    {
        Func<Scope, string>? body = null;
        var filtered = Expressions.Operands.Filters(scope => body!(new Scope(scope)), first: true);
        Reader.Expect(TokenKind.EndStatement);
        body = Text("endfilter");
        return Always((scope, output) => output.Append(PythonText.Of(filtered(scope))));
    }

    private Statement With()
    {
        var values = new List<(Target Target, JinjaExpression Value)>();
        while (Reader.Current.Kind != TokenKind.EndStatement)
        {
            if (values.Count > 0) Reader.ExpectText(",");
            var target = Target.Read(Reader, fields: false);
            Reader.ExpectText("=");
            values.Add((target, Expressions.Condition()));
        }
        Reader.Expect(TokenKind.EndStatement);
        var body = Block("endwith");
        End("endwith");
        return (scope, output) =>
        {
            var inner = new Scope(scope);
            foreach (var (target, value) in values.ConvertAll(v => (v.Target, v.Value(scope)))) target.Bind(inner, value);
            return body(inner, output);
        };
    }

    // A block of a template that nothing extends: its text stands where it is, and it sees what stands outside of all blocks.
    private Statement NamedBlock()
    {
        Reader.Expect(TokenKind.Name, out var name);
        if (!_blocks.Add(name)) throw Reader.Error($"the block '{name}' is there twice");
        var scoped = Reader.TryTake("scoped");
        Reader.Expect(TokenKind.EndStatement);
        var around = _loopsAround;
        _loopsAround = 0;
        var body = Block("endblock");
        _loopsAround = around;
        Reader.Expect(TokenKind.BeginStatement);
        Reader.ExpectText("endblock");
        Reader.TryTake(name);
        Reader.Expect(TokenKind.EndStatement);
        return (scope, output) => body(new Scope(scoped ? scope : scope.Top), output);
    }
}
