using System.Text.Json;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Evaluation.Suites;

/// <summary>Reads tasks from JSON Lines; every complaint names the file, the line and the field.</summary>
internal static class SuiteReader
{
    private static readonly string[] s_fileNames =
        [Suite.CodeFile, Suite.QaFile, Suite.OpenFile, Suite.CompletionFile, Suite.MembersFile, Suite.GeneralFile, Suite.RetentionFile];

    public static Suite Load(string path, bool locked = true)
    {
        List<CodeTask> code = [], general = [];
        List<QaTask> qa = [];
        List<OpenTask> open = [];
        List<CompletionTask> completion = [];
        List<MemberTask> members = [];
        List<RetentionText> retention = [];
        Dictionary<string, string> seen = new(StringComparer.Ordinal);
        var files = Files(path);
        if (locked && Directory.Exists(path)) SuiteLock.Check(path, files);
        foreach (var file in files)
        {
            var before = seen.Count;
            var number = 0;
            foreach (var line in File.ReadLines(file))
            {
                number++;
                if (string.IsNullOrWhiteSpace(line)) continue;
                using var json = Parse(file, number, line);
                var reader = new Line($"{file}:{number}", json.RootElement);
                if (reader.Has("rubric")) open.Add(ReadOpen(reader));
                else if (reader.Has("exists")) members.Add(ReadMember(reader));
                else if (reader.Has("question")) qa.Add(ReadQa(reader));
                else if (reader.Has("middle")) completion.Add(ReadCompletion(reader));
                else if (reader.Has("text")) retention.Add(ReadRetention(reader));
                else (Path.GetFileName(file) == Suite.GeneralFile ? general : code).Add(ReadCode(reader));
                var id = reader.Text("id");
                if (!seen.TryAdd(id, reader.Where))
                    throw reader.Wrong("id", $"\"{id}\" is already used at {seen[id]}; ids are unique in a suite");
            }
            if (seen.Count == before) throw new LabException($"{file}: no tasks. Expected one JSON object per line.");
        }
        return new Suite(code, qa)
        {
            Open = open,
            Completion = completion,
            Members = members,
            General = general,
            Retention = retention,
            Unreviewed = Directory.Exists(path)
                ? DraftLedger.Read(path).Where(e => e.State == DraftState.Undecided).Select(e => e.Id).ToHashSet(StringComparer.Ordinal)
                : new HashSet<string>(),
        };
    }

    /// <summary>The files that a suite consists of.</summary>
    public static string[] Files(string path)
    {
        if (File.Exists(path)) return [path];
        if (!Directory.Exists(path))
            throw new LabException(
                $"{path}: no such suite. Expected a folder with any of {string.Join(", ", s_fileNames)}, or one such file.");
        string[] files = [.. s_fileNames.Select(f => Path.Combine(path, f)).Where(File.Exists), .. Included(path)];
        return files.Length > 0 ? files : throw new LabException($"{path}: none of {string.Join(", ", s_fileNames)} is in this folder.");
    }

    /// <summary>Files of other suites that this one shares: what measures retention has nothing to do with a library.</summary>
    private static IEnumerable<string> Included(string folder)
    {
        var manifest = Path.Combine(folder, Suite.ManifestFile);
        if (!File.Exists(manifest)) return [];
        using var json = Parse(manifest, 1, File.ReadAllText(manifest));
        var line = new Line(manifest, json.RootElement);
        line.OnlyFields("include", SuiteLock.Field);
        return
        [
            .. line.Texts("include", optional: true).Select(name => Path.GetFullPath(Path.Combine(folder, name)))
                .Select((file, i) => File.Exists(file) ? file
                : throw line.Wrong($"include[{i}]", $"{file} is no file; expected paths of .jsonl files, relative to this folder")),
        ];
    }

    private static JsonDocument Parse(string file, int number, string line)
    {
        try
        {
            var json = JsonDocument.Parse(line);
            if (json.RootElement.ValueKind == JsonValueKind.Object) return json;
            throw new LabException($"{file}:{number}: expected a JSON object, found {json.RootElement.ValueKind}.");
        }
        catch (JsonException e)
        {
            throw new LabException(
                $"{file}:{number + e.LineNumber}: not JSON (column {e.BytePositionInLine + 1}): expected one object per line.", e);
        }
    }

    private static CodeTask ReadCode(Line line)
    {
        line.OnlyFields(
            "id", "instruction", "signature", "context", "usings", "goldSymbols", "reference", "stub", "tests", "documents", "split");
        return new CodeTask
        {
            Id = line.Text("id"),
            Instruction = line.Text("instruction"),
            Signature = line.Text("signature"),
            Context = line.OptionalText("context"),
            Usings = line.Texts("usings", optional: true),
            GoldSymbols = line.Texts("goldSymbols", mayBeEmpty: true, item: WrongId),
            Reference = line.OptionalText("reference"),
            Stub = line.Text("stub"),
            Tests = line.Texts("tests"),
            Documents = line.Texts("documents"),
            Split = line.SplitOf(),
        };

        static string? WrongId(string s) =>
            s.Length > 2 && s[1] == ':' ? null : "a documentation id such as M:Ns.Type.Method(System.Int32)";
    }

    private static QaTask ReadQa(Line line)
    {
        line.OnlyFields("id", "question", "answers", "documents", "split");
        return new QaTask(line.Text("id"), line.Text("question"), line.Texts("answers"), line.Texts("documents"), line.SplitOf());
    }

    private static OpenTask ReadOpen(Line line)
    {
        line.OnlyFields("id", "question", "reference", "rubric", "documents", "split");
        return new OpenTask(
            line.Text("id"), line.Text("question"), line.Text("reference"), line.Texts("rubric"), line.Texts("documents"), line.SplitOf());
    }

    private static CompletionTask ReadCompletion(Line line)
    {
        line.OnlyFields("id", "prefix", "middle", "suffix", "usings", "documents", "split");
        return new CompletionTask(
            line.Text("id"), line.Text("prefix"), line.Text("middle"), line.OptionalText("suffix"), line.Texts("usings", optional: true),
            line.Texts("documents"), line.SplitOf());
    }

    private static MemberTask ReadMember(Line line)
    {
        line.OnlyFields("id", "question", "member", "exists", "wording", "documents", "split");
        var wording = line.Text("wording") switch
        {
            "corpus" => MemberWording.Corpus,
            "other" => MemberWording.Other,
            var unknown => throw line.Wrong("wording", $"\"{unknown}\" is not one of corpus, other"),
        };
        var (question, member) = (line.Text("question"), line.Text("member"));
        if (member.LastIndexOf('.') < 1) throw line.Wrong("member", $"\"{member}\" is not a type and its member, such as WaterHead.Above");
        if (!question.Contains(member, StringComparison.Ordinal)) throw line.Wrong("question", $"does not name {member}");
        return new(line.Text("id"), question, member, line.Truth("exists"), wording, line.Texts("documents"), line.SplitOf());
    }

    private static RetentionText ReadRetention(Line line)
    {
        line.OnlyFields("id", "kind", "text", "source");
        var kind = line.Text("kind") switch
        {
            "text" => RetentionKind.Text,
            "csharp" => RetentionKind.CSharp,
            var other => throw line.Wrong("kind", $"\"{other}\" is not one of text, csharp"),
        };
        return new RetentionText(line.Text("id"), kind, line.Text("text"), line.Text("source"));
    }

    /// <summary>One object with its place, so that errors can name both.</summary>
    private sealed record Line(string Where, JsonElement Root)
    {
        public LabException Wrong(string field, string why) => new($"{Where}: {field}: {why}.");

        public bool Has(string field) => Root.TryGetProperty(field, out _);

        public void OnlyFields(params string[] known)
        {
            foreach (var property in Root.EnumerateObject())
                if (!known.Contains(property.Name))
                    throw Wrong(property.Name, $"unknown field; known are {string.Join(", ", known)}");
        }

        public string Text(string field) =>
            OptionalText(field) is { Length: > 0 } text ? text : throw Wrong(field, "missing or empty; expected text");

        public string OptionalText(string field)
        {
            if (!Root.TryGetProperty(field, out var value) || value.ValueKind == JsonValueKind.Null) return "";
            return value.ValueKind == JsonValueKind.String ? value.GetString()!
                : throw Wrong(field, $"expected text, found {value.ValueKind}");
        }

        public List<string> Texts(string field, bool optional = false, bool mayBeEmpty = false, Func<string, string?>? item = null)
        {
            if (!Root.TryGetProperty(field, out var value) || value.ValueKind == JsonValueKind.Null)
                return optional ? [] : throw Wrong(field, "missing; expected a list of texts");
            if (value.ValueKind != JsonValueKind.Array) throw Wrong(field, $"expected a list of texts, found {value.ValueKind}");
            List<string> texts = [];
            foreach (var element in value.EnumerateArray())
            {
                if (element.ValueKind != JsonValueKind.String || string.IsNullOrWhiteSpace(element.GetString()))
                    throw Wrong($"{field}[{texts.Count}]", "expected text that is not empty");
                var text = element.GetString()!;
                if (item?.Invoke(text) is { } expected) throw Wrong($"{field}[{texts.Count}]", $"\"{text}\" is not {expected}");
                texts.Add(text);
            }
            return texts.Count > 0 || optional || mayBeEmpty ? texts : throw Wrong(field, "empty; expected at least one");
        }

        public bool Truth(string field) =>
            Root.TryGetProperty(field, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False
                ? value.GetBoolean()
                : throw Wrong(field, "expected true or false");

        public Split SplitOf()
        {
            var text = Text("split");
            return text switch
            {
                "train" => Split.Train,
                "dev" => Split.Dev,
                "test" => Split.Test,
                _ => throw Wrong("split", $"\"{text}\" is not one of train, dev, test"),
            };
        }
    }
}
