namespace Fenmark.Works;

/// <summary>A ditch that holds water up to its brim and spills the rest.</summary>
/// <remarks>Ditches are not safe for use from several threads at once.</remarks>
/// <example>
/// <code>
/// var ditch = new Ditch(new DitchOptions { Name = "North" }); // 2000 cubic metres
/// ditch.Pour(WaterLot.FromCubicMetres(500));
/// Console.WriteLine(ditch.Level); // 0.500 m
/// </code>
/// </example>
public sealed class Ditch
{
    private readonly DitchOptions _options;

    /// <summary>Creates a ditch from its measures.</summary>
    /// <param name="options">The measures.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="PlanFaultException">The measures do not pass <see cref="DitchOptions.Validate"/>.</exception>
    public Ditch(DitchOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        // One litre over one square metre stands one millimetre high.
        Capacity = LotOfDepth(options.BrimDepth);
        Stored = WaterLot.FromLitres((long)Math.Round(Capacity.Litres * options.StartFill));
    }

    /// <summary>Gets the name of the ditch.</summary>
    public string Name => _options.Name;

    /// <summary>Gets the most water that the ditch can hold.</summary>
    public WaterLot Capacity { get; }

    /// <summary>Gets the water in the ditch now.</summary>
    public WaterLot Stored { get; private set; }

    /// <summary>Gets all the water that has spilled over the brim so far.</summary>
    public WaterLot Spilled { get; private set; }

    /// <summary>Gets the level of the water: the floor plus the depth, to the nearest millimetre.</summary>
    public WaterHead Level => _options.Floor + WaterHead.FromMetres(Stored.Litres / _options.AreaSquareMetres / 1000);

    /// <summary>Gets the water that still fits below the brim.</summary>
    public WaterLot Room => Capacity - Stored;

    /// <summary>Gets a value indicating whether the ditch is full to the brim.</summary>
    public bool IsBrimming => Stored == Capacity;

    /// <summary>Gets the share of the capacity that is full, 0 to 1.</summary>
    public double FillShare => (double)Stored.Litres / Capacity.Litres;

    /// <summary>Pours water in; what does not fit spills over the brim.</summary>
    /// <param name="lot">The water to pour.</param>
    /// <returns>The part of <paramref name="lot"/> that spilled; <see cref="WaterLot.Empty"/> when all of it fitted.</returns>
    /// <example>
    /// <code>
    /// var lost = ditch.Pour(ditch.Room + WaterLot.FromLitres(40)); // 40 L
    /// </code>
    /// </example>
    public WaterLot Pour(WaterLot lot)
    {
        var over = lot - Room;
        Stored += lot - over;
        Spilled += over;
        return over;
    }

    /// <summary>Draws water out.</summary>
    /// <param name="lot">The water to draw.</param>
    /// <exception cref="DryDitchException">The ditch holds less than <paramref name="lot"/>; nothing is drawn.</exception>
    /// <seealso cref="TryDraw"/>
    public void Draw(WaterLot lot)
    {
        if (!TryDraw(lot))
            throw new DryDitchException(Name, lot, Stored);
    }

    /// <summary>Tries to draw water out.</summary>
    /// <param name="lot">The water to draw.</param>
    /// <returns><see langword="true"/> when the water was drawn;
    /// <see langword="false"/> when the ditch holds less, and nothing is drawn.</returns>
    public bool TryDraw(WaterLot lot)
    {
        if (lot > Stored)
            return false;
        Stored -= lot;
        return true;
    }

    internal WaterLot LotOfDepth(WaterHead depth) => WaterLot.FromLitres((long)Math.Round(_options.AreaSquareMetres * depth.Millimetres));

    // Water below the sill cannot leave by the gate, however long it stays open.
    internal WaterLot LotAbove(WaterHead sill) => Stored - LotOfDepth(sill.Above(_options.Floor));
}
