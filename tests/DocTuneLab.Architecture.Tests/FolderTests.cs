using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Architecture.Tests;

public class FolderTests
{
    // The others need packages that do not lie beside these tests: of single test projects, and of .NET Interactive, which not every
    // registry serves. Types of their own are found without them.
    public static TheoryData<string> Complete =>
        [.. Repository.Projects.Where(p => !p.IsTest && p.Name != "DocTuneLab.DotNetInteractive").Select(p => p.Name)];

    /// <summary>A folder and the folder around it are two: one whose files its subfolders use must not use those subfolders.</summary>
    [Theory]
    [MemberData(nameof(Repository.Names), MemberType = typeof(Repository))]
    public void The_folders_of_a_project_form_no_cycle(string name)
    {
        var project = Repository.Project(name);
        var message = Describe(project.Compile(), project.Folder);
        Assert.True(message.Length == 0,
            $"Folders of {name} use each other in a circle. Move a type, or cut it, so that one edge goes:\n{message}");
    }

    /// <summary>What does not compile names nothing, and would be missing from the graph without a word.</summary>
    [Theory]
    [MemberData(nameof(Complete))]
    public void Every_name_in_a_project_is_understood(string name)
    {
        var errors = Repository.Project(name).Compile().GetDiagnostics()
            // CS8795: a generator writes the other half of a partial method.
            .Where(d => d.Severity == DiagnosticSeverity.Error && d.Id != "CS8795").Select(d => d.ToString()).Take(10).ToList();
        Assert.True(errors.Count == 0,
            $"{name} does not compile against what was built beside these tests. Build the solution again:\n{string.Join('\n', errors)}");
    }

    [Fact]
    public void A_planted_cycle_is_found_and_named_by_file_line_and_type()
    {
        var compilation = Compile(
            ("/p/Above/Caller.cs", "namespace P.Above; class Caller { P.Below.Callee c; }"),
            ("/p/Below/Callee.cs", "namespace P.Below;\nclass Callee\n{\n    void Back() => new P.Above.Caller();\n}"),
            ("/p/Beside/Third.cs", "namespace P.Beside; class Third { P.Above.Caller c; }"));
        Assert.Equal("""
            Above -> Below
                Caller.cs:1 uses Callee (declared in Below)
            Below -> Above
                Callee.cs:4 uses Caller (declared in Above)

            """, Describe(compilation, "/p"));
    }

    [Fact]
    public void A_folder_and_the_folder_around_it_are_two()
    {
        var compilation = Compile(
            ("/p/Outer/Door.cs", "namespace P.Outer; class Door { P.Outer.Inner.Room r; }"),
            ("/p/Outer/Inner/Room.cs", "namespace P.Outer.Inner; class Room { Door d; }"));
        Assert.Contains("Outer/Inner -> Outer\n    Room.cs:1 uses Door (declared in Outer)", Describe(compilation, "/p"));
    }

    [Fact]
    public void An_extension_method_and_a_reference_in_a_comment_count_and_an_edge_one_way_is_no_cycle()
    {
        var extension = ("/p/B/Words.cs", "namespace P.B; static class Words { public static int Size(this string s) => 1; }");
        var call = ("/p/A/Call.cs", "using P.B; namespace P.A; class Call { int n = \"\".Size(); }");
        Assert.Equal("", Describe(Compile(extension, call), "/p"));
        var comment = ("/p/B/Note.cs", "namespace P.B; /// <see cref=\"P.A.Call\"/>\nclass Note;");
        Assert.Contains("Call.cs:1 uses Words (declared in B)", Describe(Compile(extension, call, comment), "/p"));
    }

    [Fact]
    public void The_namespace_of_a_file_is_its_folder()
    {
        var wrong = new List<string>();
        foreach (var project in Repository.Projects)
            foreach (var file in project.Files().Where(f => !IsCompiledApart(f)))
            {
                var folder = Path.GetRelativePath(project.Folder, Path.GetDirectoryName(file)!).Replace('\\', '.').Replace('/', '.');
                var expected = folder == "." ? project.RootNamespace : $"{project.RootNamespace}.{folder}";
                var found = Misplaced(CSharpSyntaxTree.ParseText(File.ReadAllText(file)), expected);
                wrong.AddRange(found.Select(m => $"{Repository.Relative(file)}:{m}"));
            }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    // Sources of the sandbox's child program, and answers of a model that cheats: compiled at run time into an assembly of another name.
    private static bool IsCompiledApart(string file) => Repository.Relative(file) is var name
        && (name.Contains("/Execution/Child/", StringComparison.Ordinal) || name.Contains("/Tricks/", StringComparison.Ordinal));

    [Fact]
    public void A_misplaced_namespace_and_a_type_outside_of_any_are_found()
    {
        Assert.Equal(["1: namespace A.C, expected A.B"], Misplaced(CSharpSyntaxTree.ParseText("namespace A.C; class X;"), "A.B"));
        Assert.Equal(["1: X is in no namespace, expected A.B"], Misplaced(CSharpSyntaxTree.ParseText("class X;"), "A.B"));
        Assert.Empty(Misplaced(CSharpSyntaxTree.ParseText("namespace A.B; class X;"), "A.B"));
    }

    private static IEnumerable<string> Misplaced(SyntaxTree tree, string expected)
    {
        foreach (var node in tree.GetRoot().DescendantNodes(n => n is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax))
        {
            var line = tree.GetLineSpan(node.Span).StartLinePosition.Line + 1;
            if (node is BaseNamespaceDeclarationSyntax space && space.Name.ToString() != expected)
                yield return $"{line}: namespace {space.Name}, expected {expected}";
            if (node is BaseTypeDeclarationSyntax { Parent: CompilationUnitSyntax } type)
                yield return $"{line}: {type.Identifier.Text} is in no namespace, expected {expected}";
        }
    }

    // The shortest cycle of each knot, edge by edge with up to five of its causes; empty if there is none.
    private static string Describe(CSharpCompilation compilation, string folder)
    {
        var uses = TypeUse.In(compilation, folder).ToLookup(u => (u.From, u.To));
        var text = new StringBuilder();
        foreach (var cycle in Cycles.Shortest(uses.Select(u => u.Key)))
            for (var i = 0; i < cycle.Count; i++)
            {
                var (from, to) = (cycle[i], cycle[(i + 1) % cycle.Count]);
                var causes = uses[(from, to)].Select(u => u.ToString()).Distinct().ToList();
                text.Append($"{from} -> {to}\n");
                foreach (var cause in causes.Take(5)) text.Append($"    {cause}\n");
                if (causes.Count > 5) text.Append($"    and {causes.Count - 5} more\n");
            }
        return text.ToString();
    }

    private static CSharpCompilation Compile(params (string Path, string Text)[] files) => CSharpCompilation.Create("P",
        files.Select(f => CSharpSyntaxTree.ParseText(f.Text, new CSharpParseOptions(documentationMode: DocumentationMode.Parse), f.Path)),
        [MetadataReference.CreateFromFile(typeof(object).Assembly.Location)],
        new(OutputKind.DynamicallyLinkedLibrary));
}
