using System.Collections.Concurrent;
using DocTuneLab.Endpoints.Exchange;

namespace DocTuneLab.Tests.Prompts.Loopback;

/// <summary>A journal that forgets when the test ends.</summary>
public sealed class MemoryJournal : IAnswerJournal
{
    public ConcurrentDictionary<string, KeptAnswer> Answers { get; } = new();
    public ConcurrentBag<FailedCall> Failures { get; } = [];

    public string? Find(string key) => Answers.TryGetValue(key, out var kept) ? kept.Raw : null;

    public ValueTask KeepAsync(KeptAnswer answer)
    {
        Answers[answer.Key] = answer;
        return ValueTask.CompletedTask;
    }

    public void Note(FailedCall failed) => Failures.Add(failed);

    public void Discard(FailedCall failed)
    {
        Failures.Add(failed);
        Answers.TryRemove(failed.Key, out _);
    }
}
