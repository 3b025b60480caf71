using System.IO.Compression;
using DocTuneLab.Documents;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;

namespace DocTuneLab.Tests.Library;

/// <summary>The same library as source and as assembly is one API.</summary>
public sealed class ApiSourceTests
{
    private const string Source = """
        using System;
        namespace Acme;
        /// <summary>A tank.</summary>
        public class Tank
        {
            /// <summary>Adds.</summary>
            /// <param name="litres">How much.</param>
            /// <returns>The level.</returns>
            /// <remarks>Slow.</remarks>
            public virtual double Fill(double litres) => litres;
            /// <summary>Name.</summary>
            public string? Label { get; init; }
            /// <summary>Old.</summary>
            [Obsolete("Use Fill.")] public void Pour<T>(T what) where T : class { }
            private void Hidden() { }
        }
        /// <summary>A barrel.</summary>
        public sealed class Barrel : Tank
        {
            /// <inheritdoc path="/summary"/>
            public override double Fill(double litres) => 0;
        }
        /// <summary>A cask.</summary>
        public sealed class Cask : Tank
        {
            /// <inheritdoc/>
            public override double Fill(double litres) => 1;
        }
        /// <summary>A value.</summary>
        /// <param name="Litres">How much.</param>
        public sealed record Reading(double Litres, string Unit = "l");
        /// <summary>A point.</summary>
        public readonly record struct Point(int X, int Y);
        /// <summary>Extras.</summary>
        public static class TankExtensions { /// <summary>Drains.</summary>
            public static Tank Drain(this Tank tank) => tank; }
        /// <summary>How.</summary>
        public enum Mode { /// <summary>Slow.</summary>
            Slow, Fast }
        /// <summary>Handles.</summary>
        public delegate void Handler(int code);
        """;

    [Fact]
    public void Source_and_assembly_give_the_same_symbols_and_texts()
    {
        using var compiled = new CompiledLibrary(Source, "Acme");
        var fromAssembly = ApiModel.Load(ReferenceSet.Load(compiled.AssemblyPath));
        var fromSource = ApiModel.FromSources([("Tank.cs", Source)], ReferenceSet.Load(), "Acme");
        string Describe(ApiSymbol s) =>
            $"{s.Id} | {s.Kind} | {s.Signature} | {s.Summary} | {s.Returns} | {s.Remarks} | {string.Join(',', s.Parameters)} | "
                + $"{s.Obsolete}";
        Assert.Equal(fromAssembly.Symbols.Select(Describe).Order(), fromSource.Symbols.Select(Describe).Order());
    }

    [Fact]
    public void A_path_picks_what_is_inherited()
    {
        var api = ApiModel.FromSources([("Tank.cs", Source)], ReferenceSet.Load());
        var (barrel, cask) = (api.Find("M:Acme.Barrel.Fill(System.Double)")!, api.Find("M:Acme.Cask.Fill(System.Double)")!);
        Assert.Equal(("Adds.", null, null), (barrel.Summary, barrel.Returns, barrel.Remarks));
        Assert.Equal(("Adds.", "The level.", "Slow."), (cask.Summary, cask.Returns, cask.Remarks));
    }

    [Fact]
    public void Source_that_does_not_compile_still_has_an_api()
    {
        var api = ApiModel.FromSources(
            [("A.cs", "namespace A; public class B { public Missing C() => nothing; public int D() { retrun } }")], ReferenceSet.Load());
        Assert.Equal(["B", "B", "C", "D"], api.Symbols.Select(s => s.Name).Order());
    }

    [Fact]
    public void Entities_in_xml_documentation_are_refused()
    {
        using var library = new CompiledLibrary("namespace B { /// <summary>x</summary>\npublic class C { } }", "B");
        File.WriteAllText(Path.ChangeExtension(library.AssemblyPath, ".xml"),
            "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>\n<doc><members><member name=\"T:B.C\">"
                + "<summary>&b;</summary></member></members></doc>");
        Assert.Contains("B.xml:1", Assert.Throws<LabException>(() => ApiModel.Load(ReferenceSet.Load(library.AssemblyPath))).Message);
    }

    [Fact]
    public void A_corrupt_assembly_of_a_package_is_left_out()
    {
        using var folder = new TempFolder();
        using (var zip = ZipFile.Open(folder["x.nupkg"], ZipArchiveMode.Create))
            foreach (var (name, text) in new[] { ("README.md", "# X"), ("lib/net8.0/X.dll", "MZ not an assembly") })
                using (var writer = new StreamWriter(zip.CreateEntry(name).Open())) writer.Write(text);
        var set = DocumentSet.Load(folder["x.nupkg"]);
        Assert.Empty(set.Site.Assemblies);
        Assert.Equal(("x.nupkg/lib/net8.0/X.dll", ProblemKind.Library), (set.Problems.Single().Path, set.Problems.Single().Kind));
    }

    private const string Includes = """
        <docs>
          <tank><summary>A tank of <c>steel</c>.</summary><remarks>Heavy.</remarks></tank>
          <fill><param name="litres">How much.</param><include file='more.xml' path='more/returns'/></fill>
        </docs>
        """;

    private static void WriteIncludes(TempFolder folder)
    {
        Directory.CreateDirectory(folder["lib"]);
        File.WriteAllText(folder["lib/docs.xml"], Includes);
        File.WriteAllText(folder["lib/more.xml"], "<more><returns>The level.</returns></more>");
    }

    [Fact]
    public void Comments_in_source_take_what_they_include()
    {
        using var folder = new TempFolder();
        WriteIncludes(folder);
        var source = """
            namespace Acme;
            /// <include file='docs.xml' path='docs/tank/*'/>
            public class Tank
            {
                /// <summary>Adds.</summary>
                /// <include file="docs.xml" path="docs/fill/*"/>
                public double Fill(double litres) => litres;
            }
            """;
        var api = ApiModel.FromSources([(folder["lib/Tank.cs"], source)], ReferenceSet.Load(), "Acme", folder.Root);
        Assert.Equal(("A tank of steel.", "Heavy."), (api.Find("T:Acme.Tank")!.Summary, api.Find("T:Acme.Tank")!.Remarks));
        var fill = api.Find("M:Acme.Tank.Fill(System.Double)")!;
        Assert.Equal(("Adds.", "The level.", "How much."), (fill.Summary, fill.Returns, fill.Parameters[0].Documentation));
    }

    [Theory]
    [InlineData("file='docs.xml' path='docs/pump/*'", "nothing is there")]
    [InlineData("file='none.xml' path='docs/*'", "no such file")]
    [InlineData("file='../../secret.xml' path='*'", "leads out of")]
    [InlineData("file='/etc/passwd' path='*'", "leads out of")]
    [InlineData("file='link.xml' path='*'", "leads out of")]
    [InlineData("file='docs.xml' path='docs/tank/summary/text()'", "not an XPath to elements")]
    [InlineData("file='docs.xml' path='['", "not an XPath to elements")]
    [InlineData("file='docs.xml'", "without 'file' or 'path'")]
    public void An_include_that_cannot_be_followed_is_named_with_its_line(string attributes, string message)
    {
        using var folder = new TempFolder();
        WriteIncludes(folder);
        File.WriteAllText(folder["outside.xml"], "<a/>");
        File.CreateSymbolicLink(folder["lib/link.xml"], folder["outside.xml"]);
        var path = folder["lib/Tank.cs"];
        var source = $"namespace Acme;\n\n/// <summary>x</summary>\n/// <include {attributes}/>\npublic class Tank {{ }}\n";
        var fault = Assert.Throws<LabException>(() => ApiModel.FromSources([(path, source)], ReferenceSet.Load(), root: folder["lib"]));
        Assert.StartsWith($"{path}:4:", fault.Message);
        Assert.Contains(message, fault.Message);
    }

    [Fact]
    public void An_include_that_includes_itself_or_is_no_xml_is_named()
    {
        using var folder = new TempFolder();
        WriteIncludes(folder);
        File.WriteAllText(folder["lib/loop.xml"], "<loop>\n<a><include file='loop.xml' path='loop/a'/></a>\n</loop>");
        File.WriteAllText(folder["lib/bad.xml"], "<bad>\n<a>");
        string Fault(string attributes) => Assert.Throws<LabException>(() =>
            ApiModel.FromSources([(folder["lib/Tank.cs"], $"/// <include {attributes}/>\npublic class Tank {{ }}")], ReferenceSet.Load(),
                root: folder["lib"])).Message;
        Assert.Contains("loop.xml:2: <include>", Fault("file='loop.xml' path='loop/a'"));
        Assert.Contains("includes itself", Fault("file='loop.xml' path='loop/a'"));
        Assert.Contains("Tank.cs:1", Fault("file='bad.xml' path='bad'"));
    }

    [Fact]
    public void Xml_documentation_takes_what_the_compiler_left_to_be_included()
    {
        using var library = new CompiledLibrary("namespace Acme { /// <summary>x</summary>\n public class Tank { } }", "Acme");
        var xml = Path.ChangeExtension(library.AssemblyPath, ".xml");
        File.WriteAllText(xml,
            "<doc>\n<members>\n<member name=\"T:Acme.Tank\">\n<include file='docs.xml' path='docs/tank/*'/>\n</member>\n"
                + "</members>\n</doc>");
        var docs = Path.Combine(Path.GetDirectoryName(xml)!, "docs.xml");
        Assert.StartsWith($"{xml}:4: <include> of 'docs.xml'",
            Assert.Throws<LabException>(() => ApiModel.Load(ReferenceSet.Load(library.AssemblyPath))).Message);
        File.WriteAllText(docs, Includes);
        Assert.Equal("Heavy.", ApiModel.Load(ReferenceSet.Load(library.AssemblyPath)).Find("T:Acme.Tank")!.Remarks);
    }
}
