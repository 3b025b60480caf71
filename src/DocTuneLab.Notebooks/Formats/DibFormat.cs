using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Languages;

namespace DocTuneLab.Notebooks.Formats;

/// <summary>
/// The <c>.dib</c> format of .NET Interactive: cells divided by lines with the name of a language. It has no place for ids, tags and
/// metadata of cells, so they go into the <c>#!meta</c> block under <c>doctune</c>, which other readers skip. Outputs are not kept.
/// </summary>
internal static class DibFormat
{
    private const string Meta = "#!meta";
    private const string Raw = "raw";

    private static readonly HashSet<string> s_noNames = [];

    private static readonly JsonSerializerOptions s_compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a notebook.</summary>
    /// <param name="text">The text of the file.</param>
    /// <param name="path">Name of the file, for messages.</param>
    /// <exception cref="NotebookException">The #!meta block is not JSON.</exception>
    public static Notebook Read(string text, string path = "notebook")
    {
        var meta = new JsonObject();
        var sections = Sections(text, s_noNames);
        if (sections is [{ Language: "meta" } first, ..])
            meta = ReadMeta(first.Text, first.Line, path);
        var names = Names(meta);
        if (names.Count > 0)
            sections = Sections(text, names);
        if (sections is [{ Language: "meta" }, ..])
            sections.RemoveAt(0);
        var own = meta["doctune"] as JsonObject;
        meta.Remove("doctune");
        var known = own?["cells"] as JsonArray ?? [];
        var notebook = new Notebook { Metadata = own?["metadata"]?.DeepClone() as JsonObject ?? [] };
        // A file that was edited by hand may have other cells than the block says: then ids and tags cannot be matched.
        var matched = known.Sum(cell => (int?)cell?["sections"] ?? 1) == sections.Count;
        for (int i = 0, k = 0; i < sections.Count; k++)
        {
            var facts = matched ? known[k] as JsonObject : null;
            var count = (int?)facts?["sections"] ?? 1;
            notebook.Cells.Add(Cell(sections.GetRange(i, count), facts, k, names));
            i += count;
        }
        if (meta.Count > 0)
            notebook.Metadata["polyglot_notebook"] ??= meta;
        return notebook;
    }

    /// <summary>The notebook as text.</summary>
    public static string Write(Notebook notebook)
    {
        ArgumentNullException.ThrowIfNull(notebook);
        var metadata = (JsonObject)notebook.Metadata.DeepClone();
        var meta = metadata["polyglot_notebook"] as JsonObject;
        metadata.Remove("polyglot_notebook");
        meta ??= new JsonObject
        {
            ["kernelInfo"] = new JsonObject
            {
                ["defaultKernelName"] = "csharp",
                ["items"] = new JsonArray(
                    new JsonObject { ["name"] = "csharp", ["languageName"] = "C#", ["aliases"] = new JsonArray("c#", "cs") })
            }
        };
        var names = AddNames(meta, notebook.Cells);
        var texts = notebook.Cells.Select(cell => CellText(cell, names)).ToList();
        var facts = notebook.Cells.Zip(texts, (cell, text) =>
        {
            var fact = new JsonObject { ["id"] = cell.Id };
            if (cell.Metadata.Count > 0)
                fact["metadata"] = cell.Metadata.DeepClone();
            if (cell.Other.Count > 0)
                fact["other"] = cell.Other.DeepClone();
            var sections = Sections(text, names);
            if (sections.Count > 1)
                fact["sections"] = sections.Count;
            // Blank lines between sections of one cell, and around its text, are not told apart from those of the format;
            // nor is a code cell of Markdown from text.
            var read = Cell(sections, fact, 0, names);
            if (read.Kind != cell.Kind)
                fact["kind"] = cell.Kind.ToString().ToLowerInvariant();
            if (Cell(sections, fact, 0, names).Source != cell.Source)
                fact["source"] = cell.Source;
            return (JsonNode)fact;
        });
        meta["doctune"] = new JsonObject { ["cells"] = new JsonArray([.. facts]), ["metadata"] = metadata };
        return $"{Meta}\n\n{meta.ToJsonString(s_compact)}\n\n{string.Join("\n", texts)}";
    }

    /// <summary>Languages beyond the built-in ones, such as connections (sql-NAME): the block names those that the file uses.</summary>
    private static HashSet<string> Names(JsonObject meta) =>
        [.. ((meta["kernelInfo"] as JsonObject)?["items"] as JsonArray ?? []).OfType<JsonObject>()
            .Select(item => item["name"]?.ToString())
            .OfType<string>()];

    private static HashSet<string> AddNames(JsonObject meta, IEnumerable<NotebookCell> cells)
    {
        var names = Names(meta);
        foreach (var language in cells.Where(cell => cell.Kind == CellKind.Code)
            .Select(cell => cell.Language)
            .Where(language => language != "csharp" && names.Add(language)))
        {
            var info = meta["kernelInfo"] as JsonObject ?? [];
            meta["kernelInfo"] ??= info;
            var items = info["items"] as JsonArray ?? [];
            info["items"] ??= items;
            items.Add((JsonNode)new JsonObject { ["name"] = language, ["aliases"] = new JsonArray() });
        }
        return names;
    }

    private static string CellText(NotebookCell cell, IReadOnlySet<string> names)
    {
        var language = cell.Kind switch { CellKind.Markdown => "markdown", CellKind.Raw => Raw, _ => cell.Language };
        var source = cell.Source;
        // A cell that names its language itself needs no second line for it.
        var named = cell.Kind == CellKind.Code && SectionLanguage(source.Split('\n')[0], names) is not null;
        return (named ? "" : $"#!{language}\n\n") + source.Trim('\n') + "\n";
    }

    private static NotebookCell Cell(List<Section> sections, JsonObject? facts, int index, IReadOnlySet<string> names)
    {
        if (sections.Count == 0)
            sections = [new Section("csharp", "", 1)];
        var metadata = facts?["metadata"]?.DeepClone() as JsonObject ?? [];
        var kind = facts?["kind"]?.ToString() switch
        {
            "code" => CellKind.Code,
            "markdown" => CellKind.Markdown,
            "raw" => CellKind.Raw,
            _ => sections[0].Language switch { "markdown" => CellKind.Markdown, Raw => CellKind.Raw, _ => CellKind.Code },
        };
        // A cell whose metadata names its language does not say it in its text.
        var isNamed = new NotebookCell { Metadata = (JsonObject)metadata.DeepClone() }.Language == sections[0].Language;
        var text = new StringBuilder(kind == CellKind.Code && !isNamed ? $"#!{sections[0].Language}\n" : "").Append(sections[0].Text);
        foreach (var section in sections.Skip(1))
            text.Append($"\n#!{section.Language}\n{section.Text}");
        var source = text.ToString();
        // The exact source counts only while the file still says the same: an edit by hand wins.
        if (facts?["source"]?.ToString() is { } exact
            && Cell(Sections(CellText(new NotebookCell { Kind = kind, Source = exact, Metadata = (JsonObject)metadata.DeepClone() }, names),
                names), Without(facts, "source"), 0, names).Source == source)
            source = exact;
        return new NotebookCell
        {
            Id = facts?["id"]?.ToString() ?? $"cell-{index + 1}",
            Kind = kind,
            Source = source,
            Metadata = metadata,
            Other = facts?["other"]?.DeepClone() as JsonObject ?? [],
        };
    }

    private static JsonObject Without(JsonObject facts, string name)
    {
        var rest = (JsonObject)facts.DeepClone();
        rest.Remove(name);
        return rest;
    }

    private static List<Section> Sections(string text, IReadOnlySet<string> names)
    {
        var sections = new List<Section>();
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var language = "csharp";
        var body = new List<string>();
        var start = 1;
        for (var i = 0; i <= lines.Length; i++)
        {
            var next = i == lines.Length ? "" : SectionLanguage(lines[i], names);
            // The block may be followed by a magic that is no language, or by a language that only the block names: neither is part of
            // its JSON.
            var endsMeta = next is null && language == "meta" && CellSplitter.IsMagic(lines[i]);
            if (next is null && !endsMeta)
            {
                body.Add(lines[i]);
                continue;
            }
            if (start > 1 || body.Any(line => line.Trim().Length > 0))
                sections.Add(new Section(language, string.Join('\n', body).Trim('\n'), start));
            (language, start) = endsMeta ? ("csharp", i + 1) : (next!, i + 2);
            body.Clear();
            if (endsMeta)
                body.Add(lines[i]);
        }
        return sections;
    }

    private static string? SectionLanguage(string line, IReadOnlySet<string> names)
    {
        var name = line.TrimEnd();
        if (!name.StartsWith(CellSplitter.Prefix, StringComparison.Ordinal))
            return null;
        name = name[CellSplitter.Prefix.Length..];
        return name is "c#" or "cs" ? "csharp" : name is "md" ? "markdown" : name is "js" ? "javascript"
            : name is "meta" or Raw || BuiltInLanguages.Names.Contains(name) || names.Contains(name) ? name : null;
    }

    private static JsonObject ReadMeta(string json, int line, string path)
    {
        try
        {
            return JsonNode.Parse(json) as JsonObject
                ?? throw new NotebookException($"{path}, line {line}: the {Meta} block is not a JSON object.");
        }
        catch (JsonException exception)
        {
            throw new NotebookException($"{path}, line {line + exception.LineNumber}: the {Meta} block is not valid JSON.", exception);
        }
    }

    private sealed record Section(string Language, string Text, int Line);
}
