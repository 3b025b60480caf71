using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Mingpu;

/// <summary>茶标：一批茶或一罐茶的编号，由茶园、年份和序号组成，例如 <c>QY25-007</c>。</summary>
public readonly record struct TeaMark : IComparable<TeaMark>
{
    private const int FirstYear = 2000;
    private const int MaxSerial = 999;

    private TeaMark(string garden, int year, int serial) => (Garden, Year, Serial) = (garden, year, serial);

    /// <summary>茶园代号，两个大写拉丁字母。</summary>
    public string Garden { get; }

    /// <summary>年份，2000 到 2099。</summary>
    public int Year { get; }

    /// <summary>当年的序号，1 到 999。</summary>
    public int Serial { get; }

    /// <summary>由三部分得到茶标。</summary>
    /// <param name="garden">茶园代号，两个大写拉丁字母。</param>
    /// <param name="year">年份，2000 到 2099。</param>
    /// <param name="serial">序号，1 到 999。</param>
    /// <returns>茶标。</returns>
    /// <exception cref="ArgumentException">代号不是两个大写拉丁字母。</exception>
    /// <exception cref="ArgumentOutOfRangeException">年份或序号超出范围。</exception>
    public static TeaMark Of(string garden, int year, int serial)
    {
        ArgumentNullException.ThrowIfNull(garden);
        if (garden.Length != 2 || !garden.All(char.IsAsciiLetterUpper))
            throw new ArgumentException($"茶园代号“{garden}”应为两个大写拉丁字母。", nameof(garden));
        ArgumentOutOfRangeException.ThrowIfLessThan(year, FirstYear);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(year, FirstYear + 99);
        ArgumentOutOfRangeException.ThrowIfLessThan(serial, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(serial, MaxSerial);
        return new(garden, year, serial);
    }

    /// <summary>读取文字，例如 <c>QY25-007</c>。</summary>
    /// <param name="text">代号、两位年份、短横线和三位序号。</param>
    /// <returns>茶标。</returns>
    /// <exception cref="FormatException">文字不是茶标。</exception>
    /// <seealso cref="TryParse"/>
    public static TeaMark Parse(string text) =>
        TryParse(text, out var mark) ? mark : throw new FormatException($"“{text}”不是茶标；应如 QY25-007。");

    /// <summary>尝试读取文字。</summary>
    /// <param name="text">如 <c>QY25-007</c>。</param>
    /// <param name="mark">读到的茶标。</param>
    /// <returns>是否读到。</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out TeaMark mark)
    {
        mark = default;
        if (text is not { Length: 8 } || text[4] != '-' || !char.IsAsciiLetterUpper(text[0]) || !char.IsAsciiLetterUpper(text[1])
            || !int.TryParse(text.AsSpan(2, 2), NumberStyles.None, CultureInfo.InvariantCulture, out var year)
            || !int.TryParse(text.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var serial) || serial == 0)
            return false;
        mark = new(text[..2], FirstYear + year, serial);
        return true;
    }

    /// <summary>同一茶园、同一年的下一个茶标。</summary>
    /// <returns>序号加一的茶标。</returns>
    /// <exception cref="InvalidOperationException">序号已到 999。</exception>
    public TeaMark Next() =>
        Serial < MaxSerial ? new(Garden, Year, Serial + 1) : throw new InvalidOperationException($"茶标 {this} 之后没有序号了。");

    /// <summary>拆成三部分。</summary>
    /// <param name="garden">茶园代号。</param>
    /// <param name="year">年份。</param>
    /// <param name="serial">序号。</param>
    public void Deconstruct(out string garden, out int year, out int serial) => (garden, year, serial) = (Garden, Year, Serial);

    /// <summary>先按茶园，再按年份，最后按序号比较。</summary>
    /// <param name="other">另一个茶标。</param>
    /// <returns>在前为负，相同为零，在后为正。</returns>
    public int CompareTo(TeaMark other)
    {
        var garden = string.CompareOrdinal(Garden, other.Garden);
        return garden != 0 ? garden : (Year, Serial).CompareTo((other.Year, other.Serial));
    }

    /// <summary>写成如 <c>QY25-007</c> 的文字。</summary>
    /// <returns>文字。</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Garden}{Year % 100:00}-{Serial:000}");
}
