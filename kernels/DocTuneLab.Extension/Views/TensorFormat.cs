using System.Globalization;
using System.Net;
using System.Text;
using TorchSharp;

namespace DocTuneLab.Extension.Views;

/// <summary>Tensors for a cell: shape, type, device, and the values at their edges. Only what is shown is copied from the device.</summary>
internal static class TensorFormat
{
    private const int Edge = 4;

    /// <summary>One line on the tensor, and its values below.</summary>
    public static string Text(torch.Tensor tensor)
    {
        if (tensor.IsInvalid)
            return "tensor (disposed of)";
        var text = new StringBuilder(Head(tensor));
        foreach (var row in Rows(tensor))
            text.Append('\n').Append("  ").AppendJoin("  ", row.Select(cell => cell.PadLeft(10)));
        return text.ToString();
    }

    /// <summary>The same as HTML.</summary>
    public static string Html(torch.Tensor tensor)
    {
        if (tensor.IsInvalid)
            return WebUtility.HtmlEncode(Text(tensor));
        var html = new StringBuilder("<div><code>").Append(WebUtility.HtmlEncode(Head(tensor)))
            .Append("</code><table class=\"doctune-table\"><tbody>");
        foreach (var row in Rows(tensor))
            html.Append("<tr>")
                .AppendJoin("", row.Select(cell => $"<td style=\"text-align:right\">{WebUtility.HtmlEncode(cell)}</td>"))
                .Append("</tr>");
        return html.Append("</tbody></table></div>").ToString();
    }

    private static string Head(torch.Tensor tensor)
    {
        var shape = tensor.dim() == 0 ? "scalar" : string.Join(" x ", tensor.shape);
        // Of more than two dimensions the last two are shown, at index 0 of those before them.
        var slice =
            tensor.dim() > 2 && tensor.numel() > 0 ? $"; [{string.Concat(Enumerable.Repeat("0, ", (int)tensor.dim() - 2))}:, :] =" : "";
        return $"tensor {shape}, {tensor.dtype.ToString().ToLowerInvariant()}, "
            + $"{tensor.device}{(tensor.requires_grad ? ", requires grad" : "")}{slice}";
    }

    private static IEnumerable<string[]> Rows(torch.Tensor tensor)
    {
        if (tensor.numel() == 0 || tensor.is_sparse)
            yield break;
        using var scope = torch.NewDisposeScope();
        using var detached = torch.no_grad();
        var matrix = tensor;
        while (matrix.dim() > 2)
            matrix = matrix.select(0, 0);
        if (matrix.dim() < 2)
            matrix = matrix.reshape(1, -1);
        var (rows, columns) = (Shown(matrix.shape[0]), Shown(matrix.shape[1]));
        foreach (var i in rows)
            yield return [.. columns.Select(j => i < 0 || j < 0 ? "…" : Value(matrix[i, j]))];
    }

    // The first and last indices; -1 stands for those between.
    private static List<long> Shown(long length) => length <= 2 * Edge + 1
        ? [.. Enumerable.Range(0, (int)length).Select(i => (long)i)]
        : [.. Enumerable.Range(0, Edge).Select(i => (long)i), -1, .. Enumerable.Range(0, Edge).Select(i => length - Edge + i)];

    private static string Value(torch.Tensor element) => element.dtype switch
    {
        torch.ScalarType.Bool => element.item<bool>() ? "true" : "false",
        torch.ScalarType.Float16 or torch.ScalarType.BFloat16 or torch.ScalarType.Float32 or torch.ScalarType.Float64 =>
            element.to_type(torch.ScalarType.Float64).item<double>().ToString("G5", CultureInfo.InvariantCulture),
        torch.ScalarType.ComplexFloat32 or torch.ScalarType.ComplexFloat64 => element.ToString(),
        _ => element.to_type(torch.ScalarType.Int64).item<long>().ToString(CultureInfo.InvariantCulture),
    };
}
