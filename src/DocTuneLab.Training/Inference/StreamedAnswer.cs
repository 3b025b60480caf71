using System.Text;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Training.Inference;

/// <summary>The text of a growing answer, cut at the first stop string; text that may yet turn out to begin one is held back.</summary>
/// <param name="tokens">Decodes its tokens.</param>
/// <param name="stops">Stop strings.</param>
/// <param name="onText">Called with text that is certain, or null.</param>
internal sealed class StreamedAnswer(TokenStream tokens, IReadOnlyList<string> stops, Action<string>? onText)
{
    private readonly StringBuilder _text = new();
    private int _reported;
    private bool _ended;

    public string Text => _text.ToString();

    /// <summary>Adds a token; false once a stop string is complete.</summary>
    public bool Add(int id) => Append(tokens.Add(id));

    /// <summary>Lets out what was held back.</summary>
    public void End()
    {
        if (!_ended) Append(tokens.End());
        _ended = true;
        Report(_text.Length);
    }

    private bool Append(string text)
    {
        if (text.Length == 0) return true;
        var before = _text.Length;
        _text.Append(text);
        var whole = _text.ToString();
        var from = Math.Max(0, before - stops.Select(s => s.Length).DefaultIfEmpty(0).Max());
        var cut = stops.Where(s => s.Length > 0).Select(s => whole.IndexOf(s, from, StringComparison.Ordinal)).Where(i => i >= 0)
            .DefaultIfEmpty(-1).Min();
        if (cut >= 0)
        {
            _text.Length = cut;
            _ended = true;
            return false;
        }
        Report(whole.Length - stops.Select(s => Enumerable.Range(1, Math.Max(0, Math.Min(s.Length - 1, whole.Length)))
            .LastOrDefault(n => whole.EndsWith(s[..n], StringComparison.Ordinal))).DefaultIfEmpty(0).Max());
        return true;
    }

    private void Report(int to)
    {
        if (to <= _reported) return;
        onText?.Invoke(_text.ToString(_reported, to - _reported));
        _reported = to;
    }
}
