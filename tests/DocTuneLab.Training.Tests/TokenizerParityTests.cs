using System.Text;
using System.Text.Json.Nodes;
using DocTuneLab.Conversations;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Training.Tests;

/// <summary>Published tokenizers and chat templates against transformers.js.</summary>
public sealed class TokenizerParityTests : IDisposable
{
    private const int Strings = 10_000;
    private NodePeer? _peer;

    public void Dispose() => _peer?.Dispose();

    [Theory]
    [InlineData("qwen2_5")]
    [InlineData("qwen3")]
    [InlineData("llama3_1")]
    public void Ten_thousand_varied_strings_have_the_same_ids_and_come_back_the_same(string model)
    {
        var folder = Start(model);
        var tokenizer = HuggingFaceTokenizer.Load(Path.Combine(folder, "tokenizer.json"));
        var differences = new List<string>();
        foreach (var texts in Texts(tokenizer).Take(Strings).Chunk(1000))
        {
            var answer = _peer!.Ask(new { file = tokenizer.File.Path, texts });
            for (var i = 0; i < texts.Length; i++)
            {
                var ids = tokenizer.Encode(texts[i], specialTokens: true);
                var expected = answer["ids"]![i]!.AsArray().Select(n => (int)n!).ToArray();
                if (!ids.SequenceEqual(expected))
                    differences.Add($"{Escaped(texts[i])}: [{string.Join(' ', ids)}], expected [{string.Join(' ', expected)}]");
                else if (tokenizer.Decode(ids) != (string)answer["decoded"]![i]!)
                    differences.Add($"{Escaped(texts[i])} decodes to {Escaped(tokenizer.Decode(ids))}, "
                        + $"expected {Escaped((string)answer["decoded"]![i]!)}");
            }
        }
        Assert.True(differences.Count == 0, $"{differences.Count} differences:\n{string.Join('\n', differences.Take(20))}");
    }

    [Theory]
    [InlineData("qwen2_5")]
    [InlineData("qwen3")]
    [InlineData("llama3_1")]
    public void Conversations_are_rendered_the_same(string model)
    {
        var path = Path.Combine(Start(model), "tokenizer_config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        var template = ChatTemplate.Load(path);
        Message[][] conversations =
        [
            [Message.User("Hi")],
            [new("system", "Be brief."), Message.User("What does Tank.Fill return?")],
            [Message.User("One"), Message.Assistant("1"), Message.User("  Two \n")],
            [
                new("system", " padded "), Message.User("水箱 {{ not a tag }} {% nor this %}"),
                Message.Assistant("<think>\nlet me see\n</think>\n\nThree"), Message.User("Four"), Message.Assistant("\nFive\n")
            ],
            [Message.User("A"), Message.Assistant("<think>\n\n</think>\n\nB")],
            [Message.User("A"), new("tool", "42"), new("tool", "43"), Message.Assistant("B")],
            [Message.User("<tool_response>x</tool_response>"), Message.Assistant("B"), Message.User("C")],
        ];
        foreach (var prompt in (bool[])[true, false])
        {
            foreach (var thinking in (bool?[])[null, false])
            {
                var variables = new Dictionary<string, object?>
                {
                    ["add_generation_prompt"] = prompt,
                    ["bos_token"] = (string?)config["bos_token"]
                };
                if (thinking is not null) variables["enable_thinking"] = thinking;
                var expected = _peer!
                    .Ask(new
                    {
                        template = template.Source,
                        variables,
                        conversations = conversations.Select(c => c.Select(m => new { role = m.Role, content = m.Content }))
                    })["texts"]!
                    .AsArray();
                for (var i = 0; i < conversations.Length; i++)
                    Assert.Equal((string)expected[i]!,
                        template.Render(conversations[i], prompt,
                            thinking is null ? null : new Dictionary<string, object?> { ["enable_thinking"] = thinking }));
            }
        }
        var (question, answer) = template.Split(conversations[0].Append(Message.Assistant("yes")).ToArray());
        Assert.EndsWith("yes" + template.EndOfTurn, question + answer);
    }

    private string Start(string model)
    {
        NodePeer.Require();
        _peer = new NodePeer("tokenizers.mjs");
        return (string)_peer.Ask(new { model })["folder"]!;
    }

    // Words of many scripts, code, numbers, white space, marks that combine, and pieces of the vocabulary itself, glued at random.
    private static IEnumerable<string> Texts(HuggingFaceTokenizer tokenizer)
    {
        var random = new Random(7);
        string[] parts =
        [
            "public static int Count(Tank tank) => tank.Valves.Count;\n", "it's", "WE'LL", "they'd've", "naïve café",
            "e\u0301\u0323", "ẛ̣", "각", "한국어 텍스트", "ｆｕｌｌ", "日本語のテキスト。",
            "水箱的水位是多少？", "Привет, мир", "שלום", "مرحبا ١٢٣",
            "हिन्दी क्षि", "ไทยภาษา", "Ελληνικά ς", "ﬁﬂ", "🙂",
            "👩‍👩‍👧‍👦", "🇩🇪", "𠀀𠀁字", "𝒜𝓑𝟘𝟙", "①²Ⅷ", "1234567", "3.14159e-10",
            "0xFFu", "\t\t", "    ", "\n\n\n", "\r\n", " \n ", "\u00A0", "\u3000", "\u200B", "—“quoted”…", "!!!???",
            "<|im_start|>", "<|endoftext|>", "<|eot_id|>", "<tool_call>", "</think>", "Å", "\u212B", "a\u0327\u0301", "\u0344",
            "\u1100\u1161\u11A8", "https://example.org/a?b=c&d=%20", "snake_case_name", "CamelCaseName", "ÀÉÎ", "ǅ", "x",
            " ", "",
        ];
        var pieces = Enumerable.Range(0, 4000)
            .Select(_ => tokenizer.Decode([random.Next(tokenizer.File.Vocabulary.Count)]))
            .Where(p => !p.Contains('\uFFFD'))
            .ToArray();
        foreach (var part in parts) yield return part;
        while (true)
        {
            var text = new StringBuilder();
            for (var n = random.Next(1, 12); n > 0; n--)
            {
                text.Append(random.Next(5) switch
                {
                    0 or 1 => parts[random.Next(parts.Length)],
                    2 => pieces[random.Next(pieces.Length)],
                    3 => new string((char)random.Next(0x20, 0x250), random.Next(1, 4)),
                    _ => Scalar(random),
                });
                if (random.Next(3) == 0) text.Append(' ');
            }
            yield return text.ToString();
        }
    }

    // A character of a script that is old enough to mean the same in every version of Unicode.
    private static string Scalar(Random random)
    {
        (int From, int To)[] ranges =
        [
            (0x400, 0x45F), (0x5D0, 0x5EA), (0x621, 0x652), (0x905, 0x939), (0x93C, 0x94D), (0xE01, 0xE3A), (0x1E00, 0x1EF9),
            (0x2010, 0x2027), (0x2190, 0x21FF), (0x3041, 0x3096), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3), (0x1F600, 0x1F64F),
            (0x20000, 0x20100), (0x300, 0x36F), (0x1D400, 0x1D454), (0xF900, 0xFA0D)
        ];
        var (from, to) = ranges[random.Next(ranges.Length)];
        return char.ConvertFromUtf32(random.Next(from, to + 1));
    }

    private static string Escaped(string text) =>
        string.Concat(text.Select(c => c is >= ' ' and <= '~' ? c.ToString() : $"\\u{(int)c:X4}"));
}
