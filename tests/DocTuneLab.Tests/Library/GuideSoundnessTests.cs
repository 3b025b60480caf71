using System.Text.Json;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Library;
using DocTuneLab.Library.Guidance;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Tests.Library;

/// <summary>Code that compiles, token by token: whatever is refused of it is a mistake of the guide.</summary>
public sealed class GuideSoundnessTests(FlowLibrary library) : IClassFixture<FlowLibrary>
{
    /// <summary>Code that declares types may give them, and others, what is used before it is declared.</summary>
    [Theory]
    [InlineData("class A { int M() => this.Later(); int Later() => 1; }")]
    [InlineData("class A { int M(B b) => b.Later(); } class B { public int Later() => 1; }")]
    [InlineData("class A { int M(string s) { return s.Length; } } static class E { public static int Twice(this string s) => 2; } "
        + "class B { int M(string s) => s.Twice(); }")]
    [InlineData("class A { int M(string s) { return s.Twice(); } } static class E { public static int Twice(this string s) => 2; }")]
    [InlineData("class A : B { int M() { return base.Later(); } } class B { public int Later() => 1; }")]
    [InlineData("partial class A { int M() { return A.Later(); } } partial class A { public static int Later() => 1; }")]
    [InlineData("namespace N { class A { N.M.B b; } namespace M { class B { } } }")]
    [InlineData("class A { A(int n) { } A M() { return new A(1, 2); } A(int n, int m) { } }")]
    [InlineData("class A { int M(A a) { return a.Go(1) + a.Go(1, 2); } int Go(int n) => n; int Go(int n, int m) => m; }")]
    [InlineData("class A { B M() { return new B { Later = 1 }; } } class B { public int Later; }")]
    [InlineData("class A { int M(int n) { return n.Later; } } static class E { extension(int n) { public int Later => 1; } }")]
    public void No_file_that_compiles_is_refused_letter_by_letter(string file)
    {
        var usings = FlowLibrary.Usings;
        // Most of them may stand in a class, too.
        var frames = library.Judge.Judge(file, CodeForm.Members, usings).Compiles ? [GuideFrame.File(usings), GuideFrame.Members(usings)]
            : new[] { GuideFrame.File(usings) };
        foreach (var frame in frames) AssertFollowed(frame, file);
    }

    /// <summary>Bodies that some rule has refused once.</summary>
    [Theory]
    [InlineData("return nameof(Tank.Level).Length + nameof(List<int>.Count).Length;")]
    [InlineData("var @class = note; return @class!.Length;")]
    [InlineData("ulong n = 0b1111111111111111_1111111111111111_1111111111111111_1111111111111111; return n;")]
    [InlineData("List<T> Many<T>(T x) => [x]; return Many(1).Count;")]
    [InlineData("T[] Many<T>(T x) => [x]; return Many(1).Length;")]
    [InlineData("T? Same<T>(T x) where T : class => x; return Same(tank)!.Level;")]
    [InlineData("if (note is null) { static async Task<T> Wait<T>(T x) => await Task.FromResult(x); return Wait(1).Result; } return 2;")]
    [InlineData("(List<T>, T?) Two<T>(T x) => ([x], x); return Two(1).Item1[0];")]
    [InlineData("AppDomain.CurrentDomain.ProcessExit += Later; return 1; void Later(object? sender, EventArgs e) { }")]
    [InlineData("static T Same<T>(T x) => x; return (double)Same(1);")]
    [InlineData("ref T First<T>(T[] all) => ref all[0]; return First([1.5]);")]
    [InlineData("(T A, T B) Both<T>(T x) => (x, x); return Both(1).A;")]
    [InlineData("object o = Later; return o is null ? 0 : 1; int Later() => 1;")]
    [InlineData("Func<int>? f = null; f = f ?? Later; return f(); int Later() => 1;")]
    [InlineData("var n = new nint(); return n + typeof(nuint).Name.Length;")]
    [InlineData("return note!.Twice + string.None.Length;")]
    public void No_body_that_compiles_is_refused_letter_by_letter(string body) =>
        AssertFollowed(GuideFrame.Body("public static double Run(Tank tank, string? note)", FlowLibrary.Usings,
            "public static class More { extension(string s) { public int Twice => 2; public static string None => \"\"; } }"), body);

    /// <summary>Answers that bring the method with something before it: as bodies they would begin the same way.</summary>
    [Theory]
    [InlineData("static double Twice(double x) => 2 * x; public static double Run(Tank tank, string? note) => Twice(tank.Level);")]
    [InlineData("static double Twice(double x) { return 2 * x; } public static double Run(Tank tank, string? note) { return Twice(1); }")]
    [InlineData("[Obsolete(\"x\")] public static double Run(Tank tank, string? note) { return 1; }")]
    [InlineData("record Pair(int A, int B); public static double Run(Tank tank, string? note) => new Pair(1, 2).A;")]
    [InlineData("const int Most = 3; public static double Run(Tank tank, string? note) => Most;")]
    [InlineData("static readonly int s_most = 3; public static double Run(Tank tank, string? note) => s_most;")]
    public void No_members_that_begin_like_a_body_are_refused_letter_by_letter(string members) =>
        AssertFollowed(GuideFrame.Body("public static double Run(Tank tank, string? note)", FlowLibrary.Usings), members);

    [Theory]
    [InlineData("public static int Run(int n) => n switch { 1 => 2, _ => throw new InvalidOperationException() };")]
    [InlineData("public static int Run(string? s) => s?.Length ?? throw new ArgumentNullException(nameof(s));")]
    [InlineData("public static int Run() => throw new NotSupportedException();")]
    [InlineData("private static readonly int s_x = 3 switch { 3 => 1, _ => 2 }; public static int Run() { return s_x; }")]
    [InlineData("sealed class ByName : IComparer<Item> { public int Compare(Item? a, Item? b) { return 0; } } sealed record Item(int N);")]
    public void No_members_that_compile_are_refused_letter_by_letter(string members) => AssertFollowed(GuideFrame.Members([]), members);

    [Theory]
    [InlineData("class Held : System.Collections.ObjectModel.Collection<int> { protected override void InsertItem(int index, int item) {",
        "base.InsertItem(index, item + Items.Count); base.Items.Add(1); base.Add(base.MemberwiseClone().GetHashCode());")]
    [InlineData("class Held : System.IO.MemoryStream { protected override void Dispose(bool disposing) {", "base.Dispose(disposing);")]
    public void No_body_in_a_class_is_refused_letter_by_letter(string head, string body) => AssertFollowed(new(head + "\n", []), body);

    private void AssertFollowed(GuideFrame frame, string text)
    {
        var code = new CodeGuide(library.Judge, frame).Begin();
        foreach (var letter in text)
        {
            var step = code.Follow(letter.ToString());
            Assert.True(step.Next is not null, $"{code.Text}[{letter}]: {step.Reason}");
            code = step.Next;
        }
        Assert.Null(code.Objection());
    }

    private static string InRepository(string path)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "DocTuneLab.sln"))) root = root.Parent;
        return Path.Combine(root.FullName, path);
    }

    /// <summary>What is said against code that compiles; null where nothing is.</summary>
    private static string? Refusal(CodeGuide guide, HuggingFaceTokenizer tokenizer, string text, ref int tokens, bool mayEnd = true)
    {
        var (code, stream) = (guide.Begin(), tokenizer.Stream());
        foreach (var id in tokenizer.Encode(text))
        {
            var step = code.Follow(stream.Add(id));
            tokens++;
            if (step.Next is null) return $"{code.Text} {step.Reason}";
            code = step.Next;
        }
        return mayEnd ? code.Objection() : null;
    }

    private static HuggingFaceTokenizer Tokenizer() => HuggingFaceTokenizer.Load(InRepository("data/models/nano/tokenizer.json"));

    /// <summary>References of the sample suites, by the tokens of the sample model.</summary>
    [Theory]
    [InlineData("private-library/bin/Fenmark.dll", "private-library/tasks/code.jsonl", 1800)]
    [InlineData("private-library/bin/Fenmark.dll", "private-library/tasks/general.jsonl", 200)]
    [InlineData("private-library-zh/bin/Mingpu.dll", "private-library-zh/tasks/code.jsonl", 500)]
    public void No_reference_of_the_sample_suites_is_refused(string assembly, string suite, int atLeast)
    {
        var judge = new CSharpJudge(ReferenceSet.Load([InRepository("data/" + assembly)]));
        var tokenizer = Tokenizer();
        var refused = new List<string>();
        var tokens = 0;
        foreach (var line in File.ReadLines(InRepository("data/" + suite)))
        {
            using var task = JsonDocument.Parse(line);
            string Text(string name) => task.RootElement.TryGetProperty(name, out var value) ? value.GetString()! : "";
            var usings = task.RootElement.GetProperty("usings").EnumerateArray().Select(u => u.GetString()!).ToList();
            var guide = new CodeGuide(judge, GuideFrame.Body(Text("signature"), usings, Text("context")));
            if (Refusal(guide, tokenizer, Text("reference"), ref tokens) is { } refusal) refused.Add($"{Text("id")}: {refusal}");
        }
        Assert.True(refused.Count == 0, string.Join('\n', refused));
        Assert.InRange(tokens, atLeast, int.MaxValue);
    }

    /// <summary>Accepted samples of a generated corpus, by the tokens of the sample model.</summary>
    [Fact]
    public void No_accepted_sample_is_refused()
    {
        var references = ReferenceSet.Load([InRepository("data/private-library/bin/Fenmark.dll")]);
        var (api, judge, tokenizer) = (ApiModel.Load(references), new CSharpJudge(references), Tokenizer());
        var samples = new StructuralGenerator(api, judge, new CorpusOptions { Count = 600, Seed = 11, ChineseShare = 0.2 })
            .Generate([], null, TestContext.Current.CancellationToken).Samples.Where(s => s.Accepted);
        var refused = new List<string>();
        var tokens = 0;
        foreach (var body in SampleBodies.Of(samples, judge))
            if (Refusal(new(judge, body.Frame), tokenizer, body.Body, ref tokens) is { } refusal)
                refused.Add($"{body.Where}: {refusal}");
        Assert.True(refused.Count == 0, string.Join('\n', refused));
        Assert.InRange(tokens, 10_000, int.MaxValue);
    }

    /// <summary>Methods of this repository, by the tokens of the sample model. Of a folder alone not all types are known.</summary>
    [Theory]
    [InlineData("data/private-library/src", true, 5000)]
    [InlineData("data/private-library-zh/src", true, 2500)]
    [InlineData("src/DocTuneLab/Tokenization", false, 4000)]
    [InlineData("src/DocTuneLab/Conversations", false, 5000)]
    public void No_method_of_this_repository_is_refused(string folder, bool isWhole, int atLeast)
    {
        var references = ReferenceSet.Load([]);
        var (judge, tokenizer) = (new CSharpJudge(references), Tokenizer());
        var refused = new List<string>();
        var tokens = 0;
        foreach (var body in new MethodBodies(InRepository(folder), references).All())
        {
            if (Refusal(new(judge, body.Frame), tokenizer, body.Body, ref tokens, isWhole) is { } refusal)
                refused.Add($"{body.Where}: {refusal}");
        }
        Assert.True(refused.Count == 0, string.Join('\n', refused));
        Assert.InRange(tokens, atLeast, int.MaxValue);
    }
}
