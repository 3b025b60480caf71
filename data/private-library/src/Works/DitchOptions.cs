namespace Fenmark.Works;

/// <summary>The measures of a ditch.</summary>
/// <remarks>
/// The defaults make sums easy: over 1000 square metres, one millimetre of depth is one cubic metre of water.
/// Change a copy with <c>with</c>.
/// </remarks>
/// <example>
/// <code>
/// var options = new DitchOptions { Name = "North", BrimDepth = WaterHead.FromMetres(1.5) };
/// options.Validate();
/// </code>
/// </example>
public sealed record DitchOptions
{
    /// <summary>Gets the name of the ditch, which must not be blank.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the area of the water in square metres. Default: 1000.</summary>
    public double AreaSquareMetres { get; init; } = 1000;

    /// <summary>Gets the depth at which the ditch brims over. Default: 2 m.</summary>
    public WaterHead BrimDepth { get; init; } = WaterHead.FromMetres(2);

    /// <summary>Gets the head of the ditch's floor. Default: <see cref="WaterHead.Datum"/>.</summary>
    public WaterHead Floor { get; init; }

    /// <summary>Gets the share of the capacity that is full at the start, 0 to 1. Default: 0.</summary>
    public double StartFill { get; init; }

    /// <summary>Checks all measures.</summary>
    /// <exception cref="PlanFaultException">
    /// The name is blank, the area or the brim depth is not above zero, or the start fill is not 0 to 1; every problem is listed.
    /// </exception>
    public void Validate()
    {
        var problems = new List<string>();
        if (string.IsNullOrWhiteSpace(Name))
            problems.Add("The name of a ditch must not be blank.");
        if (!(AreaSquareMetres is > 0 and <= 1e9))
            problems.Add("The area of a ditch must be above zero and at most 10^9 square metres.");
        if (BrimDepth <= WaterHead.Datum)
            problems.Add("The brim depth of a ditch must be above zero.");
        if (!(StartFill is >= 0 and <= 1))
            problems.Add("The start fill of a ditch must be 0 to 1.");
        if (problems.Count > 0)
            throw new PlanFaultException(problems);
    }
}
