using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Formats;
using DocTuneLab.Notebooks.Languages.CSharp;
using DocTuneLab.Text;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Notebooks.Running;

/// <summary>
/// Papermill's parameters for C#: the cell tagged <c>parameters</c> declares names, types and defaults; given values are written, as
/// literals of those types, into a cell tagged <c>injected-parameters</c> after it.
/// </summary>
internal static class ParameterCell
{
    /// <summary>Tag of the cell with the defaults.</summary>
    public const string Tag = "parameters";

    /// <summary>Tag of the cell with the given values.</summary>
    public const string InjectedTag = "injected-parameters";

    /// <summary>Puts the values into the notebook; an injected cell of an earlier run is replaced.</summary>
    /// <exception cref="ParameterException">A name is not declared, or a value does not fit its type.</exception>
    /// <returns>The values with their types, as papermill keeps them in the notebook's metadata.</returns>
    public static JsonObject Inject(Notebook notebook, IReadOnlyDictionary<string, string> values)
    {
        ArgumentNullException.ThrowIfNull(notebook);
        ArgumentNullException.ThrowIfNull(values);
        notebook.Cells.RemoveAll(cell => cell.HasTag(InjectedTag));
        if (values.Count == 0)
            return [];
        var typed = new JsonObject();
        var index = notebook.Cells.FindIndex(cell => cell.Kind == CellKind.Code && cell.HasTag(Tag));
        var declared = index >= 0 ? Declared(notebook.Cells[index].Source) : [];
        var source = new StringBuilder("// Parameters\n");
        foreach (var (name, value) in values)
        {
            if (index >= 0 && !declared.ContainsKey(name))
            {
                var hint = NearestName.Find(name, declared.Keys) is { } nearest
                    ? $"Did you mean '{nearest}'?"
                    : $"It has: {string.Join(", ", declared.Keys)}.";
                throw new ParameterException($"The notebook has no parameter '{name}'. {hint}");
            }
            var type = declared.GetValueOrDefault(name) ?? Guess(value);
            source.Append($"{type} {CSharpNames.Identifier(name)} = {Literal(type, value, name)};\n");
            typed[name] = Typed(type.TrimEnd('?'), value);
        }
        notebook.Cells.Insert(index + 1, new NotebookCell
        {
            Id = InjectedTag,
            Source = source.ToString().TrimEnd('\n'),
            Metadata = new() { ["tags"] = new JsonArray(InjectedTag) },
        });
        return typed;
    }

    private static JsonNode? Typed(string type, string value)
    {
        if (type is "string" or "char")
            return JsonValue.Create(value);
        try
        {
            return JsonNode.Parse(value is "True" or "False" ? value.ToLowerInvariant() : value.Replace("_", "", StringComparison.Ordinal));
        }
        catch (JsonException)
        {
            return JsonValue.Create(value);
        }
    }

    /// <summary>Names and types that the source declares at top level, in order; <c>var</c> takes the type of its literal.</summary>
    public static Dictionary<string, string> Declared(string source)
    {
        var root = CSharpSyntaxTree.ParseText(source, CSharpSession.ParseOptions).GetCompilationUnitRoot();
        var declared = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var declaration in root.Members.Select(member => member switch
        {
            FieldDeclarationSyntax field => field.Declaration,
            GlobalStatementSyntax { Statement: LocalDeclarationStatementSyntax local } => local.Declaration,
            _ => null,
        }))
        {
            foreach (var variable in declaration?.Variables ?? [])
                declared[variable.Identifier.ValueText] = declaration!.Type.IsVar
                    ? TypeOf(variable.Initializer?.Value)
                    : declaration.Type.ToString();
        }
        return declared;
    }

    /// <summary>The value as C# of the given type.</summary>
    /// <exception cref="ParameterException">The value does not fit.</exception>
    public static string Literal(string type, string value, string name)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(value);
        if (type.EndsWith('?'))
        {
            if (value is "null" or "None")
                return "null";
            type = type[..^1];
        }
        if (ElementType(type) is { } element)
            return Collection(type, element, value, name);
        return type switch
        {
            "string" => Quote(value),
            "bool" => bool.TryParse(value, out var flag) ? flag ? "true" : "false" : throw Misfit(),
            "char" => value.Length == 1 ? SymbolDisplay.FormatLiteral(value[0], quote: true) : throw Misfit(),
            "int" => Number<int>("") ?? throw Misfit(),
            "short" or "byte" => Number<int>("") ?? throw Misfit(),
            "uint" => Number<uint>("U") ?? throw Misfit(),
            "long" => Number<long>("L") ?? throw Misfit(),
            "ulong" => Number<ulong>("UL") ?? throw Misfit(),
            "decimal" => Number<decimal>("m") ?? throw Misfit(),
            "double" => Real(value, "double", "d") ?? throw Misfit(),
            "float" => Real(value, "float", "f") ?? throw Misfit(),
            "TimeSpan" =>
                TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out _)
                    ? $"TimeSpan.Parse({Quote(value)}, System.Globalization.CultureInfo.InvariantCulture)"
                    : throw Misfit(),
            "DateTime" or "DateTimeOffset" or "DateOnly" =>
                DateTime.TryParse(value, CultureInfo.InvariantCulture, out _)
                    ? $"{type}.Parse({Quote(value)}, System.Globalization.CultureInfo.InvariantCulture)"
                    : throw Misfit(),
            "Uri" => $"new Uri({Quote(value)}, UriKind.RelativeOrAbsolute)",
            _ when value.Split('.') is [.., var member] && SyntaxFacts.IsValidIdentifier(member) => $"{type}.{member}",
            _ =>
                throw new ParameterException($"The parameter '{name}' is a '{type}', which cannot be given on a command line. "
                    + "Use text, numbers, booleans, dates, enums or lists of them."),
        };

        string? Number<T>(string suffix) where T : System.Numerics.INumber<T> =>
            T.TryParse(value.Replace("_", "", StringComparison.Ordinal), NumberStyles.Number | NumberStyles.AllowExponent,
                CultureInfo.InvariantCulture, out var number)
                ? number.ToString(null, CultureInfo.InvariantCulture) + suffix
                : null;

        ParameterException Misfit() => new($"The parameter '{name}' takes "
            + $"{(type is "int" or "long" or "short" or "uint" or "ulong" or "byte" ? "a whole number" : $"a '{type}'")}, not '{value}'.");
    }

    private static string Collection(string type, string element, string value, string name)
    {
        List<string> items;
        if (value.TrimStart().StartsWith('['))
        {
            try
            {
                using var json = JsonDocument.Parse(value);
                items = [.. json.RootElement.EnumerateArray()
                    .Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : item.GetRawText())];
            }
            catch (JsonException exception)
            {
                throw new ParameterException($"The parameter '{name}' takes a list such as [1, 2] or 1,2; '{value}' is not valid JSON.",
                    exception);
            }
        }
        else
        {
            items = value.Length == 0 ? [] : [.. value.Split(',').Select(item => item.Trim())];
        }
        return $"[{string.Join(", ", items.Select(item => Literal(element, item, name)))}]";
    }

    private static string? ElementType(string type) =>
        type.EndsWith("[]", StringComparison.Ordinal) ? type[..^2]
        : type.EndsWith('>')
            && type.Split('<', 2) is ["List" or "IList" or "IReadOnlyList" or "IEnumerable" or "IReadOnlyCollection" or "HashSet", var rest]
            ? rest[..^1]
        : null;

    private static string Quote(string value) => SymbolDisplay.FormatLiteral(value, quote: true);

    private static string? Real(string value, string type, string suffix)
    {
        if (!double.TryParse(value.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture,
            out var number))
            return null;
        if (double.IsNaN(number))
            return $"{type}.NaN";
        if (double.IsInfinity(number))
            return number > 0 ? $"{type}.PositiveInfinity" : $"{type}.NegativeInfinity";
        return (type == "float"
            ? ((float)number).ToString("R", CultureInfo.InvariantCulture)
            : number.ToString("R", CultureInfo.InvariantCulture)) + suffix;
    }

    private static string Guess(string value) =>
        value is "true" or "false" or "True" or "False" ? "bool"
        : int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? "int"
        : long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? "long"
        : double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? "double"
        : "string";

    private static string TypeOf(ExpressionSyntax? value) => value switch
    {
        PrefixUnaryExpressionSyntax { Operand: var operand } => TypeOf(operand),
        LiteralExpressionSyntax { Token.Value: { } literal } => literal switch
        {
            int => "int",
            uint => "uint",
            long => "long",
            ulong => "ulong",
            double => "double",
            float => "float",
            decimal => "decimal",
            bool => "bool",
            char => "char",
            _ => "string",
        },
        ObjectCreationExpressionSyntax creation => creation.Type.ToString(),
        ImplicitArrayCreationExpressionSyntax { Initializer.Expressions: [var first, ..] } => TypeOf(first) + "[]",
        ArrayCreationExpressionSyntax array => array.Type.ToString(),
        MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax type } => type.ToString(),
        _ => "string",
    };
}
