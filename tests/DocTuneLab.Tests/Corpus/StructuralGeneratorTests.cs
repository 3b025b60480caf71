using System.Text.RegularExpressions;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
using DocTuneLab.Prompts;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Tests.Corpus;

public sealed partial class StructuralGeneratorTests(CorpusFixture fixture) : IClassFixture<CorpusFixture>
{
    private GeneratedCorpus Generate(CorpusOptions options, params Chunk[] chunks) =>
        new StructuralGenerator(fixture.Symbols, fixture.Batched, options).Generate(chunks, null, TestContext.Current.CancellationToken);

    [Fact]
    public void Accepted_code_compiles_when_each_method_is_judged_alone()
    {
        var corpus = Generate(new CorpusOptions { Count = 300, Seed = 5 });
        var methods = corpus.Samples.Select(MethodOf).OfType<string>().ToList();
        Assert.True(methods.Count > 160, $"{methods.Count} methods");
        Parallel.ForEach(methods, method =>
        {
            var verdict = fixture.One(new CodeToJudge(method, CodeForm.Members, ["Waterworks"]));
            Assert.True(verdict.Compiles, $"{method}\n{string.Join('\n', verdict.Errors)}");
        });
    }

    [Fact]
    public void Mistakes_of_repair_samples_fail_with_the_message_shown()
    {
        var corpus = Generate(new CorpusOptions { Count = 40, Mix = new Dictionary<SampleKind, double> { [SampleKind.Repair] = 1 } });
        Assert.Equal(40, corpus.Samples.Count);
        foreach (var sample in corpus.Samples.Where(s => !s.Checks[0].Detail!.StartsWith("missing using", StringComparison.Ordinal)))
        {
            var parts = RepairTurn().Match(sample.Messages[^2].Content);
            var verdict = fixture.One(new CodeToJudge($"{parts.Groups[1].Value}\n{{\n{parts.Groups[2].Value}\n}}", CodeForm.Members,
                ["Waterworks"]));
            Assert.False(verdict.Compiles, sample.Messages[^2].Content);
            Assert.Contains(verdict.Errors,
                e => e.Id == parts.Groups[3].Value && e.Message.StartsWith(parts.Groups[4].Value.Trim(), StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Answers_agree_with_the_compiler()
    {
        var corpus = Generate(new CorpusOptions { Count = 900, Mix = new Dictionary<SampleKind, double> { [SampleKind.Qa] = 1 } });
        var checkedKinds = new HashSet<string>();
        foreach (var sample in corpus.Samples)
        {
            var symbol = DocumentationCommentId.GetFirstSymbolForDeclarationId(sample.Evidence.Symbols[0], fixture.Compilation)!;
            var (question, answer, kind) = (sample.Messages[^2].Content, sample.Messages[^1].Content, sample.Checks[0].Detail!);
            var method = symbol as IMethodSymbol;
            var parameters = (method?.Parameters ?? (symbol as IPropertySymbol)?.Parameters ?? [])
                .Skip(method is { IsExtensionMethod: true } ? 1 : 0)
                .ToList();
            object? expected = kind switch
            {
                "return-type" => Minimal(method!.ReturnType),
                "property-type" => Minimal(symbol switch
                {
                    IPropertySymbol p => p.Type,
                    IFieldSymbol f => f.Type,
                    _ => throw new InvalidOperationException()
                }),
                "parameter-names" => string.Join(", ", parameters.Select(p => p.Name)),
                "parameter-count" => $"{parameters.Count}",
                "parameter-type" =>
                    Minimal(
                        parameters.Single(p => System.Text.RegularExpressions.Regex.IsMatch(question, $@"(?<![\w.]){p.Name}(?!\w)")).Type),
                "declaring-type" => symbol.ContainingType.Name + (symbol.ContainingType.IsGenericType ? "<T>" : ""),
                "which-member" =>
                    $"{symbol.ContainingType.Name}{(symbol.ContainingType.IsGenericType ? "<T>" : "")}"
                        + $".{(symbol is IPropertySymbol { IsIndexer: true } ? "this[]" : symbol.Name)}",
                "member-name" => symbol is IPropertySymbol { IsIndexer: true } ? "this[]" : symbol.Name,
                "static-or-instance" => symbol.IsStatic ? "static" : "instance",
                "is-async" => method!.ReturnType.Name == "Task" ? "yes" : "no",
                "enum-members" =>
                    string.Join(", ",
                        ((INamedTypeSymbol)symbol).GetMembers().OfType<IFieldSymbol>().Select(f => f.Name).Order(StringComparer.Ordinal)),
                "enum-count" => "3",
                "obsolete" => "Valve.Open",
                "constant" => "50000",
                "extends" => "Tank",
                "namespace" => "Waterworks",
                "settable" =>
                    symbol is IPropertySymbol { SetMethod.DeclaredAccessibility: Accessibility.Public } property
                        ? property.SetMethod.IsInitOnly ? "only in an object initializer" : "yes"
                        : "no",
                "exception-when" => ExceptionOf(symbol),
                _ => null,
            };
            if (expected is null) continue;
            checkedKinds.Add(kind);
            Assert.True(
                Equals(expected, kind == "enum-members" ? string.Join(", ", answer.Split(", ").Order(StringComparer.Ordinal)) : answer),
                $"{kind}: {question} -> {answer}, expected {expected}");
        }
        Assert.True(checkedKinds.Count >= 14, string.Join(' ', checkedKinds));
    }

    [Fact]
    public void The_same_seed_gives_the_same_corpus_and_another_seed_another()
    {
        var options = new CorpusOptions { Count = 150, Seed = 3 };
        string[] Ids(GeneratedCorpus c) => [.. c.Samples.Select(s => s.Id)];
        Assert.Equal(Ids(Generate(options)), Ids(Generate(options)));
        Assert.NotEqual(Ids(Generate(options)), Ids(Generate(options with { Seed = 4 })));
    }

    [Fact]
    public void Accounting_closes_and_the_wanted_number_is_reached()
    {
        var corpus = Generate(new CorpusOptions { Count = 300 });
        Assert.Equal(300, corpus.Samples.Count);
        Assert.Equal(300, corpus.Accounts.Sum(a => a.Accepted));
        Assert.All(corpus.Accounts, a => Assert.True(a.Closes, a.ToString()));
        Assert.All(corpus.Samples, s => Assert.True(s.Accepted));
        Assert.All(corpus.Rejected, s => Assert.False(s.Accepted));
        Assert.Equal(300, corpus.Samples.Select(s => s.Id).Distinct().Count());
        Assert.All(corpus.Samples, s => Assert.Equal(s.Id, Sample.IdOf(s.Kind, s.Messages)));
    }

    [Fact]
    public void A_kind_that_runs_dry_leaves_its_place_to_code()
    {
        var few = fixture.Symbols.Where(s => s.Id.Contains("Waterworks.Volume", StringComparison.Ordinal)).ToList();
        var corpus = new StructuralGenerator(few, fixture.Batched, new CorpusOptions
        {
            Count = 30,
            MaxDraftsPerSample = 3,
            Mix = new Dictionary<SampleKind, double> { [SampleKind.Unanswerable] = 0.9, [SampleKind.Code] = 0.1 }
        })
            .Generate([], null, TestContext.Current.CancellationToken);
        Assert.Equal(30, corpus.Samples.Count);
        Assert.All(corpus.Accounts, a => Assert.True(a.Closes));
    }

    [Fact]
    public void Every_member_that_is_not_obsolete_is_used_in_compiling_code()
    {
        var options = new CorpusOptions { Count = 700, Mix = new Dictionary<SampleKind, double> { [SampleKind.Code] = 1 } };
        var corpus = Generate(options);
        Assert.Equal(["M:Waterworks.Valve.TurnWheel"], corpus.Coverage.Unused);
        // Some recipes fit few members and are drawn by few seeds.
        var recipes = new[] { corpus, Generate(options with { Seed = 2 }), Generate(options with { Seed = 3 }) }
            .SelectMany(c => c.Samples).Select(s => s.Checks[0].Detail).ToHashSet();
        string[] expected = ["direct", "assign", "builder", "catch", "chain", "conditional", "construct", "each", "event", "fallback",
            "initialise", "interpolate", "linq", "try-out", "tuple", "using"];
        Assert.Empty(expected.Except(recipes));
    }

    [Fact]
    public void Unanswerable_members_and_types_are_absent()
    {
        var mix = new Dictionary<SampleKind, double> { [SampleKind.Unanswerable] = 1 };
        var corpus = Generate(new CorpusOptions { Count = 120, ChineseShare = 0, Mix = mix });
        Assert.Equal(120, corpus.Samples.Count);
        var types = fixture.Symbols.Where(s => s.ContainingType is null).Select(s => s.Name.Split('<')[0]).ToHashSet();
        foreach (var sample in corpus.Samples)
        {
            var (question, answer) = (sample.Messages[^2].Content, sample.Messages[^1].Content);
            if (Missing().Match(answer) is { Success: true } member)
            {
                var type = fixture.Compilation.GetTypeByMetadataName(
                    $"Waterworks.{member.Groups[1].Value.Replace("<T>", "`1", StringComparison.Ordinal)}")!;
                Assert.DoesNotContain(Members(type), m => m.Name == member.Groups[2].Value);
                if (member.Groups[3].Success) Assert.Contains(Members(type), m => m.Name == member.Groups[3].Value);
                Assert.Contains(member.Groups[2].Value, question, StringComparison.Ordinal);
            }
            else
            {
                var other = MissingType().Match(answer);
                Assert.True(other.Success, answer);
                var (invented, nearest) = (other.Groups[2].Value, other.Groups[3].Value.Split('.')[^1]);
                Assert.Contains(invented, question, StringComparison.Ordinal);
                if (other.Groups[1].Value == "type")
                    Assert.True(!types.Contains(invented) && (!other.Groups[3].Success || types.Contains(nearest)), answer);
                else Assert.DoesNotContain(fixture.Symbols, s => s.Name == invented);
            }
        }
        Assert.All((string[])["missing-member", "missing-type"],
            kind => Assert.True(corpus.Samples.Count(s => s.Checks[0].Detail == kind) > 12, kind));
    }

    [Fact]
    public void A_member_that_the_compiler_does_not_find_is_rejected_with_its_message()
    {
        var real = fixture.Symbols.Single(s => s.Id == "M:Waterworks.Valve.Close");
        var lie = real with
        {
            Id = "M:Waterworks.Valve.Polish",
            Name = "Polish",
            Signature = "public void Polish()",
            Summary = "Polishes the valve."
        };
        var corpus = new StructuralGenerator([.. fixture.Symbols.Where(s => s.Id == "T:Waterworks.Valve"), lie], fixture.Batched,
            new CorpusOptions { Count = 5, Mix = new Dictionary<SampleKind, double> { [SampleKind.Code] = 1 } })
            .Generate([], null, TestContext.Current.CancellationToken);
        Assert.Empty(corpus.Samples);
        var rejected = corpus.Rejected.First(s => s.Checks.Any(c => c is { Name: "compiles", Passed: false }));
        Assert.StartsWith("CS1061", rejected.Checks.Single(c => !c.Passed).Detail, StringComparison.Ordinal);
        var account = Assert.Single(corpus.Accounts);
        Assert.True(account.Closes);
        Assert.Equal(5, account.Shortfall);
    }

    [Fact]
    public void Held_out_copies_are_rejected()
    {
        var options = new CorpusOptions { Count = 200, Seed = 9, ChineseShare = 0 };
        var before = Generate(options);
        var planted = before.Samples.Where(s => s.Kind == SampleKind.Code && s.Messages[^1].Content.Length > 60).Take(8).ToList();
        var held = planted
            .Select((s, i) =>
                new HeldOut($"task-{i}", ["x"], [AnswerFormat.BodyOf(s.Messages[^1].Content)!], s.Evidence.Symbols.ToHashSet()))
            .ToList();
        var questions = before.Samples.Where(s => s.Kind == SampleKind.Qa).Take(8).Select(s => s.Messages[^2].Content).ToList();
        held.Add(new HeldOut("question", questions, [], new HashSet<string>()));
        var after = Generate(options with { HeldOut = new Decontamination(held) });
        Assert.Equal(200, after.Samples.Count);
        var bodies = planted.Select(s => s.Messages[^1].Content).ToHashSet();
        Assert.DoesNotContain(after.Samples, s => bodies.Contains(s.Messages[^1].Content) || questions.Contains(s.Messages[^2].Content));
        Assert.Contains(after.Rejected,
            s => s.Checks.Any(c =>
                c is { Name: "not held out", Passed: false, Detail: { } d } && d.Contains("task-", StringComparison.Ordinal)));
        Assert.Contains(after.Rejected, s => s.Checks.Any(c => c.Detail?.EndsWith("with question", StringComparison.Ordinal) == true));
    }

    [Fact]
    public void Evidence_names_the_symbols_that_the_compiler_bound()
    {
        // The last one is what the compiler adds by itself to a type without a constructor: it stands for the type.
        var judge = new BatchedJudge(
            piece => fixture.One(piece) with
            {
                Uses =
                [
                    new SymbolUse("x", SymbolUseKind.Resolved, "E:Waterworks.Valve.Changed", true, 2, null),
                    new SymbolUse("z", SymbolUseKind.Resolved, "M:Waterworks.ValveMode.#ctor", true, 2, null),
                    new SymbolUse("y", SymbolUseKind.Resolved, "M:System.Other", false, 2, null)
                ]
            },
            batchSize: 1);
        var corpus = new StructuralGenerator(fixture.Symbols, judge,
            new CorpusOptions { Count = 5, Mix = new Dictionary<SampleKind, double> { [SampleKind.Code] = 1 } })
            .Generate([], null, TestContext.Current.CancellationToken);
        Assert.All(corpus.Samples, s => Assert.Equal(["E:Waterworks.Valve.Changed", "T:Waterworks.ValveMode"], s.Evidence.Symbols.Take(2)));
        Assert.DoesNotContain(corpus.Samples,
            s => s.Evidence.Symbols.Any(id => id == "M:System.Other" || id is "M:Waterworks.Valve.Close" or "P:Waterworks.Tank.Level"));
    }

    [Fact]
    public void Samples_stay_below_the_token_limit()
    {
        var corpus = Generate(new CorpusOptions { Count = 120, MaxTokens = 60 });
        Assert.All(corpus.Samples, s => Assert.True(s.Messages.Sum(m => 4 + (m.Content.Length + 3) / 4) <= 60));
        Assert.Contains(corpus.Rejected, s => s.Checks.Any(c => c is { Name: "length", Passed: false }));
    }

    [Theory]
    [InlineData(0.0, 0)]
    [InlineData(1.0, 50)]
    public void The_chinese_share_is_kept(double share, int expected)
    {
        var corpus = Generate(
            new CorpusOptions { Count = 50, ChineseShare = share, Mix = new Dictionary<SampleKind, double> { [SampleKind.Qa] = 1 } });
        Assert.Equal(expected, corpus.Samples.Count(s => s.Messages[^2].Content.Any(c => c is >= '\u4e00' and <= '\u9fff')));
    }

    [Fact]
    public void Wrong_options_say_what_is_expected() =>
        Assert.Contains("chinese_share is 2",
            Assert.Throws<LabException>(() =>
                new StructuralGenerator(fixture.Symbols, fixture.Batched, new CorpusOptions { ChineseShare = 2 })).Message,
            StringComparison.Ordinal);

    /// <summary>The whole method of a sample with code, put together from its turns alone.</summary>
    private static string? MethodOf(Sample sample)
    {
        var (user, answer) = (sample.Messages[^2].Content, sample.Messages[^1].Content);
        switch (sample.Kind.Name)
        {
            case "Repair" when user.StartsWith("Which using", StringComparison.Ordinal): return null;
            case "Code" when AnswerFormat.BodyOf(answer) is { } whole && whole.StartsWith("public static ", StringComparison.Ordinal):
                return $"{Interface().Match(user).Value}\n{whole}";
            case "Code" or "Repair":
                var signature = Signature().Match(user).Groups[1].Value;
                return $"{signature}\n{{\n{AnswerFormat.BodyOf(answer)}\n}}";
            case "Completion":
                var at = user.IndexOf("<|fim_suffix|>", StringComparison.Ordinal);
                return user["<|fim_prefix|>".Length..at] + answer + user[(at + "<|fim_suffix|>".Length)..^"<|fim_middle|>".Length];
            default: return null;
        }
    }

    private static string Minimal(ITypeSymbol type) => type.ToDisplayString(new SymbolDisplayFormat(
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes
            | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier));

    private static string ExceptionOf(ISymbol symbol) =>
        Regex.Match(symbol.GetDocumentationCommentXml()!, "exception cref=\"T:[^\"]*?([A-Za-z]+)\"").Groups[1].Value;

    private static IEnumerable<ISymbol> Members(INamedTypeSymbol? type) =>
        type is null ? [] : type.GetMembers().Concat(Members(type.BaseType));

    [GeneratedRegex(@"^public interface .*?^\}", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Interface();
    [GeneratedRegex(@"```csharp\n(.*)\n")]
    private static partial Regex Signature();
    [GeneratedRegex(@"```csharp\n(.*?)\n(.*)\n```\n(CS\d+): (.*)$", RegexOptions.Singleline)]
    private static partial Regex RepairTurn();
    [GeneratedRegex("^`(.+)` has no member `([^`]+)`(?:; the nearest is `(.+)`)?\\.$")]
    private static partial Regex Missing();
    [GeneratedRegex("^There is no (type|member) `([^`]+)`(?:; the nearest is `([^`]+)`)?\\.$")]
    private static partial Regex MissingType();
}
