using DocTuneLab.Notebooks.Cells;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Notebooks.Languages.CSharp;

/// <summary>Compiler errors in the form in which a notebook shows them.</summary>
internal static class CSharpErrors
{
    private const int MaxErrors = 10;

    /// <summary>Compiler errors, each with its line and a marker under the place.</summary>
    public static CellFailure Failure(IReadOnlyList<Diagnostic> errors, string label, int firstLine, string code)
    {
        var lines = code.Split('\n');
        var trace = new List<string>();
        foreach (var error in errors.Take(MaxErrors))
        {
            var span = error.Location.GetMappedLineSpan();
            var line = span.StartLinePosition.Line;
            trace.Add($"{Location(span.Path, label, line + 1)}: error {error.Id}: {error.GetMessage()}");
            if (line + 1 - firstLine is var index && index >= 0 && index < lines.Length && span.Path == label)
            {
                var text = lines[index].TrimEnd('\r');
                var start = Math.Min(span.StartLinePosition.Character, text.Length);
                var end = span.EndLinePosition.Line == line ? span.EndLinePosition.Character : text.Length;
                trace.Add("    " + text);
                trace.Add("    " + new string(' ', start) + '^' + new string('~', Math.Max(0, end - start - 1)));
            }
        }
        if (errors.Count > MaxErrors)
            trace.Add($"… and {errors.Count - MaxErrors} more errors");
        var first = errors[0].Location.GetMappedLineSpan();
        return new CellFailure(new ErrorOutput("CompilationError",
            $"{Location(first.Path, label, first.StartLinePosition.Line + 1)}: {errors[0].Id}: {errors[0].GetMessage()}", trace));
    }

    private static string Location(string path, string label, int line) => $"{(string.IsNullOrEmpty(path) ? label : path)}:line {line}";
}
