using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Library;
using DocTuneLab.Library.Guidance;

namespace DocTuneLab.Tests.Library;

/// <summary>The code that samples teach, in the frames in which it compiles.</summary>
internal static class SampleBodies
{
    /// <summary>Code of the answers, each once: bodies of methods, members with what they are asked for beside them, code with its gap
    /// filled, and what else is fenced and compiles.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="judge">The compiler with their library.</param>
    public static IEnumerable<MethodBody> Of(IEnumerable<Sample> samples, CSharpJudge judge) =>
        samples.SelectMany(s => Of(s, judge)).DistinctBy(b => (b.Frame.Head, b.Frame.Context, string.Join(';', b.Frame.Usings), b.Body));

    private static IEnumerable<MethodBody> Of(Sample sample, CSharpJudge judge)
    {
        var where = $"{sample.Kind} {sample.Id[..8]}";
        var draft = SampleDrafts.Of(sample, judge.LibraryNamespaces);
        if (draft.Code is { } code)
            return [draft.Body is not { } body ? new(where, GuideFrame.Members(code.Usings), code.Code)
                : Before(code.Code, $"\n{{\n{body}\n}}") is { } signature ? new(where, GuideFrame.Body(signature, code.Usings), body)
                : Before(code.Code, $"\n\n{body}") is { } asked ? new(where, GuideFrame.Members(code.Usings, asked), body)
                : new(where, GuideFrame.Members(code.Usings), code.Code)];
        var usings = sample.Provenance?.Usings ?? judge.LibraryNamespaces;
        (CodeForm Form, GuideFrame Frame)[] ways =
        [
            (CodeForm.Members, GuideFrame.Members(usings)),
            (CodeForm.Statements, GuideFrame.Body("public static async Task Show()", usings)),
        ];
        return SampleCode.Of([sample.Messages[^1]]).SelectMany(piece => ways.Where(w => judge.Judge(piece, w.Form, usings).Compiles)
            .Take(1).Select(w => new MethodBody(where, w.Frame, piece)));
    }

    private static string? Before(string code, string end) => code.EndsWith(end, StringComparison.Ordinal) ? code[..^end.Length] : null;
}
