using DocTuneLab.Library;

namespace DocTuneLab.Corpus;

/// <summary>A piece of C# to be judged.</summary>
/// <param name="Code">The code.</param>
/// <param name="Form">What it is.</param>
/// <param name="Usings">Namespaces in scope besides the implicit ones.</param>
public sealed record CodeToJudge(string Code, CodeForm Form, IReadOnlyList<string> Usings);

/// <summary>The compiler as the generator sees it: many pieces at once, verdicts in their order.</summary>
public interface ICodeJudge
{
    /// <summary>Compiles each piece by itself against the library and the framework.</summary>
    IReadOnlyList<Verdict> Judge(IReadOnlyList<CodeToJudge> pieces, CancellationToken cancel);
}
