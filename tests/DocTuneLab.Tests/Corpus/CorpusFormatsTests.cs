using System.Text.Json.Nodes;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Formats;
using DocTuneLab.Corpus.Review;
using DocTuneLab.Documents.Model;
using DocTuneLab.Storage;

namespace DocTuneLab.Tests.Corpus;

public sealed class CorpusFormatsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("doctune-formats-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Sample Make(SampleKind kind, Split split, params Message[] messages) => new(Sample.IdOf(kind, messages), kind, messages,
        new Evidence(["c1"], ["M:A.B"]), [new Check("compiles", true, null), new Check("unique", true, null)], split)
    {
        Provenance = new Provenance("model", "m", ["generate.qa-answer@1"], "guide/a.md", ["Guide", "Part, two"]),
    };

    private static Sample[] Samples =>
    [
        Make(SampleKind.Qa, Split.Train, new Message("system", "Be brief."), Message.User("What, \"exactly\"?"),
            Message.Assistant("A \"thing\",\nof two lines 水")),
        Make(SampleKind.Code, Split.Train, Message.User("First"), Message.Assistant("Then"), Message.User("=1+1"),
            Message.Assistant("```csharp\nreturn 1;\n```")),
        Make(SampleKind.Completion, Split.Dev, Message.User("<|fim_prefix|>int x = <|fim_suffix|>;<|fim_middle|>"), Message.Assistant("5")),
    ];

    private Lab Filled()
    {
        var lab = Lab.Open(Path.Combine(_folder, "lab"));
        lab.Samples.Save(Samples);
        return lab;
    }

    [Theory]
    [InlineData(CorpusFormat.OpenAI)]
    [InlineData(CorpusFormat.Alpaca)]
    [InlineData(CorpusFormat.ShareGpt)]
    [InlineData(CorpusFormat.Parquet)]
    public void What_is_written_is_read_back_with_its_provenance(CorpusFormat format)
    {
        using var lab = Filled();
        var files = CorpusExport.Write(lab, format, Path.Combine(_folder, "files"));
        var data = files.Where(f => Path.GetExtension(f) is ".jsonl" or ".parquet").ToArray();
        Assert.Equal(2, data.Length);
        var read = data.SelectMany(CorpusFormats.Read).ToList();
        Assert.Equal(System.Text.Json.JsonSerializer.Serialize(Samples), System.Text.Json.JsonSerializer.Serialize(read));
        var card = File.ReadAllText(files[^1]);
        Assert.Contains("| train | 2 |", card);
        Assert.Contains("| dev | 1 |", card);
        Assert.Contains("- split: validation", card);
        Assert.Contains("| m | 3 |", card);
    }

    [Theory]
    [InlineData(CorpusFormat.OpenAI, "messages")]
    [InlineData(CorpusFormat.Alpaca, "instruction", "input", "output")]
    [InlineData(CorpusFormat.ShareGpt, "conversations")]
    public void LLaMA_Factory_is_told_of_the_columns_that_there_are(CorpusFormat format, params string[] always)
    {
        using var lab = Filled();
        var folder = Path.Combine(_folder, "told");
        CorpusExport.Write(lab, format, folder);
        var info = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "dataset_info.json")))!.AsObject();
        Assert.Equal(["dev", "train"], info.Select(f => f.Key));
        foreach (var (name, described) in info)
        {
            Assert.Equal(name + ".jsonl", (string)described!["file_name"]!);
            Assert.Equal(format == CorpusFormat.Alpaca ? null : "sharegpt", (string?)described["formatting"]);
            var rows = File.ReadLines(Path.Combine(folder, name + ".jsonl")).Select(l => JsonNode.Parse(l)!.AsObject()).ToArray();
            // That reader asks a row for each column that is named, and names that no row has are an error there.
            string[] some = [.. new[] { "system", "history" }.Where(c => rows.Any(r => r.ContainsKey(c)))];
            Assert.Equal(always.Concat(some), described["columns"]!.AsObject().Select(c => (string)c.Value!));
            Assert.All(rows, r => Assert.All(always, c => Assert.True(r.ContainsKey(c))));
        }
    }

    [Fact]
    public void Fill_in_the_middle_rows_are_prefix_suffix_and_middle()
    {
        using var lab = Filled();
        var file = CorpusExport.Write(lab, CorpusFormat.Fim, Path.Combine(_folder, "fim"))
            .Single(f => f.EndsWith("dev.jsonl", StringComparison.Ordinal));
        var row = JsonNode.Parse(File.ReadAllText(file))!;
        Assert.Equal(("int x = ", ";", "5"), ((string)row["prefix"]!, (string)row["suffix"]!, (string)row["middle"]!));
        Assert.Equal(Samples[2].Messages, CorpusFormats.Read(file).Single().Messages);
    }

    [Fact]
    public void Preference_pairs_have_a_format_of_their_own()
    {
        using var lab = Filled();
        Assert.Contains("no preference pairs",
            Assert.Throws<LabException>(() => CorpusExport.Write(lab, CorpusFormat.Dpo, Path.Combine(_folder, "none"))).Message);
        Assert.False(Directory.Exists(Path.Combine(_folder, "none")));
        lab.Samples.SavePreferences([new PreferencePair([Message.User("q")], "good", "bad", "CS1061: x")]);
        var row = JsonNode.Parse(File.ReadAllText(CorpusExport.Write(lab, CorpusFormat.Dpo, _folder)[0]))!;
        Assert.Contains("| CS1061: x | 1 |", File.ReadAllText(Path.Combine(_folder, "README.md")));
        Assert.Equal(("good", "bad"), ((string)row["chosen"]![0]!["content"]!, (string)row["rejected"]![0]!["content"]!));
    }

    [Theory]
    [InlineData("{\"instruction\": \"Add\", \"input\": \"1 2\", \"output\": \"3\"}", "Add\n1 2", "3")]
    [InlineData("{\"conversations\": [{\"from\": \"human\", \"value\": \"Hi\"}, {\"from\": \"gpt\", \"value\": \"Ho\"}]}", "Hi", "Ho")]
    [InlineData("{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"b\"}]}", "a", "b")]
    public void Rows_of_other_tools_are_read(string row, string user, string answer)
    {
        var file = Path.Combine(_folder, "other.json");
        File.WriteAllText(file, $"[{row}]");
        var sample = CorpusFormats.Read(file).Single();
        Assert.Equal((user, answer, "other.json"), (sample.Messages[^2].Content, sample.Messages[^1].Content, sample.Provenance!.Source));
    }

    [Theory]
    [InlineData("{\"text\": \"x\"}", "x.jsonl:1: no known fields")]
    [InlineData("{\"messages\": [{\"role\": \"user\"}, 3]}", "x.jsonl:1: messages[0].content is missing")]
    [InlineData("{\"instruction\": 3, \"output\": \"x\"}", "x.jsonl:1: instruction is number; expected text")]
    [InlineData("{\"instruction\": \"a\", \"instruction\": \"b\", \"output\": \"x\"}", "x.jsonl:1: a key stands twice")]
    [InlineData("{\"messages\": [{\"role\": \"user\", \"role\": \"user\", \"content\": \"a\"}]}", "x.jsonl:1: a key stands twice")]
    [InlineData("\n{\"instruction\": \"a\", \"output\": \" \"}", "x.jsonl:2: the answer is empty")]
    [InlineData("{\"instruction\": \"\", \"output\": \"x\"}", "x.jsonl:1: the question is empty")]
    [InlineData("{\"conversations\": [{\"from\": \"human\", \"value\": \"a\"}, {\"from\": \"gpt\", \"value\": \"\"}]}",
        "x.jsonl:1: the answer is empty")]
    [InlineData("{\"prompt\": \"a\", \"chosen\": \"\", \"rejected\": \"b\"}", "x.jsonl:1: the answer is empty")]
    [InlineData("[{\"instruction\": \"a\", \"output\": \"b\"},\n\n{\"instruction\": \"a\", \"output\": \"\"}]",
        "x.jsonl:3: the answer is empty")]
    [InlineData("[{\"instruction\": \"a\", \"output\": \"b\"},\n{\"a\": 1, \"a\": 2}]", "x.jsonl:2: a key stands twice")]
    [InlineData("{\"conversations\": [{\"from\": \"narrator\", \"value\": \"a\"}]}",
        "x.jsonl:1: conversations[0] is of 'narrator'; expected system")]
    [InlineData("{\"messages\": [{\"role\": \"assistant\", \"content\": \"a\"}]}", "the last two turns")]
    [InlineData("{", "x.jsonl:1: not valid JSON")]
    public void A_wrong_row_is_named(string row, string expected)
    {
        var file = Path.Combine(_folder, "x.jsonl");
        File.WriteAllText(file, row);
        Assert.Contains(expected, Assert.Throws<LabException>(() => CorpusFormats.Read(file)).Message);
    }

    [Theory]
    [InlineData("{\"prompt\": \"a\", \"completion\": \"b\"}")]
    [InlineData("{\"prompt\": [{\"role\": \"user\", \"content\": \"a\"}], "
        + "\"completion\": [{\"role\": \"assistant\", \"content\": \"b\"}]}")]
    [InlineData("{\"conversations\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"b\"}]}")]
    [InlineData("{\"messages\": [{\"from\": \"human\", \"value\": \"a\"}, {\"from\": \"gpt\", \"value\": \"b\"}]}")]
    [InlineData("{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"a\"}]}, "
        + "{\"role\": \"assistant\", \"content\": \"b\"}]}")]
    [InlineData("{\"instruction\": \"\", \"input\": \"a\", \"output\": \"b\"}")]
    public void Rows_in_all_usual_shapes_are_one_question_and_its_answer(string row)
    {
        var file = Path.Combine(_folder, "other.jsonl");
        File.WriteAllText(file, row);
        Assert.Equal([Message.User("a"), Message.Assistant("b")], CorpusFormats.Read(file).Single().Messages);
    }

    [Theory]
    [InlineData("""
        {"tools": "[{\"name\": \"level\"}]", "conversations": [{"from": "human", "value": "How full?"},
        {"from": "function_call", "value": "{\"name\": \"level\", \"arguments\": {\"tank\": 1}}"}, {"from": "observation", "value": "7"},
        {"from": "gpt", "value": "Seven."}]}
        """)]
    [InlineData("""
        {"tools": [{"name": "level"}], "messages": [{"role": "user", "content": "How full?"},
        {"role": "assistant", "content": null, "tool_calls": [{"id": "1", "type": "function", "function": {"name": "level",
        "arguments": "{\"tank\": 1}"}}]}, {"role": "tool", "tool_call_id": "1", "content": "7"},
        {"role": "assistant", "content": "Seven."}]}
        """)]
    public void Calls_of_tools_become_text_as_templates_write_it(string row)
    {
        var file = Path.Combine(_folder, "tools.jsonl");
        File.WriteAllText(file, row.ReplaceLineEndings(" "));
        Message[] expected =
        [
            new("system", "# Tools\n\n<tools>\n[{\"name\": \"level\"}]\n</tools>"), Message.User("How full?"),
            Message.Assistant("<tool_call>\n{\"name\": \"level\", \"arguments\": {\"tank\": 1}}\n</tool_call>"),
            Message.User("<tool_response>\n7\n</tool_response>"), Message.Assistant("Seven."),
        ];
        Assert.Equal(expected.Select(m => (m.Role, m.Content.Replace(":\"", ": \"", StringComparison.Ordinal))),
            CorpusFormats.Read(file).Single().Messages.Select(m => (m.Role, m.Content.Replace(":\"", ": \"", StringComparison.Ordinal))));
    }

    [Fact]
    public void Pairs_are_read_as_they_are_written_and_as_TRL_has_them()
    {
        using var lab = Filled();
        var pair = new PreferencePair([Message.User("q")], "good", "bad", "CS1061: x");
        lab.Samples.SavePreferences([pair]);
        var read = CorpusFormats.Import(CorpusExport.Write(lab, CorpusFormat.Dpo, _folder)[0]);
        Assert.Equal((pair.Id, pair.Reason, 0), (read.Preferences.Single().Id, read.Preferences[0].Reason, read.Samples.Count));
        var file = Path.Combine(_folder, "trl.jsonl");
        static string Turns(string answer) =>
            $"[{{\"role\": \"user\", \"content\": \"q\"}}, {{\"role\": \"assistant\", \"content\": \"{answer}\"}}]";
        File.WriteAllText(file, "{\"prompt\": \"q\", \"chosen\": \"good\", \"rejected\": \"bad\"}\n"
            + $"{{\"chosen\": {Turns("good")}, \"rejected\": {Turns("bad")}}}\n");
        Assert.All(CorpusFormats.Import(file).Preferences, p => Assert.Equal(pair.Id, p.Id));
        Assert.Contains("holds pairs", Assert.Throws<LabException>(() => CorpusFormats.Read(file)).Message);
    }

    [Fact]
    public void Text_that_is_not_UTF_8_is_refused_with_its_line()
    {
        var file = Path.Combine(_folder, "latin.jsonl");
        const string Row = "{\"instruction\": \"a\", \"output\": \"höher\"}";
        File.WriteAllBytes(file, System.Text.Encoding.Latin1.GetBytes($"{Row.Replace('ö', 'o')}\n{Row}\n"));
        Assert.Contains("latin.jsonl:2: not UTF-8 (byte 0xF6)", Assert.Throws<LabException>(() => CorpusFormats.Read(file)).Message);
        File.WriteAllText(file, Row, System.Text.Encoding.Unicode);
        Assert.Equal("höher", CorpusFormats.Read(file).Single().Messages[^1].Content);
    }

    [Theory]
    [InlineData("review.csv")]
    [InlineData("review.jsonl")]
    public void Decisions_come_back_and_are_kept(string name)
    {
        using var lab = Filled();
        var file = Path.Combine(_folder, name);
        ReviewFile.Write(file, Samples);
        var text = File.ReadAllText(file);
        if (name.EndsWith("csv", StringComparison.Ordinal))
        {
            Assert.Contains("'=1+1", text);
            var (first, second) = (Samples[0], Samples[1]);
            text = text.Replace("of two lines 水\",,", "of three lines\",edit,clearer", StringComparison.Ordinal)
                .Replace("return 1;\n```\",,", "return 1;\n```\",reject,\"no, wrong\"", StringComparison.Ordinal);
        }
        else
        {
            var rows = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).ToList();
            (rows[0]["decision"], rows[0]["note"], rows[0]["answer"]) = ("edit", "clearer", "A \"thing\",\nof three lines");
            (rows[1]["decision"], rows[1]["note"]) = ("reject", "no, wrong");
            text = string.Join('\n', rows.Select(r => r.ToJsonString()));
        }
        File.WriteAllText(file, text);
        Assert.Equal(new ReviewSummary(0, 1, 1, 0, 1), ReviewFile.Apply(lab.Samples, file, "Ada"));
        var accepted = lab.Samples.List();
        Assert.Equal(["5", "A \"thing\",\nof three lines"], accepted.Select(s => s.Messages[^1].Content));
        Assert.Equal("review", accepted[1].Provenance!.Source);
        Assert.Equal([(ReviewDecision.Edit, "Ada", "clearer"), (ReviewDecision.Reject, "Ada", "no, wrong")],
            lab.Samples.Reviews().Select(r => (r.Decision, r.Reviewer, r.Note)));
        Assert.Contains(lab.Samples.List(acceptedOnly: false),
            s => s.Checks.Any(c => c is { Name: "review", Passed: false, Detail: "Ada: no, wrong" }));
        File.WriteAllText(file, text.Replace("reject", "perhaps", StringComparison.Ordinal));
        Assert.Contains("'perhaps'; expected accept",
            Assert.Throws<LabException>(() => ReviewFile.Apply(lab.Samples, file, "Ada")).Message);
    }
}
