using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;
using DocTuneLab.Prompts;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;
using Quickenshtein;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>Samples made from a method: its explanation, the method with a gap, the method with a mistake;
/// and names that do not exist.</summary>
internal sealed class DerivedSamples(ApiIndex index)
{
    private readonly Mistakes _mistakes = new(index);
    private readonly InventedNames _names = new(index);

    public static Draft Explain(CodeDraft draft, Random random)
    {
        var code = random.Next(2) == 0 ? draft.Body : draft.Method;
        var template = Prose.IsChinese(draft.Meaning) ? "explain.chinese" : "explain.plain";
        return draft.Sample(SampleKind.Explain,
            [
                Message.User(PromptLibrary.Default[template].Render(new Dictionary<string, string> { ["code"] = code })),
                Message.Assistant(draft.Meaning)
            ],
            code, template);
    }

    /// <summary>The method with a gap where a node of its syntax stood:
    /// a member's name, arguments, an expression, a statement or a block.</summary>
    public Draft? Completion(CodeDraft draft, Random random)
    {
        var code = $"// {draft.Instruction}\n{draft.Method}";
        var root = SyntaxFactory.ParseCompilationUnit(code);
        var spans = new List<TextSpan>();
        foreach (var node in root.DescendantNodes())
            switch (node)
            {
                // What a model must know of the library are names, so they come twice.
                case MemberAccessExpressionSyntax access when index.MemberNames.Contains(access.Name.Identifier.Text):
                    spans.AddRange([access.Name.Span, access.Name.Span]);
                    break;
                case ArgumentListSyntax { Arguments.Count: > 0 } list:
                    spans.Add(TextSpan.FromBounds(list.OpenParenToken.Span.End, list.CloseParenToken.SpanStart));
                    break;
                case ReturnStatementSyntax { Expression: { } expression }: spans.Add(expression.Span); break;
                case EqualsValueClauseSyntax { Parent: VariableDeclaratorSyntax } value: spans.Add(value.Value.Span); break;
                case LambdaExpressionSyntax lambda: spans.Add(lambda.Body.Span); break;
                case StatementSyntax statement when statement is not (BlockSyntax or LocalFunctionStatementSyntax):
                    spans.Add(statement.Span);
                    break;
                case BlockSyntax { Statements.Count: > 0 } block:
                    spans.Add(TextSpan.FromBounds(block.Statements[0].SpanStart, block.Statements[^1].Span.End));
                    break;
            }
        if (spans.Count == 0) return null;
        var span = spans[random.Next(spans.Count)];
        var user = PromptLibrary.Default["completion.fim"].Render(
            new Dictionary<string, string> { ["prefix"] = code[..span.Start], ["suffix"] = code[span.End..] });
        return draft.Sample(SampleKind.Completion, [Message.User(user), Message.Assistant(code.Substring(span.Start, span.Length))],
            draft.Instruction, "completion.fim");
    }

    /// <summary>The method with a mistake that the compiler must find, its message, and the method as it was.</summary>
    public Draft? Repair(CodeDraft draft, Random random)
    {
        if (_mistakes.Break(draft, random) is not { } mistake) return null;
        var template = mistake.MissingUsing is null ? "repair.plain" : "repair.using";
        return draft.Sample(SampleKind.Repair, [], draft.Instruction, template) with
        {
            Grounds = $"{mistake.Kind}: {draft.Recipe}",
            Mistake = mistake.Code,
            MistakeError = mistake.Error,
            Complete = error => [Message.User(PromptLibrary.Default[template].Render(new Dictionary<string, string>
            {
                ["signature"] = draft.Signature, ["body"] = mistake.Body, ["diagnostic"] = CompilerMessage(error),
            })), Message.Assistant(mistake.MissingUsing is { } space ? AnswerFormat.Code($"using {space};") : AnswerFormat.Code(draft.Body))
            ],
        };
    }

    /// <summary>The compiler's message without its advice, which names what a model is to find by itself.</summary>
    public static string CompilerMessage(CodeDiagnostic error) =>
        $"{error.Id}: {error.Message.Split(" (are you missing")[0].Split(" and no accessible extension")[0]}";

    /// <summary>A plausible member that the type lacks, and the nearest that it has.</summary>
    public (string Name, MemberEntry Nearest)? Invent(MemberEntry member, Random random)
    {
        var named = member.Owner.Members.Where(m => m.Symbol.Kind is not (ApiKind.Constructor or ApiKind.Operator or ApiKind.Indexer))
            .ToList();
        if (named.Count == 0
            || member.Symbol.Kind is ApiKind.Constructor or ApiKind.Operator or ApiKind.Indexer
            || member.Symbol.Obsolete is not null)
            return null;
        for (var i = 0; i < 8; i++)
        {
            var candidates = random.Next(3) == 0 ? _names.Misspellings(member.Symbol.Name, random).ToList()
                : _names.Recombined(member.Symbol.Name, random) is { } r ? [r]
                : [];
            if (candidates.Count == 0) continue;
            var name = candidates[random.Next(candidates.Count)];
            if (index.MemberNames.Contains(name) || InventedNames.IsInherited(name) || index.Types.Any(t => t.Path == name)) continue;
            return (name,
                named.Where(m => m.Symbol.Obsolete is null).MinBy(m => (Levenshtein.GetDistance(m.Symbol.Name, name), m.Symbol.Name))
                    ?? member);
        }
        return null;
    }
}
