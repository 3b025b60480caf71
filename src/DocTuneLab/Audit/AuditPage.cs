using System.Text.RegularExpressions;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Audit;

/// <summary>A page as the audit sees it: where things stand, and what is excused.</summary>
internal sealed partial class AuditPage
{
    private readonly Document _document;
    private readonly Dictionary<int, HashSet<string>> _excused = [];

    public AuditPage(Document document, string file)
    {
        (_document, File) = (document, file);
        ReadComments();
    }

    public string File { get; }

    public Document Document => _document;

    /// <summary>Pages that tell of other versions name what is gone on purpose.</summary>
    public bool IsHistory => HistoryPath().IsMatch(_document.Path);

    public int LineOf(int position) => 1 + _document.Text.AsSpan(0, Math.Clamp(position, 0, _document.Text.Length)).Count('\n');

    /// <summary>Line of the page for a one-based line of a block's code.</summary>
    public int LineOf(CodeBlock block, int line)
    {
        var fenced = _document.Text.AsSpan(block.Span.Start, Math.Min(block.Span.Length, 64)).TrimStart() is var text
            && (text.StartsWith("```") || text.StartsWith("~~~") || text.StartsWith(":::"));
        return LineOf(block.Span.Start) + Math.Max(line, 1) - (fenced ? 0 : 1);
    }

    /// <summary>Heading and text of the innermost section around a position.</summary>
    public string SectionAround(int position)
    {
        var section = SectionOf(position);
        return $"{section.Heading}\n{_document.Text.AsSpan(section.Span.Start, section.Span.Length)}";
    }

    /// <summary>The paragraph around a position, or the row of a table, with the heading above.</summary>
    public string ParagraphAround(int position)
    {
        var text = _document.Text;
        var (start, end) = (LineStart(position), LineEnd(position));
        if (!text.AsSpan(start, end - start).TrimStart().StartsWith("|"))
        {
            while (start > 0 && LineStart(start - 1) is var before && !text.AsSpan(before, start - 1 - before).IsWhiteSpace())
                start = before;
            while (end < text.Length && LineEnd(end + 1) is var after && !text.AsSpan(end + 1, after - end - 1).IsWhiteSpace()) end = after;
        }
        return $"{SectionOf(position).Heading}\n{text.AsSpan(start, end - start)}";

        int LineStart(int at) => at <= 0 ? 0 : text.LastIndexOf('\n', at - 1) + 1;
        int LineEnd(int at) => at < text.Length && text.IndexOf('\n', at) is >= 0 and var found ? found : text.Length;
    }

    private Section SectionOf(int position)
    {
        var section = _document.Root;
        while (section.Children.FirstOrDefault(c => c.Span.Start <= position && position < c.Span.End) is { } inner) section = inner;
        return section;
    }

    /// <summary>Whether a comment in the page excuses a rule on a line.</summary>
    public bool Excuses(AuditFinding finding) =>
        _excused.TryGetValue(finding.Line, out var rules)
            && (rules.Count == 0 || rules.Contains(finding.Rule.Id) || rules.Contains(finding.Rule.Name));

    /// <summary>Whether a text speaks of an end: then old names in it are meant to be there.</summary>
    public static bool SpeaksOfTheEnd(string text) => EndWords().IsMatch(text);

    private void ReadComments()
    {
        var lines = _document.Text.Split('\n');
        HashSet<string>? open = null;
        for (var i = 0; i < lines.Length; i++)
        {
            var match = Comment().Match(lines[i]);
            if (!match.Success)
            {
                if (open is not null) Excuse(i + 1, open);
                continue;
            }
            var rules = match.Groups[2].Value.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries)
                .ToHashSet(StringComparer.OrdinalIgnoreCase);
            if (match.Groups[1].Value == "enable") open = null;
            else if (match.Groups[1].Value == "disable") open = rules;
            else
            {
                // The next line, or the whole block that begins there.
                var next = i + 1;
                while (next < lines.Length && string.IsNullOrWhiteSpace(lines[next])) next++;
                var block = _document.CodeBlocks.FirstOrDefault(b => LineOf(b.Span.Start) == next + 1);
                for (var line = next + 1; line <= (block is null ? next + 1 : LineOf(block.Span.End)); line++) Excuse(line, rules);
            }
        }

        void Excuse(int line, HashSet<string> rules)
        {
            if (!_excused.TryGetValue(line, out var known)) _excused[line] = new(rules, StringComparer.OrdinalIgnoreCase);
            else if (rules.Count == 0) known.Clear();
            else if (known.Count > 0) known.UnionWith(rules);
        }
    }

    [GeneratedRegex(@"<!--\s*doctune-audit-(disable-next|disable|enable)\b([^>]*?)-->|\{/\*\s*doctune-audit-(disable-next|disable|"
        + @"enable)\b([^}]*?)\*/\}")]
    private static partial Regex Comment();

    [GeneratedRegex(@"(^|/)(change-?log|changes|history|release-?notes?|releases|migrat\w*|upgrad\w*|breaking\w*|what-?s-?new|"
        + @"v?\d[\w.]*-to-v?\d[\w.]*)[^/]*(/|$)", RegexOptions.IgnoreCase)]
    private static partial Regex HistoryPath();

    [GeneratedRegex(@"obsolete|deprecat|legacy|supersed|replace[ds]|renamed|removed|no longer|old name|formerly|does not "
        + @"exist|CS0618|CS0612|过时|弃用|废弃|移除|删除|改名|不存在", RegexOptions.IgnoreCase)]
    private static partial Regex EndWords();
}
