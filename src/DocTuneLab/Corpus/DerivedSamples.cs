using DocTuneLab.Corpus.Code;
using DocTuneLab.Library;
using DocTuneLab.Prompts;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace DocTuneLab.Corpus;

/// <summary>Samples made from a method: its explanation, the method with a gap, the method with a mistake; and names that do not exist.</summary>
internal sealed class DerivedSamples(ApiIndex index)
{
    private static readonly HashSet<string> Inherited = new(StringComparer.Ordinal) { "ToString", "Equals", "GetHashCode", "GetType", "ReferenceEquals", "Finalize", "MemberwiseClone" };

    public Candidate Explain(CodeDraft draft, CorpusOptions options, Random random)
    {
        var code = random.Next(2) == 0 ? draft.Body : draft.Method;
        return new Candidate
        {
            Kind = SampleKind.Explain,
            Source = draft.Recipe,
            Messages = [Message.User(PromptLibrary.Default["explain.plain"].Render(new Dictionary<string, string> { ["code"] = code })), Message.Assistant(draft.Meaning)],
            Prompt = draft.Meaning,
            Code = draft.Body,
            Symbols = draft.Symbols,
            Good = new CodeToJudge(draft.Method, CodeForm.Members, draft.Usings),
        };
    }

    public Candidate? Completion(CodeDraft draft, Random random)
    {
        var code = $"// {draft.Instruction}\n{draft.Method}";
        var root = SyntaxFactory.ParseCompilationUnit(code);
        var spans = new List<TextSpan>();
        foreach (var node in root.DescendantNodes())
        {
            if (node is MemberAccessExpressionSyntax access && index.MemberNames.Contains(access.Name.Identifier.Text)) { spans.Add(access.Name.Span); spans.Add(access.Name.Span); }
            if (node is ArgumentListSyntax { Arguments.Count: > 0 } arguments) spans.Add(TextSpan.FromBounds(arguments.OpenParenToken.Span.End, arguments.CloseParenToken.SpanStart));
            if (node is ReturnStatementSyntax { Expression: { } expression }) spans.Add(expression.Span);
        }
        if (spans.Count == 0) return null;
        var span = spans[random.Next(spans.Count)];
        var user = PromptLibrary.Default["completion.fim"].Render(new Dictionary<string, string> { ["prefix"] = code[..span.Start], ["suffix"] = code[span.End..] });
        return new Candidate
        {
            Kind = SampleKind.Completion,
            Source = draft.Recipe,
            Messages = [Message.User(user), Message.Assistant(code.Substring(span.Start, span.Length))],
            Prompt = draft.Instruction,
            Code = draft.Body,
            Symbols = draft.Symbols,
            Good = new CodeToJudge(draft.Method, CodeForm.Members, draft.Usings),
        };
    }

    public Candidate? Repair(CodeDraft draft, Random random)
    {
        if (Break(draft, random) is not { } wrong) return null;
        return new Candidate
        {
            Kind = SampleKind.Repair,
            Source = draft.Recipe,
            Prompt = draft.Instruction,
            Code = draft.Body,
            Symbols = draft.Symbols,
            Good = new CodeToJudge(draft.Method, CodeForm.Members, draft.Usings),
            Bad = new CodeToJudge(CodeDraft.Compose(draft.Signature, wrong), CodeForm.Members, draft.Usings),
            Complete = error => [Message.User(PromptLibrary.Default["repair.plain"].Render(new Dictionary<string, string>
            {
                ["signature"] = draft.Signature, ["body"] = wrong, ["diagnostic"] = $"{error.Id}: {error.Message.Split(" (are you missing")[0].Split(" and no accessible extension")[0]}",
            })), Message.Assistant(AnswerFormat.Code(draft.Body))],
        };
    }

    // A body with one mistake of the kinds that models make: an invented name, a forgotten argument, a property called.
    private string? Break(CodeDraft draft, Random random)
    {
        var body = draft.Body;
        var root = SyntaxFactory.ParseCompilationUnit(body);
        var edits = new List<(TextSpan Span, string Text)>();
        foreach (var access in root.DescendantNodes().OfType<MemberAccessExpressionSyntax>())
        {
            var name = access.Name.Identifier;
            if (!index.MemberNames.Contains(name.Text)) continue;
            foreach (var other in Misspellings(name.Text, random)) edits.Add((name.Span, other));
            if (access.Parent is not InvocationExpressionSyntax && access.Parent is not AssignmentExpressionSyntax) edits.Add((new TextSpan(access.Span.End, 0), "()"));
        }
        foreach (var list in root.DescendantNodes().OfType<ArgumentListSyntax>().Where(l => l.Arguments.Count > 0))
        {
            var last = list.Arguments[^1];
            edits.Add((TextSpan.FromBounds(list.Arguments.Count > 1 ? list.Arguments[^2].Span.End : last.SpanStart, last.Span.End), ""));
        }
        if (edits.Count == 0) return null;
        var edit = edits[random.Next(edits.Count)];
        return string.Concat(body.AsSpan(0, edit.Span.Start), edit.Text, body.AsSpan(edit.Span.End));
    }

    private IEnumerable<string> Misspellings(string name, Random random)
    {
        IEnumerable<string> all =
        [
            name.EndsWith("Async", StringComparison.Ordinal) ? name[..^5] : name + "Async", name.StartsWith("Get", StringComparison.Ordinal) && name.Length > 3 ? name[3..] : "Get" + name,
            name.EndsWith('s') ? name[..^1] : name + "s", Recombined(name, random) ?? name,
        ];
        return all.Where(n => !index.MemberNames.Contains(n) && SyntaxFacts.IsValidIdentifier(n));
    }

    /// <summary>A plausible member that the type lacks, and the nearest that it has.</summary>
    public (string Name, MemberEntry Nearest)? Invent(MemberEntry member, Random random)
    {
        var named = member.Owner.Members.Where(m => m.Symbol.Kind is not (ApiKind.Constructor or ApiKind.Operator or ApiKind.Indexer)).ToList();
        if (named.Count == 0 || member.Symbol.Kind is ApiKind.Constructor or ApiKind.Operator or ApiKind.Indexer || member.Symbol.Obsolete is not null) return null;
        for (var i = 0; i < 8; i++)
        {
            var candidates = random.Next(3) == 0 ? Misspellings(member.Symbol.Name, random).ToList() : Recombined(member.Symbol.Name, random) is { } r ? [r] : [];
            if (candidates.Count == 0) continue;
            var name = candidates[random.Next(candidates.Count)];
            if (index.MemberNames.Contains(name) || Inherited.Contains(name) || index.Types.Any(t => t.Path == name)) continue;
            return (name, named.Where(m => m.Symbol.Obsolete is null).MinBy(m => (Distance(m.Symbol.Name, name), m.Symbol.Name)) ?? member);
        }
        return null;
    }

    // First words of one name with the last word of another: looks like the library's own, and is not.
    private string? Recombined(string name, Random random)
    {
        var own = Prose.Words(name).Split(' ');
        var other = Prose.Words(index.Members[random.Next(index.Members.Count)].Symbol.Name.Split('.')[^1]).Split(' ');
        IEnumerable<string> words = own.Length > 1 ? own[..^1].Append(other[^1]) : random.Next(2) == 0 ? own.Append(other[^1]) : other[..1].Concat(own);
        var text = string.Concat(words.Where(w => w.Length > 0).Select(Prose.UpperFirst));
        return SyntaxFacts.IsValidIdentifier(text) && text != name && !index.MemberNames.Contains(text) && !Inherited.Contains(text) ? text : null;
    }

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                (diagonal, row[j]) = (row[j], cost);
            }
        }
        return row[^1];
    }
}
