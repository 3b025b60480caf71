namespace DocTuneLab.Library;

/// <summary>What a piece of C# is, and so how it is wrapped before it is compiled.</summary>
public enum CodeForm
{
    /// <summary>A whole compilation unit.</summary>
    File,
    /// <summary>Members of a class: methods, properties, nested types.</summary>
    Members,
    /// <summary>Statements, as in a method body or a top-level program.</summary>
    Statements,
    /// <summary>One expression.</summary>
    Expression,
}

/// <summary>How the compiler sees a name.</summary>
public enum SymbolUseKind
{
    /// <summary>It names an existing symbol and is used as that symbol allows.</summary>
    Resolved,
    /// <summary>It names an existing symbol, used wrongly (overload resolution failed, inaccessible, not a value …).</summary>
    Misuse,
    /// <summary>Nothing of that name exists on a receiver that is known: invented.</summary>
    Missing,
    /// <summary>The receiver itself did not resolve; not counted.</summary>
    Cascade,
}

/// <summary>One simple name in judged code.</summary>
/// <param name="Name">The identifier.</param>
/// <param name="Kind">How the compiler sees it.</param>
/// <param name="Id">Documentation id of the symbol or the first candidate, or null.</param>
/// <param name="IsLibrary">Whether symbol, candidate, receiver or namespace belongs to the private library.</param>
/// <param name="Line">One-based line in the judged code as given.</param>
/// <param name="Suggestion">For a missing name, the nearest real member, or null.</param>
public sealed record SymbolUse(string Name, SymbolUseKind Kind, string? Id, bool IsLibrary, int Line, string? Suggestion)
{
    /// <summary>For a missing name, the type or namespace that it was sought on, such as <c>Tank</c>;
    /// null for a name that stands alone.</summary>
    public string? On { get; init; }
}

/// <summary>A compiler error or warning.</summary>
/// <param name="Id">Such as <c>CS1061</c>.</param>
/// <param name="Message">The compiler's message.</param>
/// <param name="Line">One-based line in the judged code as given; 0 where it lies outside.</param>
public sealed record CodeDiagnostic(string Id, string Message, int Line);

/// <summary>What the compiler says of a piece of code.</summary>
/// <param name="Parses">No syntax error.</param>
/// <param name="Compiles">Emitting an assembly succeeded.</param>
/// <param name="Errors">Errors in order.</param>
/// <param name="Uses">Every simple name that the code refers to a symbol with.</param>
public sealed record Verdict(bool Parses, bool Compiles, IReadOnlyList<CodeDiagnostic> Errors, IReadOnlyList<SymbolUse> Uses);
