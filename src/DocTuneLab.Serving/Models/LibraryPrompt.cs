using System.Text.Json;
using DocTuneLab.Conversations;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library.Guidance;
using DocTuneLab.Prompts;
using DocTuneLab.Serving.Knowledge;
using DocTuneLab.Serving.Protocol;

namespace DocTuneLab.Serving.Models;

/// <summary>What the library adds to a conversation: passages of its pages, and the compiler as guide.</summary>
/// <param name="knowledge">What is known; null where nothing is.</param>
internal sealed class LibraryPrompt(LibraryKnowledge? knowledge)
{
    private const int LongestGuide = 32_768;

    /// <summary>The conversation with passages before its last turn, and which they are; as it is where none are wanted.</summary>
    /// <exception cref="ApiException">There are no pages, or the last turn is no text of a user.</exception>
    public (IReadOnlyList<ChatTurn> Turns, IReadOnlyList<Chunk> Sources) WithPages(IReadOnlyList<ChatTurn> turns, bool? wanted)
    {
        if (wanted != true) return (turns, []);
        if (knowledge?.Search is not { } search)
            throw ApiException.Unsupported("docs", "this server knows no pages: start it with --lab DIR, a lab that has read them.");
        if (turns is not [.., { Role: "user" } last] || ChatPrompt.Text(last.Content, "messages") is not { } question)
            throw ApiException.Invalid("docs", "'docs' puts passages before the user's last turn, and there is none.");
        var (asked, shown) = new Passages(query => [.. search(query, Passages.Candidates).Select(h => h.Chunk)])
            .With([Message.User(question)], question);
        return ([.. turns.SkipLast(1), last with { Content = JsonSerializer.SerializeToElement(asked[^1].Content) }], shown);
    }

    /// <summary>The guide of an answer; null where none is wanted.</summary>
    /// <exception cref="ApiException">No library is known, or what stands around the code does not compile.</exception>
    public IAnswerGuide? Guide(GuideFields? fields)
    {
        if (fields is null) return null;
        if (knowledge is null)
            throw ApiException.Unsupported("guide", "this server knows no library: start it with --lab DIR or --assembly DLL.");
        var (usings, context) = (knowledge.Api.Namespaces, fields.Context ?? "");
        if ((fields.Signature?.Length ?? 0) + context.Length > LongestGuide)
            throw ApiException.Invalid("guide", $"'guide' must have at most {LongestGuide} characters.");
        var guide = new CodeGuide(knowledge.Judge, string.IsNullOrWhiteSpace(fields.Signature)
            ? GuideFrame.File(usings, context) : GuideFrame.Body(fields.Signature.Trim(), usings, context));
        return guide.Problem is { } problem
            ? throw ApiException.Invalid("guide", $"'guide' does not compile: {problem.TrimEnd('.')}.") : new AnswerGuide(guide);
    }
}
