using DocTuneLab.Corpus.Language;

namespace DocTuneLab.Corpus.Code;

/// <summary>What one property of an interface gives, and how a class comes to know it.</summary>
/// <param name="Type">Type of the property.</param>
/// <param name="Name">Its name.</param>
/// <param name="Words">What the class does, as it follows "it": "counts what is put in".</param>
/// <param name="Step">Statement of the method that keeps it; empty where it is read from what the class has.</param>
internal sealed record ClassFeature(string Type, string Name, string Words, string Step)
{
    /// <summary>Initialiser of the property with its mark, such as <c> = 0;</c>; default none.</summary>
    public string Start { get; init; } = "";

    /// <summary>Expression that is given; null where the property is set by <see cref="Step"/>.</summary>
    public string? Gives { get; init; }

    /// <summary>Field that it is kept in, as a declaration; empty where there is none.</summary>
    public string Field { get; init; } = "";

    /// <summary>What holds of <c>it__</c> once the class has been used; empty where nothing is checked.</summary>
    public string Check { get; init; } = "";

    /// <summary>The property of the class.</summary>
    public string Property => Gives is null ? $"public {Type} {Name} {{ get; private set; }}{Start}" : $"public {Type} {Name} => {Gives};";
}

/// <summary>
/// An interface, the method that makes an object of it, and the class behind it: put together part by part, and laid out as people
/// do: fields, properties, methods, a blank line between them.
/// </summary>
/// <param name="scope">The method: its parameters are those of the class.</param>
/// <param name="stem">First part of the name of the class, such as <c>Tank</c>.</param>
/// <param name="noun">What it is, in words: "register".</param>
internal sealed class ClassSketch(Scope scope, string stem, string noun)
{
    private readonly List<ClassFeature> _features = [];

    /// <summary>Name of the class.</summary>
    public string Name => stem + Prose.UpperFirst(noun);

    /// <summary>What it is, in words.</summary>
    public string Noun => noun;

    /// <summary>What the class gives, in the order of the interface.</summary>
    public IReadOnlyList<ClassFeature> Features => _features;

    /// <summary>Header of the method that is called, as it stands in the interface.</summary>
    public string Call { get; set; } = "";

    /// <summary>Statements of that method before and behind those of the features, one or several lines each.</summary>
    public IReadOnlyList<string> Before { get; set; } = [];

    /// <inheritdoc cref="Before"/>
    public IReadOnlyList<string> After { get; set; } = [];

    /// <summary>What the object is used with when it is tried: places beside the parameters of the method.</summary>
    public List<(string Name, ValuePlace Place)> Tried { get; } = [];

    /// <summary>Statements that use the object <c>it__</c> when it is tried.</summary>
    public List<string> Use { get; } = [];

    /// <summary>Whether no name of the sketch is one of the library's types.</summary>
    public bool IsFree => !scope.Index.Types.Any(t => t.Path == Name || t.Path == $"I{Name}" || _features.Exists(f => f.Name == t.Path));

    /// <summary>Adds what the class gives; not a second of the name.</summary>
    public void Add(ClassFeature? feature)
    {
        if (feature is not null && !_features.Exists(f => f.Name == feature.Name)) _features.Add(feature);
    }

    /// <summary>The draft.</summary>
    /// <param name="recipe">Name of the recipe.</param>
    /// <param name="instruction">What is asked for.</param>
    /// <param name="method">Name of the method that makes the object.</param>
    public CodeDraft Draft(string recipe, string instruction, string method)
    {
        if (method == Name) method = $"Make{Name}";
        var given = string.Join(", ", scope.Parameters.Select(p => $"{p.Type} {p.Name}"));
        var names = string.Join(", ", scope.Parameters.Select(p => p.Name));
        var (arguments, missing) = scope.Examples?.For([.. scope.Places, .. Tried.Select(t => t.Place)]) ?? ([], null);
        var types = scope.Parameters.Select(p => p.Type).Concat(Tried.Select(t => t.Place.Type)).Concat(_features.Select(f => f.Type));
        return new CodeDraft(instruction, $"public static I{Name} {method}({given})", $"return new {Name}({names});", [.. scope.Symbols],
            scope.Index.UsingsFor(scope.Symbols, types), recipe, instruction)
        {
            Context = Block($"public interface I{Name}", [.. _features.Select(f => $"{f.Type} {f.Name} {{ get; }}"), $"{Call};"], "\n"),
            Declared = Block($"sealed class {Name}{(given.Length > 0 ? $"({given})" : "")} : I{Name}",
                [.. Fields(), .. _features.Select(f => f.Property), Method()], "\n\n"),
            Arguments = arguments,
            Trial = arguments.Count == 0 ? null : Trial(method, names),
            NotRun = missing is null ? "" : ExampleValues.Needs(missing),
        };
    }

    // Fields stand close together.
    private IEnumerable<string> Fields()
    {
        var fields = _features.Select(f => f.Field).Where(f => f.Length > 0).Distinct(StringComparer.Ordinal).ToList();
        return fields.Count == 0 ? [] : [string.Join('\n', fields)];
    }

    private string Method()
    {
        List<string> lines = [.. Before, .. _features.Select(f => f.Step).Where(s => s.Length > 0), .. After];
        return lines is [var only] && !only.Contains('\n', StringComparison.Ordinal) && !only.StartsWith("if ", StringComparison.Ordinal)
            ? $"public {Call} => {(only.StartsWith("return ", StringComparison.Ordinal) ? only["return ".Length..] : only)}"
            : Block($"public {Call}", lines, "\n");
    }

    // What the class gives after its use is what the same steps outside it give.
    private string Trial(string method, string names)
    {
        var parameters = scope.Parameters.Concat(Tried.Select(t => (t.Place.Type, t.Name))).Select(p => $"{p.Type} {p.Name}");
        var checks = _features.Select(f => f.Check).Where(c => c.Length > 0);
        return Block($"public static object? Try{method}({string.Join(", ", parameters)})",
            [$"var it__ = {method}({names});", .. Use, $"return {string.Join(" && ", checks)} ? true : null;"], "\n");
    }

    private static string Block(string head, IEnumerable<string> parts, string between) =>
        $"{head}\n{{\n{string.Join(between, parts.Select(p => "    " + p.Replace("\n", "\n    ", StringComparison.Ordinal)))}\n}}"
            .Replace("\n    \n", "\n\n", StringComparison.Ordinal);
}
