using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;
using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>Code that uses the library, and what it does.</summary>
internal sealed class ExplainKind : SampleKindDefinition
{
    private const string Template = "generate.explain";

    /// <inheritdoc/>
    public override SampleKind Kind => SampleKind.Explain;

    /// <inheritdoc/>
    public override double? StructuralShare => 0.05;

    /// <inheritdoc/>
    public override double? HostedShare => 0.06;

    /// <inheritdoc/>
    public override int Turn => 4;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Templates => [Template];

    /// <inheritdoc/>
    public override Draft? Draft(DraftingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        // What only reads the names in the code aloud explains nothing.
        if (context.NextMethod() is not { } method || !Prose.SaysMore(method.Meaning, method.Body)) return null;
        var code = context.Random.Next(2) == 0 ? method.Body : method.Method;
        var template = Prose.IsChinese(method.Meaning) ? "explain.chinese" : "explain.plain";
        return method.Sample(Kind, [Asking(template, code), Message.Assistant(method.Meaning)], code, template);
    }

    /// <inheritdoc/>
    public override async Task<Draft> WriteAsync(WritingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var code = context.NextMethod();
        var about = context.EvidenceFor(code.Symbols);
        var said = await context.AskAsync(Template, ("code", code.Method), ("evidence", AnswerText.Untagged(about.Text)));
        return context.Draft(Kind, [Asking("explain.plain", code.Method)], AnswerText.Of(said, "explanation"), code.Method) with
        {
            Code = new CodeToJudge(code.Method, CodeForm.Members, code.Usings),
            EvidenceText = about.Text,
            Evidence = new Evidence(about.Chunks, code.Symbols),
        };
    }

    private static Message Asking(string template, string code) =>
        Message.User(PromptLibrary.Default[template].Render(new Dictionary<string, string> { ["code"] = code }));
}
