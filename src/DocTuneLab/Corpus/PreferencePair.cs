using DocTuneLab.Conversations;
using DocTuneLab.Text;

namespace DocTuneLab.Corpus;

/// <summary>An answer that was refused and the one that took its place.</summary>
/// <param name="Prompt">Turns up to the user's.</param>
/// <param name="Chosen">The better answer.</param>
/// <param name="Rejected">The worse one.</param>
/// <param name="Reason">Why it is worse, such as the compiler's message.</param>
public sealed record PreferencePair(IReadOnlyList<Message> Prompt, string Chosen, string Rejected, string Reason)
{
    /// <summary>Content hash.</summary>
    public string Id => ContentHash.Of([.. Prompt.Select(m => m.Content), Chosen, Rejected]);
}
