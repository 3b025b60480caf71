using DocTuneLab.Conversations;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>A method that is asked for, before the compiler has seen it.</summary>
/// <param name="Instruction">What to write.</param>
/// <param name="Signature">Header of the method.</param>
/// <param name="Body">Statements.</param>
/// <param name="Symbols">Documentation ids of the members that it is meant to use.</param>
/// <param name="Usings">Namespaces that it needs.</param>
/// <param name="Recipe">Name of the recipe that wrote it.</param>
/// <param name="Meaning">What it does, as an answer: a sentence from the documentation.</param>
public sealed record CodeDraft(string Instruction, string Signature, string Body, IReadOnlyList<string> Symbols,
    IReadOnlyList<string> Usings, string Recipe, string Meaning)
{
    /// <summary>Chunks that it comes from.</summary>
    public IReadOnlyList<string> Chunks { get; init; } = [];

    /// <summary>Example values for its parameters, several lists of C# expressions; empty where there are none.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Arguments { get; init; } = [];

    /// <summary>Body that is run in the place of <see cref="Body"/>, to see more than it shows: it gives null where what is asked for has
    /// no effect. Null where the body itself is run.</summary>
    public string? Probe { get; init; }

    /// <summary>Whether it is kept only where it was seen to work.</summary>
    public bool MustRun { get; init; }

    /// <summary>Why there are no example values; empty where there are.</summary>
    public string NotRun { get; init; } = "example of others";

    /// <summary>C# that is given with the request, such as an interface; default none.</summary>
    internal string Context { get; init; } = "";

    /// <summary>What the answer declares beside the method, such as a class that it makes; default nothing.</summary>
    internal string Declared { get; init; } = "";

    /// <summary>Method that is run in the place of this one and calls it; null where the method itself is run, or
    /// <see cref="Probe"/>.</summary>
    internal string? Trial { get; init; }

    /// <summary>The method as one declaration.</summary>
    public string Method => Compose(Signature, Body);

    /// <summary>What is answered: the body, or, where something is declared beside the method, both in full.</summary>
    internal string Answer => Declared.Length == 0 ? Body : $"{Signature} => {Body["return ".Length..]}\n\n{Declared}";

    /// <summary>All that is compiled.</summary>
    internal string Code => Declared.Length == 0 ? Method : $"{Context}\n\n{Answer}";

    /// <summary>Signature and body as one declaration.</summary>
    public static string Compose(string signature, string body) =>
        $"{signature}\n{{\n    {body.Replace("\n", "\n    ", StringComparison.Ordinal)}\n}}";

    // What is probed gives an object or null, whatever the method gives.
    private static string Probed(string signature) =>
        $"public static {(signature.Contains(" async ", StringComparison.Ordinal) ? "async Task<object?>" : "object?")} "
            + $"{signature[..signature.IndexOf('(')].Split(' ')[^1]}{signature[signature.IndexOf('(')..]}";

    /// <summary>A sample made from the method, which must compile.</summary>
    /// <param name="kind">What it teaches.</param>
    /// <param name="messages">Turns; empty where the compiler's message is not known yet.</param>
    /// <param name="prompt">Instruction or question without the template.</param>
    /// <param name="template">Name of the template that made the user's turn.</param>
    public Draft Sample(SampleKind kind, IReadOnlyList<Message> messages, string prompt, string template) => new()
    {
        Kind = kind,
        Messages = messages,
        Prompt = prompt,
        Body = Answer,
        Evidence = new Evidence(Chunks, Symbols),
        Code = new CodeToJudge(Code, CodeForm.Members, Usings),
        Program = Arguments.Count > 0 ? new SampleProgram(Trial is not null ? $"{Trial}\n\n{Code}"
            : Probe is not null ? Compose(Probed(Signature), Probe) : Method, Usings, Arguments) : null,
        NotRun = NotRun,
        MustRun = MustRun,
        Grounds = Recipe,
        Provenance = new Provenance("structural", "", [template], "", []),
    };
}
