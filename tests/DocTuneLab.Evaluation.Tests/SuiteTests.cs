using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Tests;

public sealed class SuiteTests : IDisposable
{
    private const string Code = """{"id":"a","instruction":"do","signature":"public static int """
        + """F()","usings":["Brine"],"goldSymbols":["T:Brine.Vat"],"reference":"return 1;","stub":"return 0;","tests":["Check.Equal(1, """
        + """Solution.F());"],"documents":["vat.md"],"split":"dev"}""";
    private const string Qa = """{"id":"q","question":"what?","answers":["Vat"],"documents":["vat.md"],"split":"test"}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("doctune-suite-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, params string[] lines)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllLines(path, lines);
        return path;
    }

    [Fact]
    public void A_folder_with_both_files_is_read()
    {
        Write("code.jsonl", Code, "");
        Write("docqa.jsonl", Qa);
        var suite = Suite.Load(_folder);
        Assert.Equal("a", Assert.Single(suite.Code).Id);
        Assert.Equal("", suite.Code[0].Context);
        Assert.Equal(Split.Dev, suite.Code[0].Split);
        Assert.Equal(["Vat"], Assert.Single(suite.Qa).Answers);
        Assert.Empty(suite.Where(Split.Test).Code);
        Assert.Single(suite.Where(Split.Test).Qa);
    }

    [Fact]
    public void The_hash_is_of_the_tasks_not_of_the_file()
    {
        var one = Suite.Load(Write("x.jsonl", Qa)).Hash;
        Assert.Equal(one,
            Suite.Load(Write("y.jsonl",
                """{ "split":"test", "question":"what?", "answers":["Vat"], "documents":["vat.md"], "id":"q" }""")).Hash);
        Assert.NotEqual(one, Suite.Load(Write("z.jsonl", Qa.Replace("what?", "who?"))).Hash);
    }

    [Theory]
    [InlineData("{", "1: not JSON")]
    [InlineData("[]", "1: expected a JSON object, found Array")]
    [InlineData("""{"id":"q","question":"what?","answers":["Vat"],"documents":["d"],"split":"valid"}""",
        "1: split: \"valid\" is not one of train, dev, test")]
    [InlineData("""{"id":"q","question":"what?","answers":[],"documents":["d"],"split":"test"}""", "1: answers: empty")]
    [InlineData("""{"id":"q","question":"what?","answers":[3],"documents":["d"],"split":"test"}""", "1: answers[0]: expected text")]
    [InlineData("""{"question":"what?","answers":["x"],"documents":["d"],"split":"test"}""", "1: id: missing")]
    [InlineData("""{"id":"q","question":"what?","answer":["x"],"documents":["d"],"split":"test"}""", "1: answer: unknown field")]
    [InlineData("""{"id":"a","instruction":"do","signature":"x"}""", "1: goldSymbols: missing")]
    [InlineData("""{"id":"a","instruction":"do","signature":"x","goldSymbols":["Vat"]}""",
        "1: goldSymbols[0]: \"Vat\" is not a documentation id")]
    public void Errors_name_file_line_and_field(string line, string says)
    {
        var path = Write("bad.jsonl", line);
        Assert.StartsWith($"{path}:{says}", Assert.Throws<LabException>(() => Suite.Load(path)).Message);
    }

    [Fact]
    public void Ids_are_unique_over_both_files()
    {
        Write("code.jsonl", Code);
        Write("docqa.jsonl", Qa, Qa.Replace("\"q\"", "\"a\""));
        var message = Assert.Throws<LabException>(() => Suite.Load(_folder)).Message;
        Assert.Contains("docqa.jsonl:2: id: \"a\" is already used at", message);
        Assert.Contains("code.jsonl:1", message);
    }

    [Fact]
    public void A_suite_takes_in_files_that_it_shares_and_its_hash_is_of_their_tasks()
    {
        var shared = Directory.CreateDirectory(Path.Combine(_folder, "shared")).FullName;
        File.WriteAllText(Path.Combine(shared, "general.jsonl"), Code);
        Write("docqa.jsonl", Qa);
        var alone = Suite.Load(_folder).Hash;
        var manifest = Write("suite.json", "{", "  \"include\": [\"shared/general.jsonl\"]", "}");
        var suite = Suite.Load(_folder);
        Assert.Equal("a", Assert.Single(suite.General).Id);
        Assert.NotEqual(alone, suite.Hash);

        Write("general.jsonl", Code);
        Assert.Contains("\"a\" is already used", Assert.Throws<LabException>(() => Suite.Load(_folder)).Message);
        Write("suite.json", """{"include":["none.jsonl"]}""");
        Assert.StartsWith($"{manifest}: include[0]: {Path.Combine(_folder, "none.jsonl")} is no file",
            Assert.Throws<LabException>(() => Suite.Load(_folder)).Message);
        Write("suite.json", """{"includes":[]}""");
        Assert.StartsWith($"{manifest}: includes: unknown field; known are include, sha256",
            Assert.Throws<LabException>(() => Suite.Load(_folder)).Message);
        Write("suite.json", "{", "  x", "}");
        Assert.StartsWith($"{manifest}:2: not JSON", Assert.Throws<LabException>(() => Suite.Load(_folder)).Message);
    }

    [Fact]
    public void A_missing_suite_says_what_was_expected() =>
        Assert.Contains("code.jsonl", Assert.Throws<LabException>(() => Suite.Load(Path.Combine(_folder, "none"))).Message);
}
