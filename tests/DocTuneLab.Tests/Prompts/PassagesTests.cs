using DocTuneLab.Conversations;
using DocTuneLab.Documents.Model;
using DocTuneLab.Prompts;
using DocTuneLab.Text;

namespace DocTuneLab.Tests.Prompts;

/// <summary>Passages as they stand before a request, in samples and in arms with documents alike.</summary>
public class PassagesTests
{
    private static string Shown(string text)
    {
        var chunk = new Chunk
        {
            Id = ContentHash.Of(text),
            DocumentPath = "guide.md",
            Span = new(0, text.Length),
            HeadingPath = ["Guide"],
            Text = text,
            CodeBlocks = [],
            Symbols = [],
            TokenCount = 10,
        };
        return new Passages(_ => [chunk]).Before([Message.User("Shut the gate.")], "gate")[0].Content;
    }

    [Theory]
    [InlineData("Gates.\n\n> [!NOTE]\n> A jammed gate\n> stands still.\n\nThe end.",
        "Gates.\n\nNote: A jammed gate\nstands still.\n\nThe end.")]
    [InlineData("> [!WARNING] Free it first.", "Warning: Free it first.")]
    [InlineData("!!! tip \"For days\"\n    Add them up.", "For days: Add them up.")]
    [InlineData(":::caution\nIt moves.\n:::\nThe end.", "Caution: It moves.\nThe end.")]
    [InlineData("> A plain quotation stays.", "> A plain quotation stays.")]
    [InlineData("```md\n> [!NOTE]\n> code stays\n```", "```md\n> [!NOTE]\n> code stays\n```")]
    public void Callouts_are_plain_text(string page, string shown) => Assert.Equal($"{shown}\n\nShut the gate.", Shown(page));
}
