using DocTuneLab.Tokenization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Inference;

/// <summary>An answer that is being written beside others.</summary>
internal sealed class LiveAnswer : IDisposable
{
    private readonly IReadOnlySet<int> _ends;
    private readonly int _limit;
    private readonly TokenChoice _choice;
    private readonly StreamedAnswer _text;
    private readonly GuidedSequence? _guided;
    private readonly TaskCompletionSource<DecodedAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<DecodedToken> _tokens = [];
    private readonly CancellationTokenRegistration _gone;
    private readonly Random _drawing;
    private int _told, _decoded;
    private DecodingEnd _end;

    /// <summary>An answer of which nothing is written.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="stream">Decodes its tokens.</param>
    /// <param name="ends">Tokens that end it.</param>
    /// <param name="limit">Tokens at most.</param>
    /// <param name="cancel">Ends it where it is.</param>
    public LiveAnswer(DecodingRequest request, TokenStream stream, IReadOnlySet<int> ends, int limit, CancellationToken cancel)
    {
        (Request, Cancel, _ends, _limit, _choice) = (request, cancel, ends, limit, new(request));
        _guided = request.Guide is { } guide ? new(guide.Begin(), stream, ends, request.Budget, limit) : null;
        _drawing = new(unchecked(request.Sampling.Seed * 1_000_003));
        _text = new(stream, request.Sampling.Stop, text => Tell(text));
        _gone = cancel.Register(() => _answer.TrySetCanceled(cancel));
    }

    /// <summary>What is asked.</summary>
    public DecodingRequest Request { get; }

    /// <summary>Ends it where it is.</summary>
    public CancellationToken Cancel { get; }

    /// <summary>What comes of it.</summary>
    public Task<DecodedAnswer> Answer => _answer.Task;

    /// <summary>Tokens that it may need in all.</summary>
    public int Room => Request.Prompt.Count + _limit;

    /// <summary>Where in its batch it stands.</summary>
    public int Place { get; set; }

    /// <summary>Whether nothing more is written.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Whether a guide is asked, which takes time.</summary>
    public bool IsGuided => _guided is not null;

    /// <summary>The token that is to be read next.</summary>
    public int NextToken => _guided?.NextToken ?? _tokens[^1].Id;

    /// <summary>Tokens before it.</summary>
    public int Position => Request.Prompt.Count + (_guided?.Position ?? _tokens.Count - 1);

    /// <summary>Goes on by one token.</summary>
    /// <param name="logits">A logit for each token of the vocabulary; may be written to.</param>
    public void Advance(Span<float> logits)
    {
        var next = _choice.Next(logits);
        _decoded++;
        if (_ends.Contains(next.Id))
        {
            End(DecodingEnd.Stop);
            return;
        }
        _tokens.Add(next);
        if (!_text.Add(next.Id)) End(DecodingEnd.Stop);
        else if (_tokens.Count >= _limit) End(DecodingEnd.Length);
    }

    /// <summary>The tokens that the guide is asked about.</summary>
    /// <param name="logits">[1, vocabulary].</param>
    public Func<int, Candidates> Likeliest(Tensor logits) => Request.Sampling.Temperature <= 0
        ? LocalModel.Greedy(logits, Request.Budget.Candidates)[0]
        : LocalModel.Drawn(logits, Request.Sampling, [_drawing], Request.Budget.Candidates)[0];

    /// <summary>Goes on by one token under the guide.</summary>
    public void Advance(Func<int, Candidates> likeliest)
    {
        _guided!.Advance(likeliest);
        Request.OnDecoded?.Invoke(_guided.Decoded);
        IsDone = _guided.IsDone;
        if (IsDone) _end = _guided.Position + 1 >= _limit ? DecodingEnd.Length : DecodingEnd.Stop;
    }

    /// <summary>Hands over what it has become.</summary>
    public void Finish()
    {
        var guided = _guided?.Result;
        if (guided is not null) Request.OnPiece?.Invoke(new(guided.Text, []));
        _answer.TrySetResult(new(guided?.Text ?? _text.Text, _end, _tokens, guided?.Tokens ?? _decoded) { Guided = guided });
    }

    /// <summary>Ends it with an error.</summary>
    public void Fail(Exception error) => _answer.TrySetException(error);

    public void Dispose() => _gone.Dispose();

    private void End(DecodingEnd end)
    {
        (_end, IsDone) = (end, true);
        _text.End();
        // Tokens without text of their own, such as those of a text that ends answers.
        if (_told < _tokens.Count) Tell("");
    }

    private void Tell(string text)
    {
        Request.OnPiece?.Invoke(new(text, _tokens[_told..]));
        _told = _tokens.Count;
    }
}
