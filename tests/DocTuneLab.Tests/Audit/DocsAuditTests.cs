using System.Text.Json.Nodes;
using DocTuneLab.Audit;
using DocTuneLab.Documents;
using DocTuneLab.Library;
using DocTuneLab.Tests.Library;

namespace DocTuneLab.Tests.Audit;

/// <summary>A library of one tank, and pages that are right or wrong about it.</summary>
public sealed class TankLibrary : IDisposable
{
    private readonly CompiledLibrary _library = new("""
        using System;
        namespace Acme
        {
            /// <summary>Holds a liquid.</summary>
            public class Tank
            {
                /// <summary>Makes one.</summary>
                public Tank(double capacity) { }
                /// <summary>Adds liquid.</summary>
                public double Fill(double litres) => litres;
                /// <summary>Adds liquid slowly.</summary>
                public double Fill(double litres, TimeSpan over) => litres;
                /// <summary>Takes liquid.</summary>
                public double Drain(double litres, bool all = false) => litres;
                /// <summary>Old.</summary>
                [Obsolete("Use Fill.")] public void Pour() { }
                /// <summary>How much.</summary>
                public double Level { get; }
                public override string ToString() => "";
            }
            /// <summary>On no page.</summary>
            public class Hose { public int Length { get; } public int Width { get; } }
            /// <summary>Extras.</summary>
            public static class Tanks { /// <summary>Empties.</summary>
                public static void Empty(this Tank tank, int times) { } }
            /// <summary>Work.</summary>
            public static class Jobs
            {
                /// <summary>Runs with a state.</summary>
                public static void Run<T>(Action<T, int> work, T state) { }
                /// <summary>Runs with a tank.</summary>
                public static void Run(Action<Tank, int> work, Tank tank) { }
            }
        }
        """, "Acme");

    public TankLibrary() => References = ReferenceSet.Load(_library.AssemblyPath);

    public ReferenceSet References { get; }

    public string XmlPath => Path.ChangeExtension(_library.AssemblyPath, ".xml");

    public void Dispose() => _library.Dispose();
}

public sealed class DocsAuditTests(TankLibrary library) : IClassFixture<TankLibrary>, IDisposable
{
    private static readonly AuditRule[] s_noise = [AuditRule.Undocumented];
    private readonly string _docs = Directory.CreateTempSubdirectory("doctune-audit-").FullName;

    public void Dispose() => Directory.Delete(_docs, recursive: true);

    private AuditReport Audit(params (string Path, string Text)[] pages) =>
        Audit(new AuditOptions { Ignore = s_noise, BaseDirectory = _docs }, pages);

    private AuditReport Audit(AuditOptions options, params (string Path, string Text)[] pages)
    {
        foreach (var (path, text) in pages)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_docs, path))!);
            File.WriteAllText(Path.Combine(_docs, path), text);
        }
        return DocsAudit.Run([DocumentSet.Load(_docs)], library.References, options);
    }

    private static string Block(params string[] lines) => $"```csharp\n{string.Join('\n', lines)}\n```\n";

    /// <summary><c>line rule severity</c> of each finding.</summary>
    private static IEnumerable<string> Brief(AuditReport report) => report.Findings.Select(f => $"{f.Line} {f.Rule.Id} {f.Severity}");

    [Fact]
    public void Right_pages_have_no_findings()
    {
        var report = Audit(("a.md", "# Tank\n\nUse `Tank.Fill(2)`, `Tank.Fill(double litres, TimeSpan over)`, `Tank.Drain(1)`, "
            + "`Tank.ToString()`, `Tank.Fill(...)`, `Tank.Empty(3)` and `Tanks.Empty(tank, 3)`.\n\n"
            + Block("var tank = new Tank(3);", "tank.Fill(1);")
            + Block("class MyTank { }", "class Use { MyTank? tank; }")
            + Block("tank.Drain(1);", "// ...", "int Later() { ... }")
            + Block("class Mine : Tank { public Mine() : base(1) { } }")
            + Block("var mine = new Mine();", "mine.Fill(2);")
            + Block("tank.Level > 2 ? 1 : 0")
            + "\n## Syntax\n\n" + Block("public double Fill(double litres, System.TimeSpan over);") + Block("public class Tank")
            + Block("public Tank(double capacity);")
            + "\n```csharp no-compile\nnonsense here\n```\n"));
        Assert.Empty(report.Findings);
        Assert.Equal((10, 1), (report.Counts.CodeBlocks, report.Counts.Marked));
    }

    [Fact]
    public void A_block_of_namespaces_alone_is_right_where_they_exist()
    {
        var finding = Assert.Single(
            Audit(("a.md", "# T\n\n" + Block("using System;", "using Acme;") + "\n" + Block("using Acme;", "using Acme.Pumps;"))).Findings);
        Assert.Equal((AuditSeverity.Error, 10), (finding.Severity, finding.Line));
        Assert.Contains("Pumps", finding.Message);
    }

    [Fact]
    public void An_invented_member_is_named_with_its_line_and_the_nearest_real_one()
    {
        var finding = Assert.Single(Audit(("a.md", "# T\n\n" + Block("var tank = new Tank(3);", "", "tank.Fil(1);"))).Findings);
        Assert.Equal((AuditRule.Missing, AuditSeverity.Error, "a.md", 6), (finding.Rule, finding.Severity, finding.File, finding.Line));
        Assert.Contains("'Fil' does not exist", finding.Message);
        Assert.Equal("public double Fill(double litres)", finding.Suggestion);
    }

    [Fact]
    public void A_wrong_call_is_reported_with_the_real_signatures()
    {
        var finding = Assert.Single(Audit(("a.md", Block("new Tank(3).Fill(\"much\");"))).Findings);
        Assert.Equal((AuditRule.Code, 2), (finding.Rule, finding.Line));
        Assert.Contains("CS1503", finding.Message);
        Assert.Contains("TimeSpan over", finding.Suggestion);
    }

    [Fact]
    public void A_fragment_with_names_from_nowhere_is_a_note_and_its_library_calls_are_still_checked()
    {
        var report = Audit(("a.md", Block("service.Start(options);", "var t = new Tank(1);", "t.Drainn(2);")));
        Assert.Equal(["2 DTA007 Note", "4 DTA002 Error"], Brief(report));
        Assert.Contains("options, service", report.Findings[0].Message);
    }

    /// <summary>Seen on the pages of a library that compiles them all: what they leave out is not wrong.</summary>
    [Theory]
    // Using directives of the framework: types, attributes, extension methods; for blocks below as well.
    [InlineData("var code = HttpStatusCode.OK;\nnew Tank(1).Fill((int)code);", "")]
    [InlineData("public class Options\n{\n    [Range(1, 5)]\n    [Required]\n    public Tank? Tank { get; set; }\n}", "")]
    [InlineData("var levels = new[] { new Tank(1).Level }.ToImmutableArray();|ImmutableArray<int> more = [];", "")]
    // What is wrong with a block above was said there, and what it declares is there.
    [InlineData("static class More\n{\n    public static Tank Paint(this Tank tank, Colour colour) => tank;\n}|new Tank(1).Paint(default);",
        "3 DTA007")]
    // Types of a package that is not given, and its extension methods.
    [InlineData("Tank tank = Substitute.For<Tank>();\ntank.Returns(tank);", "1 DTA007")]
    [InlineData("new Uri(\"x:y\").ShouldBe(2);", "1 DTA007")]
    [InlineData("Tank tank = Substitute.For<Tank>();\ntank.Drainn(1);", "1 DTA007,2 DTA002")]
    // What follows from a name that is not declared.
    [InlineData("if (TryGet(out double litres)) new Tank(1).Fill(litres);\nvar more = TryGet(out double rest) ? rest : rest;", "1 DTA007")]
    [InlineData("Jobs.Run((client, n) => client.Get(n), http);", "1 DTA007")]
    [InlineData("class Made<T> { }\nclass Use { Made? made; }", "2 DTA007")]
    // Members without their class, usage below a class, several examples in a block, a declaration without its semicolon.
    [InlineData("public double Twice(Tank tank) => this.Once(tank) * 2;\npublic override string ToString() => \"\";\nprivate double "
        + "Once(Tank tank) => tank.Level;", "")]
    [InlineData("class Mine : Tank { public Mine() : base(1) { } }\nvar mine = new Mine();\nmine.Fill(1);", "")]
    [InlineData("var level = new Tank(1).Level;\nvar level = new Tank(2).Level;", "")]
    [InlineData("public double Drain(double litres, bool all)", "")]
    [InlineData("public double Drain(string litres)", "1 DTA003")]
    [InlineData("TankBHose hose = new();\nTankHose other = new();", "1 DTA007")]
    [InlineData("Tnaks.Empty(new Tank(1), 2);", "1 DTA002")]
    // All the same, what is wrong is found.
    [InlineData("public void Twice(Tank tank) { tank.Fil(1); }\npublic override string ToString() => \"\";", "1 DTA002")]
    [InlineData("Jobs.Run((tank, n) => tank.Get(n), new Tank(1));", "1 DTA002")]
    [InlineData("var list = new List<int>();\nlist.Ad(1);", "2 DTA001")]
    [InlineData("int n = \"a\";\nservice.Start();", "1 DTA001,2 DTA007")]
    public void What_a_snippet_leaves_out_is_no_error(string blocks, string findings)
    {
        var texts = blocks.Split('|');
        var report = Audit(("a.md", string.Concat(texts.Select(b => Block(b.Split('\n'))))));
        Assert.Equal(findings, string.Join(',', report.Findings.Select(f => $"{f.Line - 1} {f.Rule.Id}")));
    }

    [Fact]
    public void Syntax_errors_are_one_finding_and_indented_fences_keep_their_lines()
    {
        var report = Audit(("a.md", "1. Step\n\n   ```cs\n   var t = new Tank(1);\n   var x = ;\n   ```\n"));
        Assert.Equal(["5 DTA001 Error"], Brief(report));
    }

    [Fact]
    public void Stale_signatures_and_members_that_are_gone_are_found_in_prose_tables_and_syntax_blocks()
    {
        var report = Audit(("tank.md", """
            # Tank

            Call `Tank.Fill(string text)`, `Tank.Drain(1, true, 3)` or `Tank.Leak()`.

            | Member | What |
            |---|---|
            | `Fill(int litres)` | adds |
            | `Level` | how much |
            | `Pour()` | obsolete since 2.0 |
            | `Height` | how high |

            | Parameter | Type |
            |---|---|
            | `Speed` | number |

            ```csharp
            public double Drain(string litres);
            ```

            ```csharp
            public void Overflow(int times);
            ```

            See <xref:Acme.Tank.Fill(System.Double)>, [x](xref:Acme.Pump) and <xref:System.String>.
            """));
        Assert.Equal(
            [
                "3 DTA003 Error", "3 DTA003 Error", "3 DTA004 Error", "7 DTA003 Error", "10 DTA004 Error", "17 DTA003 Error",
                "21 DTA004 Error", "24 DTA004 Error"
            ],
            Brief(report));
        Assert.Contains("Acme.Pump", report.Findings[^1].Message);
    }

    [Theory]
    [InlineData("Tank", 1)]
    [InlineData("Tank class", 1)]
    [InlineData("Tank parsers", 0)]
    public void Member_tables_are_of_the_type_in_the_title(string title, int findings) =>
        Assert.Equal(findings, Audit(("a.md", $"# {title}\n\n| Method | What |\n|---|---|\n| `Peek()` | looks |\n")).Findings.Count);

    [Fact]
    public void An_old_name_may_be_named_where_the_text_says_that_it_is_old()
    {
        Assert.Empty(Audit(("a.md", "# T\n\n## Then\n\n`Tank.Leak()` was removed; use `Tank.Drain`.\n"),
            ("changelog.md", "# Changes\n\nAdded `Tank.Leak()`.\n")).Findings);
    }

    [Fact]
    public void Obsolete_members_need_a_word()
    {
        var report = Audit(("a.md",
            "# T\n\n## One\n\n" + Block("new Tank(1).Pour();") + "\n## Two\n\n`Pour` is obsolete.\n\n" + Block("new Tank(1).Pour();")));
        var finding = Assert.Single(report.Findings);
        Assert.Equal((AuditRule.Obsolete, AuditSeverity.Warning, 6, "M:Acme.Tank.Pour"),
            (finding.Rule, finding.Severity, finding.Line, finding.Symbol));
        Assert.Contains("Use Fill.", finding.Message);
    }

    [Fact]
    public void Members_on_no_page_are_noted_a_lost_type_speaks_for_its_members()
    {
        var source = Directory.CreateDirectory(Path.Combine(_docs, "src")).FullName;
        File.WriteAllText(Path.Combine(source, "Tank.cs"),
            "namespace Acme;\n\npublic class Tank\n{\n    public double Drain(double litres, bool all = false) => litres;\n}\n");
        var report = Audit(new AuditOptions { Sources = [source], BaseDirectory = _docs },
            ("a.md",
                "# Tank\n\n`Tank.Fill`, `Tank.Level`, `Tank.Pour` (obsolete), `new Tank(1)`, `Tanks.Empty`, `Jobs.Run`.\n\n"
                    + Block("var t = new Tank(1);")));
        var notes = report.Findings.Where(f => f.Rule == AuditRule.Undocumented).ToList();
        Assert.Equal(["T:Acme.Hose", "M:Acme.Tank.Drain(System.Double,System.Boolean)"], notes.OrderBy(n => n.Line).Select(n => n.Symbol));
        Assert.Contains("its 2 members", notes.Single(n => n.Symbol == "T:Acme.Hose").Message);
        Assert.Equal(("src/Tank.cs", 5), (notes.Single(n => n.Line > 0).File, notes.Single(n => n.Line > 0).Line));
    }

    [Fact]
    public void Xml_documentation_of_another_version_is_found_out()
    {
        var xml = File.ReadAllText(library.XmlPath);
        try
        {
            File.WriteAllText(library.XmlPath, xml.Replace("</members>", """
                <member name="M:Acme.Tank.Spill"><summary>See <see cref="!:Hosse"/>.</summary></member>
                <member name="P:Acme.Tank.Level"><summary>See <see cref="!:Hosse"/>.</summary>
                <example><code>new Acme.Tank(1).Levl.ToString();</code></example></member>
                <member name="M:Acme.Tank.Fill(System.Double)"><param name="gallons">x</param></member>
                </members>
                """, StringComparison.Ordinal));
            var report = Audit(("a.md", "# T\n\ntext\n"));
            Assert.Equal(["DTA002", "DTA003", "DTA004", "DTA004"], report.Findings.Select(f => f.Rule.Id).Order());
            Assert.All(report.Findings, f => Assert.True(f.File.EndsWith("Acme.xml") && f.Line > 10, f.ToString()));
            Assert.Contains(report.Findings, f => f.Message.Contains("M:Acme.Tank.Spill"));
            Assert.Contains(report.Findings, f => f.Message.Contains("'gallons'"));
            File.WriteAllText(library.XmlPath, "<doc><members>");
            Assert.Throws<LabException>(() => Audit());
        }
        finally
        {
            File.WriteAllText(library.XmlPath, xml);
        }
    }

    [Fact]
    public void Comments_and_a_baseline_excuse_and_new_findings_still_show()
    {
        var page = "# T\n\n<!-- doctune-audit-disable-next DTA002 -->\n" + Block("new Tank(1).Fil(1);")
            + "\n<!-- doctune-audit-disable -->\n`Tank.Leak()`\n<!-- doctune-audit-enable -->\n\n`Tank.Seep()`\n";
        var report = Audit(("a.md", page));
        Assert.Equal(["12 DTA004 Error"], Brief(report));
        Assert.Equal(2, report.Suppressed.Count);

        var file = Path.Combine(_docs, "baseline.json");
        AuditBaseline.Save(file, report);
        var options = new AuditOptions { Ignore = s_noise, BaseDirectory = _docs, Baseline = AuditBaseline.Load(file) };
        // It has moved by two lines, and there is one more of the same.
        var later = Audit(options, ("a.md", "\n\n" + page + "\n`Tank.Seep()`\n"));
        Assert.Equal(["16 DTA004 Error"], Brief(later));
        Assert.Equal(3, later.Suppressed.Count);
        File.WriteAllText(file, "{}");
        Assert.Contains("no baseline", Assert.Throws<LabException>(() => AuditBaseline.Load(file)).Message);
    }

    [Fact]
    public void The_reports_say_the_same_to_machines_and_people()
    {
        var report = Audit(("a b.md", "# T\n\n<!-- doctune-audit-disable-next -->\n`Tank.Leak()`\n\n" + Block("new Tank(1).Fil(1);")));
        var sarif = JsonNode.Parse(AuditWriters.ToSarif(report))!["runs"]![0]!;
        Assert.Equal(AuditRule.All.Count, sarif["tool"]!["driver"]!["rules"]!.AsArray().Count);
        var results = sarif["results"]!.AsArray();
        Assert.Equal(2, results.Count);
        Assert.Equal(("DTA002", 1, "error", "a%20b.md", 7), ((string)results[0]!["ruleId"]!, (int)results[0]!["ruleIndex"]!,
            (string)results[0]!["level"]!,
            (string)results[0]!["locations"]![0]!["physicalLocation"]!["artifactLocation"]!["uri"]!,
            (int)results[0]!["locations"]![0]!["physicalLocation"]!["region"]!["startLine"]!));
        Assert.NotNull(results[1]!["suppressions"]);
        Assert.Equal(report.Findings[0].Fingerprint, (string?)JsonNode.Parse(AuditWriters.ToJson(report))!["findings"]![0]!["fingerprint"]);
        Assert.Contains("| 7 | error | DTA002 | 'Fil' does not exist", AuditWriters.ToMarkdown(report));
    }
}
