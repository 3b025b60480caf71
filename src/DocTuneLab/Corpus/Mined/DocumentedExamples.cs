using System.Text.RegularExpressions;
using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Corpus.Mined;

/// <summary>The documentation's own examples as methods: C# blocks of pages, and <c>example</c> elements of XML documentation.</summary>
internal sealed partial class DocumentedExamples(ApiIndex index)
{
    // Of more members than this an example is no example of theirs.
    private const int MostNamed = 3;

    /// <summary>Code that someone wrote to show a use, before it is a method.</summary>
    /// <param name="Instruction">What it shows.</param>
    /// <param name="Code">Statements, or a whole method.</param>
    /// <param name="Symbols">Members that it is about.</param>
    /// <param name="Chunks">Chunks that it comes from.</param>
    /// <param name="Source">Where it was found.</param>
    internal sealed record Example(
        string Instruction, string Code, IReadOnlyList<string> Symbols, IReadOnlyList<string> Chunks, string Source = "documented example");

    /// <summary>
    /// Turns each example into a draft. Pages often use a variable that an earlier block declared: a name that the compiler
    /// does not know and that reads like one of the library's types becomes a parameter of that type.
    /// </summary>
    public IReadOnlyList<CodeDraft> Drafts(IReadOnlyList<Chunk> chunks, ICodeJudge judge, Random random, CancellationToken cancel) =>
        Methods([.. FromChunks(chunks).Concat(FromSymbols()).DistinctBy(e => (e.Instruction, e.Code))], judge, random, cancel);

    /// <summary>Examples as methods; what does not compile yet is among them.</summary>
    internal IReadOnlyList<CodeDraft> Methods(IReadOnlyList<Example> examples, ICodeJudge judge, Random random, CancellationToken cancel)
    {
        var drafts = examples.Select(e => Wrap(e, [], random)).ToList();
        for (var round = 0; round < 2; round++)
        {
            var verdicts = judge.Judge([.. drafts.Select(d => new CodeToJudge(d.Draft.Method, CodeForm.Members, d.Draft.Usings))], cancel);
            for (var i = 0; i < drafts.Count; i++)
            {
                if (verdicts[i].Compiles) continue;
                var unknown = verdicts[i].Errors.Where(e => e.Id == "CS0103")
                    .Select(e => QuotedName().Match(e.Message).Groups[1].Value)
                    .Distinct(StringComparer.Ordinal)
                    .Where(n => drafts[i].Parameters.TrueForAll(p => p.Name != n)).Select(n => (Type: TypeNamed(n), Name: n))
                    .Where(p => p.Type is not null).Select(p => (p.Type!, p.Name)).ToList();
                if (unknown.Count > 0) drafts[i] = Wrap(examples[i], [.. drafts[i].Parameters, .. unknown], random);
            }
        }
        return drafts.ConvertAll(d => d.Draft);
    }

    private IEnumerable<Example> FromChunks(IReadOnlyList<Chunk> chunks)
    {
        foreach (var chunk in chunks)
            foreach (var block in chunk.CodeBlocks.Where(b => b.Language is "csharp" or "cs" or "c#"))
            {
                var heading = chunk.HeadingPath.Count > 0 ? chunk.HeadingPath[^1].Replace("`", "", StringComparison.Ordinal) : "";
                var before = LeadIn().Match(TextBefore(block, chunk)) is { Success: true } m ? m.Groups[1].Value.Trim() : "";
                var lead = before.Length < 200 && before.Length > (index.IsChinese ? 5 : 12)
                    ? before.TrimEnd(index.IsChinese ? [':', '：', '.', '。'] : [':', '：', '.'])
                    : "";
                foreach (var instruction in Instructions(heading, lead, block.Code))
                    yield return new Example(instruction, block.Code, chunk.Symbols, [chunk.Id]);
            }
    }

    // The page's own words where they ask for something; a title such as "Use" does not, and then what the code calls is named.
    private List<string> Instructions(string heading, string lead, string code)
    {
        lead = Prose.UpperFirst(Joining().Replace(lead, ""));
        var calls = Called(code);
        // What the words say and what the code calls must have something in common; why something is so is not answered by code.
        var asked = new[] { lead, heading }.Where(t => t.Length > 0).Select(t => t.EndsWith('?') || t.EndsWith('？') ? t : t + Stop)
            .Where(t => index.IsChinese ? Prose.IsChinese(t) && AsksInChinese().IsMatch(t) && _form.Fault(t) is null
                : !Prose.IsChinese(t) && (_form.IsImperative(t) || (HowTo().IsMatch(t) && _form.Fault(t) is null)))
            .Where(t => index.IsChinese || (Speaks(t, calls) && !Leaning().IsMatch(t)))
            .ToList();
        if (calls.Count is > 0 and <= MostNamed)
        {
            var names = calls.ConvertAll(m => $"`{m.Owner.Path}.{m.Symbol.Name}`");
            var all = index.IsChinese || names.Count < 3 ? string.Join(index.IsChinese ? " 和 " : " and ", names)
                : $"{string.Join(", ", names.SkipLast(1))} and {names[^1]}";
            asked.Add(index.IsChinese ? $"写一段用到 {all} 的代码。" : (code.Length % 3) switch
            {
                0 => $"Write a short example that uses {all}.",
                1 => $"Show how {all} {(names.Count == 1 ? "is" : "are")} used.",
                _ => $"Give me an example of {all}.",
            });
        }
        return asked;
    }

    // Members of the library that the code calls, those with the longest names first: they tell most.
    private List<MemberEntry> Called(string code) =>
        [.. SyntaxFactory.ParseCompilationUnit(code).DescendantNodes().OfType<SimpleNameSyntax>().Select(n => n.Identifier.Text)
            .Distinct(StringComparer.Ordinal)
            .Select(n => _byName[n].ToList())
            .Where(m => m.Count > 0 && m.Select(x => x.Owner).Distinct().Count() == 1)
            .Select(m => m[0])
            .OrderByDescending(m => m.Owner.Path.Length + m.Symbol.Name.Length).ThenBy(m => m.Symbol.Id, StringComparer.Ordinal)];

    private static bool Speaks(string text, List<MemberEntry> calls)
    {
        var words = Prose.CommonWords([text]).Select(Stem).ToHashSet(StringComparer.Ordinal);
        return calls.Exists(m => Prose.CommonWords([Prose.Words(m.Symbol.Name), Prose.Words(m.Owner.Symbol.Name), m.Symbol.Summary ?? ""])
            .Any(w => words.Contains(Stem(w))));

        static string Stem(string word) => word.Length > 4 ? word[..4] : word;
    }

    private string Stop => index.IsChinese ? "。" : ".";

    private readonly RequestForm _form = new(index.Symbols);
    private readonly ILookup<string, MemberEntry> _byName = index.Members
        .Where(m => m.Symbol.Kind is not (ApiKind.Constructor or ApiKind.Operator or ApiKind.Indexer))
        .ToLookup(m => m.Symbol.Name, StringComparer.Ordinal);

    private static string TextBefore(CodeBlock block, Chunk chunk)
    {
        var at = block.Span.Length > 0
            ? block.Span.Start - chunk.Span.Start
            : chunk.Text.IndexOf(block.Code.Split('\n')[0], StringComparison.Ordinal);
        return at > 0 && at <= chunk.Text.Length ? Fence().Replace(chunk.Text[..at], "").TrimEnd() : "";
    }

    private IEnumerable<Example> FromSymbols()
    {
        var bySymbol = index.Members.ToDictionary(m => m.Symbol.Id, StringComparer.Ordinal);
        foreach (var symbol in index.Symbols)
            foreach (var code in symbol.Examples)
            {
                // How a type is used, it says by the members that it uses.
                IEnumerable<string> asked = bySymbol.TryGetValue(symbol.Id, out var member)
                    ? [index.IsChinese ? $"{ChineseProse.Plain(member)}。" : $"{Prose.UpperFirst(Prose.Plain(member))}."]
                    : Instructions("", "", code);
                foreach (var what in asked) yield return new Example(what, code, [symbol.Id], []);
            }
    }

    private (CodeDraft Draft, List<(string Type, string Name)> Parameters) Wrap(Example example,
        List<(string Type, string Name)> parameters, Random random)
    {
        var unit = SyntaxFactory.ParseCompilationUnit(example.Code);
        var usings = unit.Usings.Where(u => u.Name is not null && u.Alias is null && u.StaticKeyword.RawKind == 0)
            .Select(u => u.Name!.ToString())
            .ToList();
        var body = (unit.Usings.Count == 0 ? example.Code : example.Code[unit.Usings[^1].FullSpan.End..]).Trim('\n', '\r', ' ');
        string signature;
        if (unit.Members is [GlobalStatementSyntax { Statement: LocalFunctionStatementSyntax { Body: { } block } function }])
        {
            // A whole method: its own header is the signature.
            var modifiers = function.Modifiers.Where(m => m.IsKind(SyntaxKind.AsyncKeyword)).Select(m => "async ");
            var own = function.ParameterList.Parameters.Select(p => p.WithAttributeLists([]).ToString().Trim());
            signature = $"public static {string.Concat(modifiers)}{function.ReturnType.ToString().Trim()} "
                + $"{function.Identifier.Text}{function.TypeParameterList?.ToString().Trim()}"
                + $"({string.Join(", ", own.Concat(parameters.Select(p => $"{p.Type} {p.Name}")))})"
                + $"{(function.ConstraintClauses.Count > 0 ? " " + function.ConstraintClauses : "")}";
            body = Dedent(block.Statements.ToFullString());
        }
        else
        {
            var isAsync = unit.DescendantTokens().Any(t => t.IsKind(SyntaxKind.AwaitKeyword));
            signature = $"public static {(isAsync ? "async Task" : "void")} "
                + $"{NameOf(example.Instruction, random)}({string.Join(", ", parameters.Select(p => $"{p.Type} {p.Name}"))})";
        }
        var all = index.UsingsFor(example.Symbols, parameters.Select(p => p.Type)).Concat(usings).Distinct(StringComparer.Ordinal).ToList();
        var draft = new CodeDraft(example.Instruction, signature, body, example.Symbols, all, example.Source, example.Instruction);
        return (draft with { Chunks = example.Chunks }, parameters);
    }

    // What is asked by the names of members is named for the first of them.
    private static string NameOf(string instruction, Random random) => Named().Match(instruction) is { Success: true } named
        ? $"Use{named.Groups[1].Value}"
        : Prose.MethodName(instruction, random);

    // "pump" and "mainPump" read like Pump; "pumps" like a list of them.
    private string? TypeNamed(string name)
    {
        bool Fits(TypeEntry t, string n) => t.TypeParameters.Count == 0 && !t.IsStatic && Prose.Words(t.Path) is var words
            && (string.Equals(words.Replace(" ", "", StringComparison.Ordinal), n, StringComparison.OrdinalIgnoreCase)
                || string.Equals(words.Split(' ')[^1], n, StringComparison.OrdinalIgnoreCase));
        if (index.Types.FirstOrDefault(t => Fits(t, name)) is { } exact) return exact.Path;
        if (name.EndsWith('s') && index.Types.FirstOrDefault(t => Fits(t, name[..^1])) is { } element)
            return $"IReadOnlyList<{element.Path}>";
        var last = Prose.Words(name).Split(' ')[^1];
        if (index.Types.FirstOrDefault(t => Fits(t, last)) is { } loose) return loose.Path;
        return name is "cancellationToken" or "token" or "ct" or "cancel" ? "CancellationToken" : null;
    }

    private static string Dedent(string code)
    {
        var lines = code.Trim('\n', '\r').Split('\n');
        var indent = lines.Where(l => l.Trim().Length > 0).Select(l => l.Length - l.TrimStart().Length).DefaultIfEmpty(0).Min();
        return string.Join('\n', lines.Select(l => l.Length >= indent ? l[indent..].TrimEnd() : l.Trim())).Trim();
    }

    [GeneratedRegex("怎样|如何|怎么|^(?:用|把|按|从|给|写|建立|创建|取|求|算|查|找|先|将|让|等|倒|放|加|删|换|比较|由|对)")]
    private static partial Regex AsksInChinese();
    // What leans on the sentence before it asks for nothing alone.
    [GeneratedRegex(@"\b(?:it|they|them|this|these|those|too|also|instead|again|both|otherwise|here|above|below)\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex Leaning();
    [GeneratedRegex(@"^How (?:do|can|to|should)\b.*\?$")]
    private static partial Regex HowTo();
    [GeneratedRegex("^(?:And|Then|But|Now|So|Next|Finally|First),? (?=[a-z])")]
    private static partial Regex Joining();
    [GeneratedRegex(@"`\w+\.(\w+)`")]
    private static partial Regex Named();
    [GeneratedRegex(@"'([^']+)'")]
    private static partial Regex QuotedName();
    [GeneratedRegex(@"(?:^|[\n.。]\s*)([^\n.。]+)$")]
    private static partial Regex LeadIn();
    [GeneratedRegex(@"(?:`{3,}|~{3,})[^\n]*\n?\s*$")]
    private static partial Regex Fence();
}
