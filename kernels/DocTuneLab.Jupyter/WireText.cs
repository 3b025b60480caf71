using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace DocTuneLab.Jupyter;

/// <summary>
/// JSON from front ends that has text .NET cannot read: bytes that are not UTF-8, and escapes of half a surrogate pair, which JavaScript
/// writes for a string cut in the middle of an emoji. Both become U+FFFD, as a decoder would have it.
/// </summary>
internal static class WireText
{
    private static readonly byte[] s_replacement = "\\ufffd"u8.ToArray();

    public static byte[] Repair(byte[] json)
    {
        if (!Utf8.IsValid(json))
            json = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json));
        return json.AsSpan().IndexOf("\\u"u8) < 0 ? json : RepairEscapes(json);
    }

    private static byte[] RepairEscapes(byte[] json)
    {
        var result = new ArrayBufferWriter<byte>(json.Length);
        for (var i = 0; i < json.Length;)
        {
            if (json[i] != '\\')
            {
                var next = json.AsSpan(i).IndexOf((byte)'\\');
                var length = next < 0 ? json.Length - i : next;
                result.Write(json.AsSpan(i, length));
                i += length;
                continue;
            }
            var unit = Unit(json, i);
            var isPair = unit is >= 0xD800 and < 0xDC00 && Unit(json, i + 6) is >= 0xDC00 and < 0xE000;
            var taken = isPair ? 12 : unit is null ? 2 : 6;
            result.Write(!isPair && unit is >= 0xD800 and < 0xE000 ? s_replacement : json.AsSpan(i, Math.Min(taken, json.Length - i)));
            i += taken;
        }
        return result.WrittenSpan.ToArray();
    }

    private static int? Unit(byte[] json, int at) =>
        at + 6 <= json.Length && json[at] == '\\' && json[at + 1] == 'u'
            && int.TryParse(json.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            ? unit
            : null;
}
