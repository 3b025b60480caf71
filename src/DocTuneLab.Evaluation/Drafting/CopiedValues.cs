using Microsoft.CodeAnalysis;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>Answers that read what a method is given and need no library: a value that lies in it, a tuple of such values, or an object of
/// the task's own filled with those of the same names.</summary>
/// <param name="method">The method.</param>
internal sealed class CopiedValues(DraftMethod method)
{
    private const int Deepest = 3, MostPaths = 40, MostAnswers = 8, MostOfOne = 3;

    /// <summary>The answers as expressions.</summary>
    public IEnumerable<string> Answers()
    {
        if (method.ResultType is not { } wanted) return [];
        var paths = method.Declaration.ParameterList.Parameters.Select(p => (IParameterSymbol)method.Model.GetDeclaredSymbol(p)!)
            .SelectMany(p => Paths(p.Name, p.Type)).Take(MostPaths).ToList();
        IEnumerable<string> answers = wanted is INamedTypeSymbol { IsTupleType: true } tuple ? Tuples(tuple, paths)
            : [.. Fitting(wanted, paths), .. Filled(wanted, paths, 0) is { } made ? [made] : Array.Empty<string>()];
        return answers.Take(MostAnswers);
    }

    // What nothing fits is as it comes.
    private List<string> Tuples(INamedTypeSymbol tuple, IReadOnlyList<(string Path, ITypeSymbol Type)> paths)
    {
        List<string> answers = [""];
        foreach (var element in tuple.TupleElements)
        {
            List<string> fitting = [.. Fitting(element.Type, paths).Take(MostOfOne), "default!"];
            answers = [.. answers.SelectMany(a => fitting.Select(f => a.Length == 0 ? f : $"{a}, {f}")).Take(2 * MostAnswers)];
        }
        return answers.ConvertAll(a => $"({a})");
    }

    private IEnumerable<string> Fitting(ITypeSymbol wanted, IReadOnlyList<(string Path, ITypeSymbol Type)> paths) =>
        paths.Where(p => wanted.SpecialType != SpecialType.System_Object && Converts(p.Type, wanted)).Select(p => p.Path);

    // new Order { Total = dto.Total, Customer = new Customer { Name = dto.CustomerName } }
    private string? Filled(ITypeSymbol wanted, IReadOnlyList<(string Path, ITypeSymbol Type)> paths, int depth)
    {
        if (depth > Deepest) return null;
        if (DataTypes.Element(wanted) is { } element)
            return paths.Select(p => (p.Path, Item: DataTypes.Element(p.Type)))
                .FirstOrDefault(p => p.Item is not null && IsOwn(p.Item)) is { Item: { } item } list
                && Filled(element, [.. Paths("item", item)], depth + 1) is { } each ? $"{list.Path}.Select(item => {each}).ToList()" : null;
        if (!IsOwn(wanted)) return null;
        List<string> set = [];
        foreach (var (name, type) in Values(wanted))
        {
            var fitting = paths.Where(p => Converts(p.Type, type)).ToList();
            var value = fitting.Find(p => Last(p.Path).Equals(name, StringComparison.OrdinalIgnoreCase)).Path
                ?? (fitting is [var only] ? only.Path : null);
            if (value is null && paths.FirstOrDefault(p => Last(p.Path).Equals(name, StringComparison.OrdinalIgnoreCase)).Path is { } whole)
                value = Filled(type, [.. paths.Where(p => p.Path == whole || p.Path.StartsWith(whole + '.', StringComparison.Ordinal))],
                    depth + 1);
            if (value is not null) set.Add($"{name} = {value}");
        }
        return set.Count == 0 ? null : $"new {ValueCode.Name(wanted)} {{ {string.Join(", ", set)} }}";
    }

    private static IEnumerable<(string Path, ITypeSymbol Type)> Paths(string path, ITypeSymbol type, int depth = 0)
    {
        yield return (path, type);
        if (depth == Deepest || !IsOwn(type)) yield break;
        foreach (var (name, of) in Values(type))
            foreach (var inner in Paths($"{path}.{name}", of, depth + 1)) yield return inner;
    }

    private static IEnumerable<(string Name, ITypeSymbol Type)> Values(ITypeSymbol type)
    {
        for (var t = type; t is not null && IsOwn(t); t = t.BaseType)
            foreach (var member in t.GetMembers().Where(m => m is { IsStatic: false, DeclaredAccessibility: Accessibility.Public }))
                if (member is IPropertySymbol { IsIndexer: false } property) yield return (property.Name, property.Type);
                else if (member is IFieldSymbol { AssociatedSymbol: null } field) yield return (field.Name, field.Type);
    }

    private bool Converts(ITypeSymbol from, ITypeSymbol to) => method.Model.Compilation.ClassifyCommonConversion(from, to) is
    { Exists: true, IsImplicit: true, IsUserDefined: false };

    private static bool IsOwn(ITypeSymbol type) => type is { TypeKind: TypeKind.Class or TypeKind.Struct }
        && type.Locations.Any(l => l.IsInSource);

    private static string Last(string path) => path[(path.LastIndexOf('.') + 1)..];
}
