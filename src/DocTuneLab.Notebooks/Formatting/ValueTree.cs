namespace DocTuneLab.Notebooks.Formatting;

/// <summary>What is shown of a value, in whatever form.</summary>
internal abstract record ValueTree
{
    /// <summary>Items of a sequence, entries of a dictionary and rows that are shown at most.</summary>
    public const int MaxItems = 50;

    /// <summary>Members of an object and columns that are shown at most.</summary>
    public const int MaxMembers = 20;

    /// <summary>A value that is one text.</summary>
    public sealed record Leaf(string Text, bool IsNumber = false, bool IsNull = false) : ValueTree;

    /// <summary>A value that someone registered a formatter for.</summary>
    public sealed record Foreign(string Html, string Text) : ValueTree;

    /// <summary>A sequence; <paramref name="Note"/> says what is not shown.</summary>
    public sealed record Items(string Type, IReadOnlyList<ValueTree> Values, string? Note) : ValueTree;

    /// <summary>A dictionary.</summary>
    public sealed record Map(string Type, IReadOnlyList<(ValueTree Key, ValueTree Value)> Entries, string? Note) : ValueTree;

    /// <summary>A tuple.</summary>
    public sealed record Tuple(IReadOnlyList<ValueTree> Values) : ValueTree;

    /// <summary>An object with its public members.</summary>
    public sealed record Object(string Type, IReadOnlyList<(string Name, ValueTree Value)> Members, string? Note) : ValueTree;

    /// <summary>Rows and columns: a result of SQL, or an array of two dimensions.</summary>
    public sealed record Grid(
        string Type, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<ValueTree>> Rows, string? Note) : ValueTree;
}
