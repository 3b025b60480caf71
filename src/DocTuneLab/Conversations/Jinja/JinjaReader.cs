namespace DocTuneLab.Conversations.Jinja;

/// <summary>Walks through the tokens of a template.</summary>
internal sealed class JinjaReader(IReadOnlyList<Token> tokens)
{
    /// <summary>Blocks, expressions and calls may stand within each other so often.</summary>
    public const int MaxDepth = 200;

    private readonly IReadOnlyList<Token> _tokens = tokens;
    private int _at, _nesting;

    /// <summary>The token that comes next.</summary>
    public Token Current => _tokens[_at];

    /// <summary>The one after it.</summary>
    public Token Next => _tokens[_at + 1];

    /// <summary>Goes a level deeper.</summary>
    /// <param name="what">Said where that is too deep.</param>
    public void Enter(string what)
    {
        if (++_nesting > MaxDepth) throw Error(what);
    }

    /// <summary>Comes back from it.</summary>
    public void Leave() => _nesting--;

    /// <summary>The token that comes next, which must not be the end.</summary>
    public Token Take() => _tokens[_at].Kind == TokenKind.End ? throw Error("it ends too early") : _tokens[_at++];

    /// <summary>Takes a name or operator if it comes next.</summary>
    public bool TryTake(string text)
    {
        if (!Current.Is(text)) return false;
        _at++;
        return true;
    }

    /// <summary>Takes a token of a kind.</summary>
    /// <exception cref="LabException">Another comes next.</exception>
    public void Expect(TokenKind kind) => Expect(kind, out _);

    /// <summary>Takes a token of a kind, and tells its text.</summary>
    /// <exception cref="LabException">Another comes next.</exception>
    public void Expect(TokenKind kind, out string text)
    {
        (var token, text) = (Take(), "");
        if (token.Kind != kind)
        {
            _at--;
            throw Error($"'{token.Text}' is not expected here");
        }
        text = token.Text;
    }

    /// <summary>Takes a name or operator.</summary>
    /// <exception cref="LabException">Another comes next.</exception>
    public void ExpectText(string text)
    {
        if (!TryTake(text)) throw Error($"'{text}' is expected, not '{Current.Text}'");
    }

    /// <summary>What is wrong, with the line.</summary>
    public LabException Error(string what) => new($"chat template, line {_tokens[Math.Min(_at, _tokens.Count - 1)].Line}: {what}");
}
