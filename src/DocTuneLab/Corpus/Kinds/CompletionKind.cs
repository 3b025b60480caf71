using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Dialogue;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Prompts;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>Fill in the middle: a method with a gap, and what belongs into it.</summary>
internal sealed class CompletionKind : SampleKindDefinition
{
    private const string Template = "completion.fim";

    /// <inheritdoc/>
    public override SampleKind Kind => SampleKind.Completion;

    /// <inheritdoc/>
    public override AnswerForm Answer => AnswerForm.Gap;

    /// <inheritdoc/>
    public override double? StructuralShare => 0.04;

    /// <inheritdoc/>
    public override double? HostedShare => 0.06;

    /// <inheritdoc/>
    public override int Turn => 3;

    /// <inheritdoc/>
    public override Draft? Draft(DraftingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.NextMethod() is { } method ? Gapped(method, context.Index, context.Random) : null;
    }

    /// <summary>Made of a method at hand; no model is asked.</summary>
    public override Task<Draft> WriteAsync(WritingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var draft = Gapped(context.NextMethod(), context.Desk.Index, context.Random)
            ?? throw new NoAnswerException("nothing to complete");
        return Task.FromResult(draft with { Provenance = context.Provenance });
    }

    // The gap is where a node of the method's syntax stood: a member's name, arguments, an expression, a statement or a block.
    private Draft? Gapped(CodeDraft method, ApiIndex index, Random random)
    {
        var code = $"// {method.Instruction}\n{method.Method}";
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
        var user = PromptLibrary.Default[Template].Render(
            new Dictionary<string, string> { ["prefix"] = code[..span.Start], ["suffix"] = code[span.End..] });
        var answer = code.Substring(span.Start, span.Length);
        return method.Sample(Kind, [Message.User(user), Message.Assistant(answer)], method.Instruction, Template);
    }
}
