using System.Text.Json;
using System.Text.RegularExpressions;
using DocTuneLab.Documents.Files;
using DocTuneLab.Documents.Model;
using YamlDotNet.Core;

namespace DocTuneLab.Documents.Dialects.DocFx;

/// <summary>Reads <c>docfx.json</c> (which files are content) and <c>toc.yml</c> (navigation).</summary>
/// <remarks>Formats: DocFX's configuration and table-of-contents references.</remarks>
internal static partial class DocFxSite
{
    public const string FileName = "docfx.json";
    private static readonly JsonDocumentOptions s_lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true
    };

    public static DocsSite? Read(string folder, ICollection<DocumentProblem> problems)
    {
        var file = Path.Combine(folder, FileName);
        if (!File.Exists(file)) return null;
        var (only, ignore) = (new List<Regex>(), new List<string>());
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(file), s_lenient);
            var build = Field(json.RootElement, "build");
            foreach (var content in Each(Field(build, "content")))
            {
                var source = Text(Field(content, "src")).Replace('\\', '/').Trim('/');
                if (source is "." or "./") source = "";
                if (source.Split('/').Contains(".."))
                {
                    problems.Add(new(FileName, 0, ProblemKind.Escape,
                        $"build.content takes files from '{source}', out of this folder; not read. "
                            + "Give that folder as documentation too."));
                    continue;
                }
                var prefix = source.Length == 0 ? "" : source + "/";
                only.AddRange(Patterns(Field(content, "files"), prefix).Select(p => IgnoreRules.ToRegex("/" + p)).OfType<Regex>());
                ignore.AddRange(Patterns(Field(content, "exclude"), prefix).Select(p => "/" + p));
            }
        }
        catch (JsonException e)
        {
            problems.Add(new(FileName, (int)(e.LineNumber ?? -1) + 1, ProblemKind.Configuration,
                "not valid JSON; every page of the folder is read instead."));
        }
        return new()
        {
            Kind = DocFxDialect.SiteKind,
            Root = folder,
            HasPublishedRoot = true,
            Only = only,
            Ignore = [IgnoreRules.Parse(string.Join('\n', ignore))],
            ReadNavigation = (pages, found) => Toc(folder, "toc.yml", pages, found, []),
            ReadUids = (files, found) => Uids(folder, files, found),
        };
    }

    private static Dictionary<string, string> Uids(string root, IReadOnlyList<string> files, ICollection<DocumentProblem> problems)
    {
        var uids = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in files.Where(f => Path.GetExtension(f) is ".yml" or ".yaml"))
        {
            try
            {
                using var reader = File.OpenText(Path.Combine(root, file));
                var first = reader.ReadLine() ?? "";
                if (!first.Contains("YamlMime:ManagedReference", StringComparison.Ordinal)
                    && !first.Contains("YamlMime:XRefMap", StringComparison.Ordinal))
                    continue;
                while (reader.ReadLine() is { } line)
                    if (UidLine().Match(line) is { Success: true } match) uids.TryAdd(match.Groups[1].Value.Trim('"', '\''), file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problems.Add(new(file, 0, ProblemKind.Unreadable, $"cannot be read ({e.Message}); its uids are left out."));
            }
        }
        return uids;
    }

    private static IReadOnlyList<NavigationEntry> Toc(string root, string file, IReadOnlySet<string> pages,
        ICollection<DocumentProblem> problems, IReadOnlyList<string> open)
    {
        var full = Path.Combine(root, file);
        if (!File.Exists(full) || open.Count > 20) return [];
        if (open.Contains(file))
        {
            problems.Add(new(file, 0, ProblemKind.IncludeLoop,
                $"tables of contents lead back to themselves: {string.Join(" → ", open)} → {file}; not followed again."));
            return [];
        }
        try
        {
            return YamlItem.Parse(File.ReadAllText(full)) is { } toc ? Entries(toc.Items.Count > 0 ? toc : toc["items"]) : [];
        }
        catch (YamlException e)
        {
            problems.Add(new(file, (int)e.Start.Line, ProblemKind.Configuration,
                $"not valid YAML ({e.Message}); its navigation is left out."));
            return [];
        }

        List<NavigationEntry> Entries(YamlItem? list)
        {
            var entries = new List<NavigationEntry>();
            foreach (var item in list?.Items ?? [])
            {
                var href = (item["topicHref"] ?? item["href"])?.Scalar?.Replace('\\', '/');
                var children = Entries(item["items"]);
                string? page = null;
                if (href is { Length: > 0 } && !href.Contains("://", StringComparison.Ordinal))
                {
                    var target = PagePath.Resolve(file, href.Split('#', '?')[0]);
                    if (target is null)
                        problems.Add(new(file, item.Line, ProblemKind.Escape, $"'{href}' leads out of the documentation; not followed."));
                    else if (href.EndsWith('/') || target.EndsWith("toc.yml", StringComparison.Ordinal))
                        children = [.. children, .. Toc(root,
                            target.EndsWith("toc.yml", StringComparison.Ordinal)
                                ? target
                                : (target.Length == 0 ? "toc.yml" : target.TrimEnd('/') + "/toc.yml"),
                            pages, problems, [.. open, file])];
                    else if (pages.Contains(target)) page = target;
                    else if (!File.Exists(Path.Combine(root, target)) && PagePath.IsPage(target))
                        problems.Add(new(file, item.Line, ProblemKind.Navigation,
                            $"no page '{href}'. Correct the path, or remove the entry."));
                }
                entries.Add(new((item["name"] ?? item["uid"] ?? item["topicUid"])?.Scalar ?? href ?? "", page, children));
            }
            return entries;
        }
    }

    /// <summary>Globs of a field, alternatives in braces written out; only those that can match pages.</summary>
    private static IEnumerable<string> Patterns(JsonElement? field, string prefix) =>
        Each(field).Select(Text)
            .Where(p => p.Length > 0)
            .SelectMany(p => Expand(prefix + DoubleStar().Replace(p.Replace('\\', '/').TrimStart('/'), "**/*"), 0));

    private static IEnumerable<string> Expand(string glob, int depth)
    {
        var match = Braces().Match(glob);
        return match.Success && depth < 8
            ? match.Groups[1].Value.Split(',')
                .SelectMany(option => Expand(glob[..match.Index] + option + glob[(match.Index + match.Length)..], depth + 1))
            : [glob];
    }

    private static JsonElement? Field(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } o && o.TryGetProperty(name, out var value) ? value : null;

    private static string Text(JsonElement? element) => element is { ValueKind: JsonValueKind.String } s ? s.GetString()! : "";

    private static string Text(JsonElement element) => Text((JsonElement?)element);

    private static IEnumerable<JsonElement> Each(JsonElement? element) =>
        element switch { null => [], { ValueKind: JsonValueKind.Array } a => a.EnumerateArray(), { } one => [one] };

    /// <summary>DocFX lets <c>**.md</c> cross folders, as <c>**/*.md</c> does everywhere.</summary>
    [GeneratedRegex(@"\*\*(?=[^/*])")]
    private static partial Regex DoubleStar();

    [GeneratedRegex(@"\{([^{}]*)\}")]
    private static partial Regex Braces();

    [GeneratedRegex(@"^- uid:\s*(\S+)\s*$")]
    private static partial Regex UidLine();
}
