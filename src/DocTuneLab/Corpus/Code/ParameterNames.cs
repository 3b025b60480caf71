using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>
/// Names of a method's parameters. They fit the type and what the value means, and vary as the names of many people do: were every name
/// to follow from its type, a model would learn the name by heart instead of reading it in the signature.
/// </summary>
internal static class ParameterNames
{
    // Fit a value of any type.
    private static readonly string[] s_any =
    [
        "source", "target", "current", "given", "input", "first", "selected", "chosen", "next", "previous", "original", "subject",
    ];

    private static readonly string[] s_prefixes =
    [
        "my", "old", "new", "last", "main", "first", "current", "next", "previous", "target", "source", "chosen", "selected", "given",
        "start", "base", "known", "original",
    ];

    private static readonly string[] s_numbers = ["value", "number", "amount", "n", "limit"];
    private static readonly string[] s_texts = ["text", "s", "input", "line", "raw", "words", "typed", "content"];
    private static readonly string[] s_flags = ["flag", "enabled", "on", "wanted", "value"];
    private static readonly string[] s_many = ["items", "all", "list", "entries", "source", "input", "selected"];

    private static readonly HashSet<string> s_told = ["fallback", "limit", "handler", "action", "times"];

    /// <summary>A name for the place that is not always the same.</summary>
    public static string For(Scope scope, ValuePlace place)
    {
        var type = place.Type.StartsWith("ref ", StringComparison.Ordinal) ? place.Type[4..] : place.Type;
        var own = place.Name.TrimStart('@');
        // What the request speaks of is called so, and what stands beside another of its type by what it is for.
        if (s_told.Contains(own) || place.KeepsName) return own;
        if (!place.IsReceiver && own.Length > 1 && scope.Parameters.Exists(p => p.Type == type)) return own;
        if (TypeText.Element(type) is not null || TypeText.AsyncElement(type) is not null)
        {
            var many = scope.NameFor(type);
            return scope.Random.NextDouble() switch
            {
                < 0.3 when many != "items" => many,
                < 0.55 when many != "items" => Prefixed(scope, many),
                < 0.75 when !place.IsReceiver => own,
                _ => scope.Pick(s_many),
            };
        }
        if (Roles.IsPlain(type))
        {
            // A name that says a unit or a meaning keeps it.
            return scope.Random.NextDouble() switch
            {
                < 0.45 => own,
                < 0.75 => Prefixed(scope, own),
                _ => scope.Pick(TypeText.NotNull(type) switch
                {
                    "string" or "char" or "object" => s_texts,
                    "bool" => s_flags,
                    _ => s_numbers,
                }),
            };
        }
        var noun = scope.NameFor(type);
        // A callback is called by what it is for.
        if (scope.Index.Find(type) is null && own.Length > 1) noun = own;
        return scope.Random.NextDouble() switch
        {
            < 0.22 => noun,
            < 0.62 => Prefixed(scope, Prose.Words(noun).Split(' ')[^1]),
            < 0.72 when !place.IsReceiver && own.Length > 1 && Says(own, type) => own,
            _ => scope.Pick(s_any),
        };
    }

    // "percent" for a gate would be wrong: a name of several words ends in one of the type's, a single one is neutral.
    private static bool Says(string name, string type) =>
        s_any.Contains(name) || Roles.Words(TypeText.Head(type)).Contains(Roles.Words(name)[^1]);

    private static string Prefixed(Scope scope, string noun) =>
        noun.Length > 0 && noun.All(char.IsAsciiLetter) ? scope.Pick(s_prefixes) + Prose.UpperFirst(noun) : scope.Pick(s_any);
}
