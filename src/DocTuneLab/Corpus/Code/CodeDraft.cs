namespace DocTuneLab.Corpus.Code;

/// <summary>A method that is asked for, before the compiler has seen it.</summary>
/// <param name="Instruction">What to write.</param>
/// <param name="Signature">Header of the method.</param>
/// <param name="Body">Statements.</param>
/// <param name="Symbols">Documentation ids of the members that it is meant to use.</param>
/// <param name="Usings">Namespaces that it needs.</param>
/// <param name="Recipe">Name of the recipe that wrote it.</param>
/// <param name="Meaning">What it does, as an answer: a sentence from the documentation.</param>
internal sealed record CodeDraft(string Instruction, string Signature, string Body, IReadOnlyList<string> Symbols, IReadOnlyList<string> Usings, string Recipe, string Meaning)
{
    /// <summary>Chunks that it comes from.</summary>
    public IReadOnlyList<string> Chunks { get; init; } = [];

    /// <summary>The method as one declaration.</summary>
    public string Method => Compose(Signature, Body);

    /// <summary>Signature and body as one declaration.</summary>
    public static string Compose(string signature, string body) => $"{signature}\n{{\n    {body.Replace("\n", "\n    ", StringComparison.Ordinal)}\n}}";
}
