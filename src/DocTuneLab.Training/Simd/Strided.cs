namespace DocTuneLab.Training.Simd;

/// <summary>A float32 matrix in memory whose elements within a row need not be adjacent, such as a transposed one.</summary>
internal readonly unsafe struct Strided(float* start, int row, int column)
{
    public float* Start { get; } = start;

    /// <summary>Elements from a row to the next.</summary>
    public int Row { get; } = row;

    /// <summary>Elements from a column to the next.</summary>
    public int Column { get; } = column;

    /// <summary>The same from a row on.</summary>
    public Strided From(int first) => new(Start + (long)first * Row, Row, Column);
}
