using System.Text.Json;

namespace DocTuneLab.Cli.Repl;

/// <summary>What was entered, kept from session to session: one JSON string a line, so that inputs may have several lines.</summary>
internal sealed class History
{
    private const int Most = 2000;
    private readonly string? _file;
    private readonly List<string> _entries = [];

    /// <param name="file">Where it is kept; null keeps it in memory only.</param>
    public History(string? file)
    {
        _file = file;
        if (file is null || !File.Exists(file)) return;
        foreach (var line in File.ReadLines(file).TakeLast(Most))
        {
            try
            {
                if (JsonSerializer.Deserialize<string>(line) is { } entry) _entries.Add(entry);
            }
            catch (JsonException)
            {
                // A line cut off by a crash loses that line only.
            }
        }
    }

    /// <summary>Where the history of this user is kept.</summary>
    public static string DefaultFile =>
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create),
            "doctune", "history.jsonl");

    public IReadOnlyList<string> Entries => _entries;

    /// <summary>Adds an entry, unless it repeats the last one.</summary>
    public void Add(string entry)
    {
        if (_entries.LastOrDefault() == entry) return;
        _entries.Add(entry);
        if (_file is null) return;
        Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
        File.AppendAllText(_file, JsonSerializer.Serialize(entry) + "\n");
    }
}
