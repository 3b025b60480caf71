using System.Reflection;

namespace DocTuneLab.Prompts;

/// <summary>Templates by name: those that ship with the lab, or a folder of <c>.liquid</c> files.</summary>
public sealed class PromptLibrary
{
    /// <summary>Kind of the templates that render a programming task:
    /// inputs <c>instruction</c>, <c>signature</c>, <c>context?</c>.</summary>
    public const string CodeTask = "code-task";

    /// <summary>Kind of the templates that render a question: input <c>question</c>.</summary>
    public const string DocQa = "doc-qa";

    private static readonly Lazy<PromptLibrary> s_embedded = new(LoadEmbedded);
    private readonly Dictionary<string, PromptTemplate> _byName;

    private PromptLibrary(IEnumerable<PromptTemplate> templates)
    {
        _byName = new Dictionary<string, PromptTemplate>(StringComparer.Ordinal);
        foreach (var template in templates)
            if (!_byName.TryAdd(template.Name, template))
                throw new LabException($"{template.Path}: a template named '{template.Name}' was already read from "
                    + $"{_byName[template.Name].Path}; rename one of them.");
    }

    /// <summary>The templates that ship with the lab.</summary>
    public static PromptLibrary Default => s_embedded.Value;

    /// <summary>All templates, by name.</summary>
    public IReadOnlyList<PromptTemplate> Templates => [.. _byName.Values.OrderBy(t => t.Name, StringComparer.Ordinal)];

    /// <summary>The template named <paramref name="name"/>.</summary>
    /// <exception cref="LabException">There is none.</exception>
    public PromptTemplate this[string name] => _byName.TryGetValue(name, out var template) ? template
        : throw new LabException($"There is no prompt template '{name}'; there are: {string.Join(", ", Templates.Select(t => t.Name))}.");

    /// <summary>Templates of one kind, by name.</summary>
    public IReadOnlyList<PromptTemplate> OfKind(string kind) => [.. Templates.Where(t => t.Kind == kind)];

    /// <summary>Reads every <c>.liquid</c> file of a folder, on top of those that ship with the lab (a file of the
    /// same name wins).</summary>
    /// <exception cref="LabException">The folder is missing, or a file is wrong.</exception>
    public static PromptLibrary LoadFolder(string folder)
    {
        if (!Directory.Exists(folder)) throw new LabException($"{folder}: no such folder of prompt templates.");
        var own = Directory.EnumerateFiles(folder, "*.liquid", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .Select(PromptTemplate.Load)
            .ToList();
        var names = own.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        return new PromptLibrary([.. own, .. Default.Templates.Where(t => !names.Contains(t.Name))]);
    }

    /// <summary>These templates, with another in the place of one of them.</summary>
    /// <param name="name">The name that it is asked for by.</param>
    /// <param name="template">What is found under it; its own name may be another.</param>
    public PromptLibrary With(string name, PromptTemplate template)
    {
        var changed = new PromptLibrary([]);
        foreach (var (key, value) in _byName) changed._byName[key] = value;
        changed._byName[name] = template;
        return changed;
    }

    private static PromptLibrary LoadEmbedded()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return new PromptLibrary(assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith("prompts/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return PromptTemplate.Parse(reader.ReadToEnd(), name);
            }));
    }
}
