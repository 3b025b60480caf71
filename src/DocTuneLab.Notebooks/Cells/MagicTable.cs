using System.CommandLine;
using System.CommandLine.Help;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>The magics and languages of a session by name; of a name that is given twice, the last one.</summary>
internal sealed class MagicTable
{
    private readonly Dictionary<string, Magic> _magics = new(StringComparer.Ordinal);

    /// <summary>Names and aliases, with <c>#!</c>.</summary>
    public IEnumerable<string> Names => _magics.Keys;

    /// <summary>The command lines; one with aliases comes once for each.</summary>
    public IEnumerable<Command> Commands => _magics.Values.Select(magic => magic.Command);

    /// <summary>The languages, each once.</summary>
    public IEnumerable<ICellLanguage> Languages => _magics.Values.Select(magic => magic.Language).OfType<ICellLanguage>().Distinct();

    /// <exception cref="NotebookException">Its name is not one of a magic.</exception>
    public void Add(Command command, MagicKind kind = MagicKind.Line) => Add(new Magic(command, kind, null));

    /// <exception cref="NotebookException">Its name is not one of a magic.</exception>
    public void Add(ICellLanguage language)
    {
        ArgumentNullException.ThrowIfNull(language);
        var command = new Command(CellSplitter.Prefix + language.Name, language.Description);
        foreach (var alias in language.Aliases)
            command.Aliases.Add(CellSplitter.Prefix + alias);
        language.Configure(command);
        Add(new Magic(command, MagicKind.Language, language));
    }

    public bool TryGet(string name, out Magic magic) => _magics.TryGetValue(name, out magic);

    /// <summary>A language by its name or alias, without <c>#!</c>; null if there is none.</summary>
    public ICellLanguage? Language(string name) => _magics.TryGetValue(CellSplitter.Prefix + name, out var magic) ? magic.Language : null;

    /// <summary>Whether what stands under this magic belongs to it: a body, or code in another language.</summary>
    public bool TakesBody(string name) => _magics.TryGetValue(name, out var known) && known.Kind != MagicKind.Line;

    private void Add(Magic magic)
    {
        var command = magic.Command;
        ArgumentNullException.ThrowIfNull(command);
        if (!CellSplitter.IsMagic(command.Name))
            throw new NotebookException($"A magic's name starts with '#!' and a letter, as in '#!docs'; '{command.Name}' does not.");
        if (!command.Options.Any(option => option is HelpOption))
            command.Options.Add(new HelpOption { Recursive = true });
        OrderedHelp.Use(command.Options.OfType<HelpOption>().First());
        _magics[command.Name] = magic;
        foreach (var alias in command.Aliases)
            _magics[alias] = magic;
    }
}

/// <summary>A magic and how it treats the lines after it.</summary>
internal readonly record struct Magic(Command Command, MagicKind Kind, ICellLanguage? Language)
{
    /// <summary>Whether its line can say anything beyond the name.</summary>
    public bool HasArguments => Command.Arguments.Count > 0 || Command.Options.Any(option => option is not HelpOption);
}

/// <summary>What the lines after a magic are.</summary>
internal enum MagicKind
{
    /// <summary>Code of the language that the magic names.</summary>
    Language,
    /// <summary>Code as before.</summary>
    Line,
    /// <summary>The magic's body, up to the next magic.</summary>
    WithBody,
}
