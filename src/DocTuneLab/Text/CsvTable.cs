using System.Text;

namespace DocTuneLab.Text;

/// <summary>Tables as CSV (RFC 4180) with a header, as spreadsheets write and read them.</summary>
public static class CsvTable
{
    /// <summary>Writes a table.</summary>
    /// <param name="path">The file.</param>
    /// <param name="columns">Names of its columns.</param>
    /// <param name="rows">A cell for each column.</param>
    public static void Write(string path, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var text = new StringBuilder(string.Join(',', columns) + "\r\n");
        // A spreadsheet takes a cell that begins with '=' for a formula; a leading apostrophe keeps it text, and reading drops it again.
        foreach (var row in rows)
        {
            var cells = row.Select(c => Quoted(c.Length > 0 && "=+-@'".Contains(c[0], StringComparison.Ordinal) ? "'" + c : c));
            text.AppendJoin(',', cells).Append("\r\n");
        }
        File.WriteAllText(path, text.ToString(), new UTF8Encoding(true));
    }

    /// <summary>Reads a table: each row by the names of the columns, in lower case, and where it stands as <c>file:line</c>.</summary>
    /// <exception cref="LabException">A field is not closed, or a row has another number of fields than the header.</exception>
    public static IEnumerable<(IReadOnlyDictionary<string, string> Row, string At)> Read(string path)
    {
        var text = File.ReadAllText(path);
        List<string>? header = null;
        var (fields, field, quoted, line, start) = (new List<string>(), new StringBuilder(), false, 1, 1);
        for (var i = 0; i <= text.Length; i++)
        {
            var c = i < text.Length ? text[i] : '\n';
            if (c == '\n') line++;
            if (quoted)
            {
                if (i == text.Length) throw new LabException($"{path}:{start}: a quoted field is not closed.");
                if (c != '"') field.Append(c);
                else if (i + 1 < text.Length && text[i + 1] == '"') { field.Append('"'); i++; }
                else quoted = false;
            }
            else if (c == '"' && field.Length == 0) quoted = true;
            else if (c == ',') Close();
            else if (c == '\n')
            {
                if (fields.Count == 0 && field.Length == 0) { start = line; continue; }
                Close();
                if (header is null) header = fields.ConvertAll(f => f.Trim().TrimStart('\uFEFF').ToLowerInvariant());
                else if (fields.Count != header.Count)
                    throw new LabException($"{path}:{start}: the row has {fields.Count} fields, the header {header.Count}.");
                else
                    yield return (header.Zip(fields)
                        .ToDictionary(p => p.First, p => p.Second.ReplaceLineEndings("\n"), StringComparer.Ordinal),
                        $"{path}:{start}");
                (fields, start) = ([], line);
            }
            else if (c != '\r') field.Append(c);
        }

        void Close()
        {
            var value = field.ToString();
            fields.Add(value.Length > 1 && value[0] == '\'' && "=+-@'".Contains(value[1], StringComparison.Ordinal) ? value[1..] : value);
            field.Clear();
        }
    }

    private static string Quoted(string cell) =>
        cell.AsSpan().IndexOfAny(",\"\r\n") < 0 ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
