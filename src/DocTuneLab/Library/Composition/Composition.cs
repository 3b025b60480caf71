namespace DocTuneLab.Library.Composition;

/// <summary>A value that is there to begin with, such as a parameter.</summary>
/// <param name="Name">Its name in C#.</param>
/// <param name="Type">Its type as signatures write it: <c>WaterHead</c>, <c>IReadOnlyList&lt;Ditch&gt;</c>.</param>
public sealed record GivenValue(string Name, string Type);

/// <summary>An expression that makes one value out of given ones.</summary>
/// <param name="Code">The expression.</param>
/// <param name="Type">Type of its value.</param>
/// <param name="Members">Documentation ids of the library's members in it, one for each use, in the order of their use.</param>
public sealed record Composition(string Code, string Type, IReadOnlyList<string> Members);

/// <summary>How far a search goes. Nothing depends on time: the same bounds give the same answer on any machine.</summary>
public sealed record CompositionBounds
{
    /// <summary>Fewest different members of the library in an expression. Default 2.</summary>
    public int FewestMembers { get; init; } = 2;

    /// <summary>Most uses of the library's members in an expression. Default 3.</summary>
    public int MostMembers { get; init; } = 3;

    /// <summary>Expressions of one type and one number of members that are kept to build on. Default 48.</summary>
    public int Breadth { get; init; } = 48;

    /// <summary>Expressions that a search gives, at most. Default 200.</summary>
    public int Results { get; init; } = 200;

    /// <summary>Given values that an expression must use, by their names. Default none.</summary>
    public IReadOnlyList<string> MustUse { get; init; } = [];

    /// <summary>Checks the values.</summary>
    /// <exception cref="LabException">One is out of range.</exception>
    public void Validate()
    {
        if (FewestMembers < 1 || MostMembers < FewestMembers || Breadth < 1 || Results < 1)
            throw new LabException($"a search from {FewestMembers} to {MostMembers} members, {Breadth} wide, for {Results} results: "
                + "expected 1 or more of each, and no fewer members at most than at least");
    }
}
