using System.Globalization;
using System.Text;

namespace DocTuneLab.Training.Telemetry;

/// <summary>The loss of a run as a picture that needs no script: raw, smoothed and validation loss over steps.</summary>
internal static class LossChart
{
    private const double Width = 760, Height = 380, Left = 58, Right = 16, Top = 40, Bottom = 44;

    public static string Svg(IReadOnlyList<TrainingStep> history)
    {
        var evals = history.Where(h => h.EvalLoss is not null).Select(h => ((double)h.Step, h.EvalLoss!.Value)).ToArray();
        var raw = history.Select(h => ((double)h.Step, h.Loss)).ToArray();
        var (first, last) = (raw[0].Item1, Math.Max(raw[0].Item1 + 1, raw[^1].Item1));
        var values = raw.Concat(evals).Select(p => p.Item2).Where(double.IsFinite).Order().ToArray();
        // The first few losses of a fresh adapter would flatten the rest.
        var (low, high) = (values[0], values[Math.Min(values.Length - 1, (int)(values.Length * 0.995))]);
        var tick = NiceStep((high - low) / 5);
        (low, high) = (Math.Floor(low / tick) * tick, Math.Max(Math.Ceiling(high / tick), Math.Floor(low / tick) + 1) * tick);
        double X(double step) => Left + (step - first) / (last - first) * (Width - Left - Right);
        double Y(double loss) => Top + (high - Math.Clamp(loss, low, high)) / (high - low) * (Height - Top - Bottom);
        var svg = new StringBuilder();
        void Add(FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Add($"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{Height}" viewBox="0 0 {Width} {Height}"
              font-family="system-ui, sans-serif" font-size="12" fill="#30343b">
            """);
        Add($"""<rect width="100%" height="100%" fill="#ffffff"/>""");
        Add($"""<text x="{Left}" y="22" font-size="14">Loss (nats per trained token)</text>""");
        for (var v = low; v <= high + tick / 2; v += tick)
        {
            Add($"""<line x1="{Left}" x2="{Width - Right}" y1="{Y(v):F1}" y2="{Y(v):F1}" stroke="#e3e6ea"/>""");
            Add($"""<text x="{Left - 8}" y="{Y(v) + 4:F1}" text-anchor="end">{Math.Round(v, 6)}</text>""");
        }
        var stepTick = Math.Max(1, NiceStep((last - first) / 6));
        for (var s = Math.Ceiling(first / stepTick) * stepTick; s <= last; s += stepTick)
            Add($"""<text x="{X(s):F1}" y="{Height - Bottom + 18}" text-anchor="middle">{s}</text>""");
        Add($"""<text x="{(Left + Width - Right) / 2}" y="{Height - 8}" text-anchor="middle">step</text>""");
        Curve(raw, "#4269d0", 1, 0.3);
        Curve(Smooth(raw), "#4269d0", 2, 1);
        Curve(evals, "#ff725c", 2, 1);
        foreach (var (s, v) in evals) Add($"""<circle cx="{X(s):F1}" cy="{Y(v):F1}" r="3" fill="#ff725c"/>""");
        string[] names = ["raw", "smoothed", "validation"];
        string[] colours = ["#b3c3ec", "#4269d0", "#ff725c"];
        for (var i = 0; i < (evals.Length > 0 ? 3 : 2); i++)
        {
            var at = Width - 300 + i * 95;
            Add($"""<line x1="{at}" x2="{at + 22}" y1="18" y2="18" stroke="{colours[i]}" stroke-width="2"/>""");
            Add($"""<text x="{at + 28}" y="22">{names[i]}</text>""");
        }
        return svg.Append("</svg>\n").ToString();

        void Curve(IEnumerable<(double Step, double Loss)> points, string colour, double width, double opacity)
        {
            var path = string.Join(' ',
                points.Where(p => double.IsFinite(p.Loss))
                    .Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.Step):F1},{Y(p.Loss):F1}")));
            Add($"""<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-opacity="{opacity}"/>""");
        }
    }

    // Exponential mean over about twenty steps, corrected for its start at zero as in Adam.
    private static IEnumerable<(double, double)> Smooth(IEnumerable<(double Step, double Loss)> raw)
    {
        var (mean, weight) = (0.0, 0.0);
        foreach (var (step, loss) in raw)
        {
            (mean, weight) = (0.95 * mean + 0.05 * loss, 0.95 * weight + 0.05);
            yield return (step, mean / weight);
        }
    }

    private static double NiceStep(double rough)
    {
        if (!(rough > 0)) return 0.1;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return power * (rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
    }
}
