using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Architecture.Tests;

public class SizeTests
{
    private const int Columns = 140;
    private const int Parameters = 7;
    private const int PublicMembers = 25;

    [Fact]
    public void No_line_is_longer_than_140_columns()
    {
        if (Repository.Tracked("*.cs") is not { } files)
        {
            Assert.Skip("git does not list this folder's files: it is not installed, or this is no clone.");
            return;
        }
        Assert.NotEmpty(files);
        // A file that was removed and not yet committed is still listed.
        var wrong = files.Where(f => File.Exists(Path.Combine(Repository.Root, f)))
            .SelectMany(f => TooLong(File.ReadAllLines(Path.Combine(Repository.Root, f))).Select(l => $"{f}:{l}")).ToList();
        Assert.True(wrong.Count == 0, $"{wrong.Count} lines are longer than {Columns} columns:\n{string.Join('\n', wrong)}");
    }

    [Theory]
    [MemberData(nameof(Repository.Names), MemberType = typeof(Repository))]
    public void Nothing_takes_more_than_seven_parameters(string name)
    {
        var wrong = Repository.Project(name).Files()
            .SelectMany(f => TooMany(CSharpSyntaxTree.ParseText(File.ReadAllText(f))).Select(m => $"{Repository.Relative(f)}:{m}"))
            .ToList();
        Assert.True(wrong.Count == 0,
            $"More than {Parameters} parameters; give what belongs together a record, whose members are set by name:\n"
            + string.Join('\n', wrong));
    }

    [Theory]
    [MemberData(nameof(Repository.Names), MemberType = typeof(Repository))]
    public void No_class_has_more_than_25_public_members(string name)
    {
        var wrong = TooWide(Repository.Project(name).Compile()).ToList();
        Assert.True(wrong.Count == 0, $"More than {PublicMembers} public members; cut the type in two:\n{string.Join('\n', wrong)}");
    }

    [Fact]
    public void Lines_of_141_columns_are_found() =>
        Assert.Equal(["2: 141"], TooLong([new string('x', 140), new string('x', 141)]));

    [Theory]
    [InlineData("record R(int a, int b, int c, int d, int e, int f, int g, int h);", "R")]
    [InlineData("class C(int a, int b, int c, int d, int e, int f, int g, int h);", "C")]
    [InlineData("class C { C(int a, int b, int c, int d, int e, int f, int g, int h) { } }", "C")]
    [InlineData("class C { void M(int a, int b, int c, int d, int e, int f, int g, int h) { } }", "M")]
    [InlineData("class C { void M() { void L(int a, int b, int c, int d, int e, int f, int g, int h) { } } }", "L")]
    [InlineData("delegate void D(int a, int b, int c, int d, int e, int f, int g, int h);", "D")]
    public void Eight_parameters_are_found_and_seven_are_not(string source, string name)
    {
        Assert.Equal([$"1: {name} has 8"], TooMany(CSharpSyntaxTree.ParseText(source)));
        Assert.Empty(TooMany(CSharpSyntaxTree.ParseText(source.Replace(", int h", ""))));
    }

    [Fact]
    public void A_class_of_26_public_members_is_found_and_a_record_is_not()
    {
        var members = string.Concat(Enumerable.Range(1, 26).Select(i => $"public int P{i} {{ get; set; }} int _f{i}; "));
        var compilation = CSharpCompilation.Create("P", [CSharpSyntaxTree.ParseText($"class C {{ {members} }} record R {{ {members} }}")]);
        Assert.Equal(["C has 26"], TooWide(compilation));
    }

    private static IEnumerable<string> TooLong(IEnumerable<string> lines) =>
        lines.Index().Where(l => l.Item.Length > Columns).Select(l => $"{l.Index + 1}: {l.Item.Length}");

    private static IEnumerable<string> TooMany(SyntaxTree tree)
    {
        foreach (var node in tree.GetRoot().DescendantNodes())
        {
            var (name, list) = node switch
            {
                TypeDeclarationSyntax t => (t.Identifier, t.ParameterList),
                ConstructorDeclarationSyntax c => (c.Identifier, c.ParameterList),
                MethodDeclarationSyntax m => (m.Identifier, m.ParameterList),
                LocalFunctionStatementSyntax l => (l.Identifier, l.ParameterList),
                DelegateDeclarationSyntax d => (d.Identifier, d.ParameterList),
                _ => default((SyntaxToken, ParameterListSyntax?)),
            };
            if (list is { Parameters.Count: > Parameters and var count })
                yield return $"{tree.GetLineSpan(name.Span).StartLinePosition.Line + 1}: {name.Text} has {count}";
        }
    }

    private static IEnumerable<string> TooWide(CSharpCompilation compilation)
    {
        foreach (var type in compilation.SyntaxTrees.SelectMany(Declared).Distinct(SymbolEqualityComparer.Default).Cast<INamedTypeSymbol>())
        {
            // A property counts once, not with its accessors.
            var count = type.GetMembers().Count(m => m.DeclaredAccessibility == Accessibility.Public && !m.IsImplicitlyDeclared
                && m is not IMethodSymbol { AssociatedSymbol: not null });
            if (count > PublicMembers) yield return $"{type.ToDisplayString()} has {count}";
        }

        IEnumerable<INamedTypeSymbol> Declared(SyntaxTree tree)
        {
            var model = compilation.GetSemanticModel(tree);
            return tree.GetRoot().DescendantNodes().OfType<TypeDeclarationSyntax>()
                .Where(t => t is ClassDeclarationSyntax or StructDeclarationSyntax or InterfaceDeclarationSyntax)
                .Select(t => model.GetDeclaredSymbol(t)!);
        }
    }
}
