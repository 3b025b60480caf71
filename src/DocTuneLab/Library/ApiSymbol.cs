using System.Diagnostics.CodeAnalysis;

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
[SuppressMessage("Naming", "CA1711", Justification = "What an API throws: the name of the exception and when it comes.")]
public sealed record ApiException(string Type, string Condition);

/// <summary>A public type or member, joined from assembly metadata and XML documentation.</summary>
public sealed record ApiSymbol
{
    /// <summary>Documentation id, such as <c>M:Ns.Type.Method(System.String)</c>.</summary>
    public required string Id { get; init; }

    /// <summary>What it is.</summary>
    public required ApiKind Kind { get; init; }

    /// <summary>Simple name; a constructor has its type's name.</summary>
    public required string Name { get; init; }

    /// <summary>Namespace of the containing type.</summary>
    public required string Namespace { get; init; }

    /// <summary>Simple name with type parameters of the containing type; null for a type.</summary>
    public required string? ContainingType { get; init; }

    /// <summary>Declaration in C# with minimal qualification, without body.</summary>
    public required string Signature { get; init; }

    /// <summary>Type of a method's result, a property or a field; empty for types and constructors.</summary>
    public required string ReturnType { get; init; }

    /// <summary>Whether it is called on the type.</summary>
    public required bool IsStatic { get; init; }

    /// <summary>Parameters in order.</summary>
    public required IReadOnlyList<ApiParameter> Parameters { get; init; }

    /// <summary>Plain text of <c>summary</c>, or null.</summary>
    public required string? Summary { get; init; }

    /// <summary>Plain text of <c>returns</c> or <c>value</c>, or null.</summary>
    public required string? Returns { get; init; }

    /// <summary>Plain text of <c>remarks</c>, or null.</summary>
    public required string? Remarks { get; init; }

    /// <summary>Documented exceptions.</summary>
    public required IReadOnlyList<ApiException> Exceptions { get; init; }

    /// <summary>Code of the <c>code</c> elements.</summary>
    public required IReadOnlyList<string> Examples { get; init; }

    /// <summary>Message of <c>ObsoleteAttribute</c>, or null.</summary>
    public required string? Obsolete { get; init; }

    /// <summary><c>Type.Member</c>, or the type's name.</summary>
    public string DisplayName =>
        ContainingType is null ? Name : Kind == ApiKind.Constructor ? $"new {ContainingType}" : $"{ContainingType}.{Name}";
}
