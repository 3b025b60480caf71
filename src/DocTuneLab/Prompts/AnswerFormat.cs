namespace DocTuneLab.Prompts;

/// <summary>
/// The one form of an assistant's turn, in training and in evaluation alike.
/// <list type="bullet">
/// <item>Code: a single <c>```csharp</c> fence that holds the body of the asked method, statements only, not indented, no
/// braces around it and no prose beside it. Where a class is asked for as well, the fence holds the method with its header and the class
/// behind it.</item>
/// <item>A closed question: the answer itself and nothing else (an identifier, literal, type or list), without backticks and
/// without a full stop. A member is <c>Tank.Level</c>; where the question names its type, <c>Level</c>.</item>
/// <item>An open question: one sentence or two that begin with the answer; code names in backticks.</item>
/// <item>Fill in the middle: the missing text alone.</item>
/// </list>
/// </summary>
public static class AnswerFormat
{
    /// <summary>The assistant's turn for a method body.</summary>
    public static string Code(string body) => $"```csharp\n{body.Trim()}\n```";

    /// <summary>The body in a turn made by <see cref="Code"/>; null where the text is no such turn.</summary>
    public static string? BodyOf(string answer)
    {
        const string Open = "```csharp\n", Close = "\n```";
        var text = answer.Trim();
        return text.StartsWith(Open, StringComparison.Ordinal)
            && text.EndsWith(Close, StringComparison.Ordinal)
            && text.Length > Open.Length + Close.Length
            ? text[Open.Length..^Close.Length] : null;
    }

    /// <summary>Inputs of a <c>code-task</c> template.</summary>
    /// <param name="instruction">What to write.</param>
    /// <param name="signature">Header of the method.</param>
    /// <param name="context">C# shown before the method, or empty.</param>
    /// <param name="library">Name of the library, for templates that mention it.</param>
    public static IReadOnlyDictionary<string, string> CodeInputs(string instruction, string signature, string context = "",
        string library = "") =>
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["instruction"] = instruction,
            ["signature"] = signature,
            ["context"] = context,
            ["library"] = library
        };

    /// <summary>Inputs of a <c>doc-qa</c> template.</summary>
    /// <param name="question">The question.</param>
    /// <param name="library">Name of the library, for templates that mention it.</param>
    public static IReadOnlyDictionary<string, string> QaInputs(string question, string library = "") =>
        new Dictionary<string, string>(StringComparer.Ordinal) { ["question"] = question, ["library"] = library };
}
