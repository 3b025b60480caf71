using DocTuneLab.Conversations.Jinja.Library;
using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja;

/// <summary>An expression, ready to be evaluated.</summary>
internal delegate object? JinjaExpression(Scope scope);

/// <summary>Reads expressions, weakest operator first, into what evaluates them.</summary>
internal sealed class Expressions
{
    private readonly JinjaReader _reader;

    public Expressions(JinjaReader reader)
    {
        _reader = reader;
        Operands = new Operands(reader, this);
    }

    /// <summary>What operators stand between.</summary>
    public Operands Operands { get; }

    /// <summary>An expression, or several with commas between, which make a tuple.</summary>
    public JinjaExpression Tuple() => Tuple(Condition);

    /// <summary>The same without conditions: what <c>if</c> asks for and a loop goes over.</summary>
    public JinjaExpression TupleWithoutCondition() => Tuple(Or);

    /// <summary>An expression, a condition within it included.</summary>
    public JinjaExpression Condition()
    {
        _reader.Enter("an expression is nested too deeply");
        var value = Or();
        while (_reader.TryTake("if"))
        {
            var (then, condition) = (value, Or());
            var otherwise = _reader.TryTake("else") ? Condition() : _ => new Undefined("the other branch of an if");
            value = scope => Kinds.Truth(condition(scope)) ? then(scope) : otherwise(scope);
        }
        _reader.Leave();
        return value;
    }

    /// <summary>An expression without a condition.</summary>
    public JinjaExpression Or()
    {
        var left = And();
        while (_reader.TryTake("or"))
        {
            var (a, b) = (left, And());
            left = scope => a(scope) is var value && Kinds.Truth(value) ? value : b(scope);
        }
        return left;
    }

    private JinjaExpression Tuple(Func<JinjaExpression> element)
    {
        var first = element();
        if (!_reader.Current.Is(",")) return first;
        var items = new List<JinjaExpression> { first };
        while (_reader.TryTake(",") && !AtEnd()) items.Add(element());
        return scope => new JinjaTuple([.. items.Select(i => i(scope))]);
    }

    // A comma may stand last.
    private bool AtEnd() => _reader.Current.Kind is TokenKind.EndOutput or TokenKind.EndStatement
        || _reader.Current.Is(")") || _reader.Current.Is("]") || _reader.Current.Is("recursive");

    private JinjaExpression And()
    {
        var left = Not();
        while (_reader.TryTake("and"))
        {
            var (a, b) = (left, Not());
            left = scope => a(scope) is var value && !Kinds.Truth(value) ? value : b(scope);
        }
        return left;
    }

    private JinjaExpression Not()
    {
        if (!_reader.TryTake("not")) return Comparison();
        _reader.Enter("an expression is nested too deeply");
        var inner = Not();
        _reader.Leave();
        return scope => !Kinds.Truth(inner(scope));
    }

    private JinjaExpression Comparison()
    {
        var first = Sum();
        var tests = new List<(string Symbol, JinjaExpression Right)>();
        while (true)
        {
            if (_reader.Current.Is("not") && _reader.Next.Is("in"))
            {
                _reader.Take();
                _reader.Take();
                tests.Add(("not in", Sum()));
            }
            else if (Symbol("==", "!=", "<", "<=", ">", ">=", "in") is { } symbol) tests.Add((symbol, Sum()));
            else break;
        }
        if (tests.Count == 0) return first;
        return scope =>
        {
            var left = first(scope);
            foreach (var (symbol, right) in tests)
            {
                var value = right(scope);
                if (Operators.Apply(symbol, left, value) is false) return false;
                left = value;
            }
            return true;
        };
    }

    private JinjaExpression Sum() => Chain(Concatenation, "+", "-");

    private JinjaExpression Concatenation() => Chain(Product, "~");

    private JinjaExpression Product() => Chain(Power, "*", "/", "//", "%");

    private JinjaExpression Power() => Chain(Unary, "**");

    // Operators of one strength, from the left (powers, too).
    private JinjaExpression Chain(Func<JinjaExpression> operand, params string[] symbols)
    {
        var left = operand();
        while (Symbol(symbols) is { } symbol)
        {
            var (a, b) = (left, operand());
            left = scope => Operators.Apply(symbol, a(scope), b(scope));
        }
        return left;
    }

    private JinjaExpression Unary() => Operands.Filtered(Signed());

    private JinjaExpression Signed()
    {
        if (Symbol("-", "+") is not { } sign) return Operands.Read();
        _reader.Enter("an expression is nested too deeply");
        var inner = Signed();
        _reader.Leave();
        return sign == "-" ? scope => Numbers.Negate(inner(scope))
            : scope => inner(scope) is var value && Numbers.IsWhole(value) ? Numbers.Whole(Numbers.Big(value)) : Numbers.Real(value);
    }

    private string? Symbol(params string[] symbols)
    {
        var symbol = Array.Find(symbols, s => _reader.Current.Is(s));
        if (symbol is not null) _reader.Take();
        return symbol;
    }
}
