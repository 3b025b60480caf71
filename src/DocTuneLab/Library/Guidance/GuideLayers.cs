namespace DocTuneLab.Library.Guidance;

/// <summary>What a guide looks at; each can be left out.</summary>
[Flags]
public enum GuideLayers
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Tokens and brackets.</summary>
    Syntax = 1,

    /// <summary>Names in scope.</summary>
    Names = 2,

    /// <summary>Members of what stands before a dot.</summary>
    Members = 4,

    /// <summary>Number and types of arguments.</summary>
    Arguments = 16,

    /// <summary>The compiler's own word at the end of each statement.</summary>
    Statements = 8,

    /// <summary>The type that is expected at a place.</summary>
    Types = 32,

    /// <summary>All of them.</summary>
    All = Syntax | Names | Members | Arguments | Statements | Types,
}
