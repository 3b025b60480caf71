namespace DocTuneLab.Library;

/// <summary>What a public symbol of the library is.</summary>
public enum ApiKind
{
    Class,
    Struct,
    Record,
    Interface,
    Enum,
    Delegate,
    Constructor,
    Method,
    ExtensionMethod,
    Property,
    Indexer,
    Field,
    EnumMember,
    Event,
    Operator
}

/// <summary>A parameter of a member.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type as written in C# with minimal qualification.</param>
/// <param name="Documentation">Plain text of its <c>param</c> element, or null.</param>
/// <param name="DefaultValue">C# literal of the default value, or null where the parameter is required.</param>
/// <param name="Modifier"><c>ref</c>, <c>out</c>, <c>in</c>, <c>params</c>, <c>this</c> or empty.</param>
public sealed record ApiParameter(string Name, string Type, string? Documentation, string? DefaultValue, string Modifier);

/// <summary>An exception that a member is documented to throw.</summary>
/// <param name="Type">Simple name of the exception type.</param>
/// <param name="Condition">Plain text of the condition.</param>
public sealed record ApiException(string Type, string Condition);

/// <summary>A public type or member, joined from assembly metadata and XML documentation.</summary>
/// <param name="Id">Documentation id, such as <c>M:Ns.Type.Method(System.String)</c>.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Simple name; a constructor has its type's name.</param>
/// <param name="Namespace">Namespace of the containing type.</param>
/// <param name="ContainingType">Simple name with type parameters of the containing type; null for a type.</param>
/// <param name="Signature">Declaration in C# with minimal qualification, without body.</param>
/// <param name="ReturnType">Type of a method's result, a property or a field; empty for types and constructors.</param>
/// <param name="IsStatic">Whether it is called on the type.</param>
/// <param name="Parameters">Parameters in order.</param>
/// <param name="Summary">Plain text of <c>summary</c>, or null.</param>
/// <param name="Returns">Plain text of <c>returns</c> or <c>value</c>, or null.</param>
/// <param name="Remarks">Plain text of <c>remarks</c>, or null.</param>
/// <param name="Exceptions">Documented exceptions.</param>
/// <param name="Examples">Code of the <c>code</c> elements.</param>
/// <param name="Obsolete">Message of <c>ObsoleteAttribute</c>, or null.</param>
public sealed record ApiSymbol(
    string Id,
    ApiKind Kind,
    string Name,
    string Namespace,
    string? ContainingType,
    string Signature,
    string ReturnType,
    bool IsStatic,
    IReadOnlyList<ApiParameter> Parameters,
    string? Summary,
    string? Returns,
    string? Remarks,
    IReadOnlyList<ApiException> Exceptions,
    IReadOnlyList<string> Examples,
    string? Obsolete)
{
    /// <summary><c>Type.Member</c>, or the type's name.</summary>
    public string DisplayName =>
        ContainingType is null ? Name : Kind == ApiKind.Constructor ? $"new {ContainingType}" : $"{ContainingType}.{Name}";
}
