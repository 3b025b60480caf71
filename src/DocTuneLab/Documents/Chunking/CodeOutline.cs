using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Documents.Chunking;

/// <summary>Where a code block of a page may be cut, and what a part of it needs before it.</summary>
/// <param name="text">The page.</param>
/// <param name="start">Start of the block's first line.</param>
/// <param name="end">End of the block.</param>
internal sealed class CodeOutline(string text, int start, int end)
{
    private static readonly CSharpParseOptions s_script = new(LanguageVersion.Preview, kind: SourceCodeKind.Script);
    private readonly string _fence = Fence(text, start, end);

    private bool IsCSharp => _fence.TrimStart('`', '~').Trim() is var info
        && info.Split(' ', ',', ':', '{')[0].ToLowerInvariant() is "csharp" or "cs" or "c#";

    private int Body => _fence.Length == 0 ? start : Math.Min(end, MarkdownText.LineEnd(text, start) + 1);

    /// <summary>The block in parts that may stand apart: statements, members, and what these are made of; of other languages, what a blank
    /// line parts. The fence goes with the first of them. One part, where nothing may be cut.</summary>
    public IReadOnlyList<BlockTree.Node> Parts()
    {
        if (IsCSharp && !text.AsSpan(Body, end - Body).TrimStart().StartsWith(">"))
        {
            var unit = CSharpSyntaxTree.ParseText(text[Body..end], s_script).GetCompilationUnitRoot();
            return WithFence(Nodes(unit.Usings.Take(1).Concat<SyntaxNode>(unit.Members), start));
        }
        var parts = new List<BlockTree.Node>();
        var isBlank = false;
        for (var line = Body; line < end; line = MarkdownText.LineEnd(text, line) + 1)
        {
            var blank = text.AsSpan(line, Math.Min(end, MarkdownText.LineEnd(text, line)) - line).IsWhiteSpace();
            if (isBlank && !blank) parts.Add(new(line, BlockTree.Kind.Other, []));
            isBlank = blank;
        }
        return WithFence([new(Body, BlockTree.Kind.Other, []), .. parts]);
    }

    /// <summary>What a part that begins here needs: the fence with its language, the usings, and the line that encloses it, or else the one
    /// before it; the fullest of these that fits first. None where the block is not fenced.</summary>
    public IEnumerable<string> HeadersAt(int position)
    {
        if (_fence.Length == 0) yield break;
        var usings = IsCSharp
            ? string.Concat(CSharpSyntaxTree.ParseText(text[Body..end], s_script).GetCompilationUnitRoot().Usings
                .Where(u => Body + u.Span.End <= position).Select(u => u.ToString() + "\n"))
            : "";
        var before = Enclosing(position);
        if (before.Length > 0) yield return _fence + usings + before;
        if (usings.Length > 0) yield return _fence + usings;
        yield return _fence;
    }

    private List<BlockTree.Node> Nodes(IEnumerable<SyntaxNode> nodes, int after)
    {
        var list = new List<BlockTree.Node>();
        foreach (var node in nodes)
        {
            // A comment belongs to what stands below it.
            var at = Body + node.FullSpan.Start;
            while (at < end && char.IsWhiteSpace(text[at])) at++;
            at = MarkdownText.LineStart(text, at);
            if (at <= after) continue;
            after = at;
            list.Add(new(at, BlockTree.Kind.Other, Nodes(Inner(node), at)));
        }
        return list;
    }

    private static IEnumerable<SyntaxNode> Inner(SyntaxNode node) => node switch
    {
        BaseNamespaceDeclarationSyntax n => n.Members,
        TypeDeclarationSyntax t => t.Members,
        GlobalStatementSyntax g => Inner(g.Statement),
        BaseMethodDeclarationSyntax { Body: { } body } => body.Statements,
        LocalFunctionStatementSyntax { Body: { } body } => body.Statements,
        BlockSyntax block => block.Statements,
        StatementSyntax s => s.ChildNodes().SelectMany(c => c switch
        {
            BlockSyntax b => b.Statements,
            ElseClauseSyntax or CatchClauseSyntax or FinallyClauseSyntax => c.ChildNodes().OfType<StatementSyntax>()
                .SelectMany(i => i is BlockSyntax b ? b.Statements : (IEnumerable<StatementSyntax>)[i]),
            _ => (IEnumerable<SyntaxNode>)[],
        }),
        _ => [],
    };

    // The first part begins with the fence.
    private List<BlockTree.Node> WithFence(List<BlockTree.Node> parts) => parts.Count == 0
        ? [new(start, BlockTree.Kind.Other, [])]
        : [parts[0] with { Start = start }, .. parts.Skip(1)];

    private string Enclosing(int position)
    {
        var indent = Indent(position);
        var nearest = "";
        for (var line = position; line > Body;)
        {
            line = MarkdownText.LineStart(text, line - 1);
            var its = text[line..MarkdownText.LineEnd(text, line)];
            if (!its.Any(char.IsLetterOrDigit) || its.TrimStart().StartsWith("using ", StringComparison.Ordinal)) continue;
            if (nearest.Length == 0) nearest = its + "\n";
            if (Indent(line) < indent) return its + "\n";
        }
        return nearest;

        int Indent(int line)
        {
            var at = line;
            while (at < end && text[at] is ' ' or '\t') at++;
            return at - line;
        }
    }

    private static string Fence(string text, int start, int end)
    {
        var line = text[start..Math.Min(end, MarkdownText.LineEnd(text, start))].Trim(' ', '\t', '>');
        return line.StartsWith("```", StringComparison.Ordinal) || line.StartsWith("~~~", StringComparison.Ordinal) ? line + "\n" : "";
    }
}
