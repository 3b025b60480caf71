using System.Runtime.CompilerServices;
using System.Threading.Channels;
using DocTuneLab.Serving.Models;
using DocTuneLab.Serving.Protocol;
using DocTuneLab.Training.Inference;
using Microsoft.AspNetCore.Http;

namespace DocTuneLab.Serving.Limits;

/// <summary>Asks the batch, within the limits of the server.</summary>
/// <param name="models">The models.</param>
/// <param name="limits">The limits.</param>
/// <param name="figures">What is counted.</param>
/// <param name="time">The clock.</param>
internal sealed class Answering(ServedModels models, ServerLimits limits, ServerFigures figures, TimeProvider time)
{
    // Often enough to be seen to move, seldom enough to cost nothing.
    private static readonly TimeSpan s_every = TimeSpan.FromMilliseconds(250);

    private int _open;

    /// <summary>The models.</summary>
    public ServedModels Models => models;

    /// <summary>Models for one client that waits for each answer.</summary>
    public static Answering Alone(ServedModels models) => new(models, new(), new(models.Batch), TimeProvider.System);

    /// <summary>Seconds since 1970.</summary>
    public long Now => time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>All answers, once they are whole.</summary>
    /// <exception cref="ApiException">Too many wait already, or it took too long.</exception>
    public async Task<IReadOnlyList<DecodedAnswer>> AllAsync(IReadOnlyList<DecodingRequest> requests, CancellationToken cancel)
    {
        using var place = Place(requests.Count);
        using var limit = Limited(cancel);
        var begun = time.GetTimestamp();
        // What one of them costs the others need not pay.
        var first = 0;
        requests = [.. requests.Select(r => r with
        {
            OnPiece = _ =>
            {
                if (Interlocked.Exchange(ref first, 1) == 0) figures.FirstToken(time.GetElapsedTime(begun));
            },
        })];
        try
        {
            return await Task.WhenAll(requests.Select(r => models.Batch.AskAsync(r, limit.Token)));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw TooLong();
        }
    }

    /// <summary>Work of the compiler, which takes a place as an answer does. What took too long ends by itself later, unheard.</summary>
    /// <exception cref="ApiException">Too many wait already, or it took too long.</exception>
    public async Task<T> WithinAsync<T>(Func<T> work, CancellationToken cancel)
    {
        using var limit = Limited(cancel);
        var place = Place(1);
        var running = Task.Run(work, CancellationToken.None);
        // The place is taken for as long as the processor is.
        _ = running.ContinueWith(_ => place.Dispose(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        try
        {
            return await running.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw TooLong();
        }
    }

    /// <summary>Pieces of all answers as they come, and each answer once it is whole; of guided ones, whose text comes at the end, how many
    /// tokens were decoded meanwhile.</summary>
    /// <exception cref="ApiException">Too many wait already, or it took too long.</exception>
    public async IAsyncEnumerable<AnswerEvent> StreamAsync(
        IReadOnlyList<DecodingRequest> requests, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var place = Place(requests.Count);
        using var limit = Limited(cancel);
        var begun = time.GetTimestamp();
        var pieces = Channel.CreateUnbounded<AnswerEvent>(new() { SingleReader = true });
        var (decoded, told) = (new int[requests.Count], 0L);
        void Decoded(int index, int count)
        {
            decoded[index] = count;
            if (told != 0 && time.GetElapsedTime(told) < s_every) return;
            told = time.GetTimestamp();
            pieces.Writer.TryWrite(new(index) { Decoded = decoded.Sum() });
        }
        var answers = requests.Select(async (request, i) =>
        {
            var whole = await models.Batch.AskAsync(request with
            {
                OnPiece = piece => pieces.Writer.TryWrite(new(i) { Piece = piece }),
                OnDecoded = count => Decoded(i, count),
            }, limit.Token);
            pieces.Writer.TryWrite(new(i) { Whole = whole });
        }).ToList();
        var all = Task.WhenAll(answers).ContinueWith(t => pieces.Writer.TryComplete(t.Exception?.InnerException
            ?? (t.IsCanceled ? new OperationCanceledException() : null)), CancellationToken.None, TaskContinuationOptions.None,
            TaskScheduler.Default);
        var isFirst = true;
        while (await ReadyAsync(pieces.Reader, limit.Token, cancel))
            while (pieces.Reader.TryRead(out var piece))
            {
                if (isFirst && piece.Decoded == 0)
                {
                    figures.FirstToken(time.GetElapsedTime(begun));
                    isFirst = false;
                }
                yield return piece;
            }
        await all;
    }

    private static async Task<bool> ReadyAsync(
        ChannelReader<AnswerEvent> pieces, CancellationToken limit, CancellationToken cancel)
    {
        try
        {
            return await pieces.WaitToReadAsync(limit);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw TooLong();
        }
    }

    private TimeLimit Limited(CancellationToken cancel) => new(limits.Time, time, cancel);

    private static ApiException TooLong() =>
        new(StatusCodes.Status504GatewayTimeout, "The answer took longer than this server allows. Ask for fewer tokens, or later.");

    private Leaving Place(int count)
    {
        if (Interlocked.Add(ref _open, count) <= limits.Queue) return new(this, count);
        Interlocked.Add(ref _open, -count);
        throw new ApiException(StatusCodes.Status429TooManyRequests,
            $"{limits.Queue} answers are asked for already. Try again in a while.", code: "server_busy");
    }

    // By the server's clock, which a linked source alone does not know.
    private sealed class TimeLimit : IDisposable
    {
        private readonly CancellationTokenSource _timed, _either;

        public TimeLimit(TimeSpan limit, TimeProvider time, CancellationToken cancel)
        {
            _timed = new(limit, time);
            _either = CancellationTokenSource.CreateLinkedTokenSource(_timed.Token, cancel);
        }

        public CancellationToken Token => _either.Token;

        public void Dispose()
        {
            _either.Dispose();
            _timed.Dispose();
        }
    }

    private sealed class Leaving(Answering at, int count) : IDisposable
    {
        public void Dispose() => Interlocked.Add(ref at._open, -count);
    }
}
