using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Library;

/// <summary>Declarations as one would write them in C#, without bodies and namespaces.</summary>
internal static class SignatureWriter
{
    private static readonly SymbolDisplayFormat s_type = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypes,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes
            | SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers
            | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>A type by simple name with type arguments and nullability.</summary>
    public static string Type(ITypeSymbol type) => type.ToDisplayString(s_type);

    /// <summary>Declaration of a type or member.</summary>
    public static string Write(ISymbol symbol, ApiKind kind, IReadOnlyList<ApiParameter> parameters) => symbol switch
    {
        INamedTypeSymbol t => TypeDeclaration(t, kind, parameters),
        IMethodSymbol m => Method(m, kind, parameters),
        IPropertySymbol p => Property(p, parameters),
        IFieldSymbol { ContainingType.TypeKind: TypeKind.Enum } f =>
            $"{f.Name} = {Convert.ToString(f.ConstantValue, System.Globalization.CultureInfo.InvariantCulture)}",
        IFieldSymbol f =>
            $"{Modifiers(f)}{(f.IsConst ? "const " : f.IsReadOnly ? "readonly " : "")}{Type(f.Type)} "
                + $"{f.Name}{(f.HasConstantValue ? " = " + Literal(f.Type, f.ConstantValue) : "")}",
        IEventSymbol e => $"{Modifiers(e)}event {Type(e.Type)} {e.Name}",
        _ => symbol.ToDisplayString(),
    };

    /// <summary>C# literal of a constant of type <paramref name="type"/>.</summary>
    public static string Literal(ITypeSymbol type, object? value)
    {
        if (value is null)
            return type is ITypeParameterSymbol or { IsValueType: true, OriginalDefinition.SpecialType: not SpecialType.System_Nullable_T }
                ? "default"
                : "null";
        var target = type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable
            ? nullable.TypeArguments[0]
            : type;
        if (target.TypeKind == TypeKind.Enum)
        {
            var member = target.GetMembers()
                .OfType<IFieldSymbol>()
                .FirstOrDefault(f => f.HasConstantValue && Equals(f.ConstantValue, value));
            return member is null ? $"({target.Name}){value}" : $"{target.Name}.{member.Name}";
        }
        var text = SymbolDisplay.FormatPrimitive(value, quoteStrings: true, useHexadecimalNumbers: false) ?? "default";
        return value switch { float => text + "f", decimal => text + "m", long => text + "L", _ => text };
    }

    private static string TypeDeclaration(INamedTypeSymbol type, ApiKind kind, IReadOnlyList<ApiParameter> parameters)
    {
        var text = new StringBuilder(Access(type));
        if (kind == ApiKind.Delegate)
            return text
                .Append($"delegate {Type(type.DelegateInvokeMethod!.ReturnType)} "
                    + $"{Name(type)}({Parameters(parameters)}){Constraints(type.TypeParameters)}")
                .ToString();
        if (type.TypeKind == TypeKind.Class)
            text.Append(type.IsStatic ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "");
        if (type.TypeKind == TypeKind.Struct) text.Append(type.IsReadOnly ? "readonly " : "").Append(type.IsRefLikeType ? "ref " : "");
        if (kind == ApiKind.Record) text.Append("record ");
        text.Append(type.TypeKind switch
        {
            TypeKind.Struct => "struct ",
            TypeKind.Interface => "interface ",
            TypeKind.Enum => "enum ",
            _ => kind == ApiKind.Record ? "" : "class "
        });
        text.Append(Name(type));
        var bases = Bases(type, kind).ToList();
        if (bases.Count > 0) text.Append(" : ").AppendJoin(", ", bases);
        return text.Append(Constraints(type.TypeParameters)).ToString();
    }

    private static IEnumerable<string> Bases(INamedTypeSymbol type, ApiKind kind)
    {
        if (kind == ApiKind.Enum)
        {
            if (type.EnumUnderlyingType is { SpecialType: not SpecialType.System_Int32 } underlying) yield return Type(underlying);
            yield break;
        }
        if (type.BaseType is { SpecialType: SpecialType.None } parent) yield return Type(parent);
        // Metadata lists inherited interfaces too; only those that the source must have named are kept.
        var implied = type.Interfaces.SelectMany(i => i.AllInterfaces)
            .Concat(type.BaseType?.AllInterfaces ?? [])
            .ToHashSet<ISymbol>(SymbolEqualityComparer.Default);
        foreach (var i in type.Interfaces.Where(i => !implied.Contains(i)))
            if (kind != ApiKind.Record || i.Name != "IEquatable") yield return Type(i);
    }

    private static string Method(IMethodSymbol method, ApiKind kind, IReadOnlyList<ApiParameter> parameters)
    {
        var head = Modifiers(method);
        var result = method.ReturnsByRefReadonly ? "ref readonly " : method.ReturnsByRef ? "ref " : "";
        return kind switch
        {
            ApiKind.Constructor => $"{head}{method.ContainingType.Name}({Parameters(parameters)})",
            ApiKind.Operator when method.MethodKind == MethodKind.Conversion =>
                $"{head}{(method.Name.Contains("Implicit", StringComparison.Ordinal) ? "implicit" : "explicit")} operator "
                    + $"{Type(method.ReturnType)}({Parameters(parameters)})",
            ApiKind.Operator => $"{head}{Type(method.ReturnType)} operator {OperatorToken(method)}({Parameters(parameters)})",
            _ =>
                $"{head}{result}{Type(method.ReturnType)} "
                    + $"{method.Name}{TypeParameters(method.TypeParameters)}({Parameters(parameters)}){Constraints(method.TypeParameters)}",
        };
    }

    private static string Property(IPropertySymbol property, IReadOnlyList<ApiParameter> parameters)
    {
        var accessors = new StringBuilder();
        foreach (var (accessor, word) in new[]
        {
            (property.GetMethod, "get"), (property.SetMethod, property.SetMethod?.IsInitOnly == true ? "init" : "set")
        })
        {
            if (accessor is not
                {
                    DeclaredAccessibility: Accessibility.Public or Accessibility.Protected
                or Accessibility.ProtectedOrInternal
                })
                continue;
            if (accessor.DeclaredAccessibility != property.DeclaredAccessibility) accessors.Append("protected ");
            accessors.Append(word).Append("; ");
        }
        var name = property.IsIndexer ? $"this[{Parameters(parameters)}]" : property.Name;
        var required = property.IsRequired ? "required " : "";
        var reference = property.ReturnsByRefReadonly ? "ref readonly " : property.ReturnsByRef ? "ref " : "";
        return $"{Modifiers(property)}{required}{reference}{Type(property.Type)} {name} {{ {accessors}}}";
    }

    private static string OperatorToken(IMethodSymbol method)
    {
        var word = SyntaxFacts.GetText(SyntaxFacts.GetOperatorKind(method.Name));
        return (method.Name.StartsWith("op_Checked", StringComparison.Ordinal) ? "checked " : "") + (word.Length > 0 ? word : method.Name);
    }

    private static string Modifiers(ISymbol symbol)
    {
        if (symbol.ContainingType.TypeKind == TypeKind.Interface)
            return symbol.IsStatic ? symbol.IsAbstract ? "static abstract " : "static " : "";
        var constant = symbol is IFieldSymbol { IsConst: true };
        return Access(symbol)
            + (symbol.IsStatic && !constant ? "static " : "")
            + (symbol.IsSealed && symbol.IsOverride ? "sealed " : "")
            + (symbol.IsAbstract ? "abstract " : symbol.IsOverride ? "override " : symbol.IsVirtual ? "virtual " : "");
    }

    private static string Access(ISymbol symbol) => symbol.DeclaredAccessibility == Accessibility.Public ? "public " : "protected ";

    private static string Name(INamedTypeSymbol type) => type.Name + TypeParameters(type.TypeParameters);

    private static string TypeParameters(IReadOnlyList<ITypeParameterSymbol> parameters) => parameters.Count == 0
        ? ""
        : $"<{string.Join(", ", parameters.Select(p => (p.Variance switch { VarianceKind.In => "in ", VarianceKind.Out => "out ", _ => "" }) + p.Name))}>";

    private static string Parameters(IReadOnlyList<ApiParameter> parameters) => string.Join(", ", parameters.Select(p =>
        $"{(p.Modifier.Length > 0 ? p.Modifier + " " : "")}{p.Type} {p.Name}{(p.DefaultValue is null ? "" : " = " + p.DefaultValue)}"));

    private static string Constraints(IReadOnlyList<ITypeParameterSymbol> parameters)
    {
        var text = new StringBuilder();
        foreach (var p in parameters)
        {
            var parts = new List<string>();
            if (p.HasUnmanagedTypeConstraint) parts.Add("unmanaged");
            else if (p.HasValueTypeConstraint) parts.Add("struct");
            else if (p.HasReferenceTypeConstraint)
                parts.Add(p.ReferenceTypeConstraintNullableAnnotation == NullableAnnotation.Annotated ? "class?" : "class");
            else if (p.HasNotNullConstraint) parts.Add("notnull");
            parts.AddRange(p.ConstraintTypes.Select(Type));
            if (p.HasConstructorConstraint && !p.HasValueTypeConstraint) parts.Add("new()");
            if (p.AllowsRefLikeType) parts.Add("allows ref struct");
            if (parts.Count > 0) text.Append($" where {p.Name} : {string.Join(", ", parts)}");
        }
        return text.ToString();
    }
}
