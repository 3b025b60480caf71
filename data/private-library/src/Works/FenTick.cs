namespace Fenmark.Works;

/// <summary>The account of one step of a <see cref="FenRunner"/>.</summary>
public readonly record struct FenTick
{
    /// <summary>Gets the number of the step, from 1.</summary>
    public int Number { get; init; }

    /// <summary>Gets the moment at the end of the step, in the runner's own time.</summary>
    public DateTimeOffset Moment { get; init; }

    /// <summary>Gets the water in all ditches at the end of the step.</summary>
    public WaterLot Stored { get; init; }

    /// <summary>Gets the water that reached the sea in this step.</summary>
    public WaterLot ToSea { get; init; }

    /// <summary>Gets the water that spilled over a brim in this step.</summary>
    public WaterLot Spilled { get; init; }
}
