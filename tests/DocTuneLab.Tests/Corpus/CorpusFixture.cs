using System.Xml.Linq;
using DocTuneLab.Corpus;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Tests.Corpus;

/// <summary>The test library compiled, its symbols as records, and a plain compiler as judge, all independent of the code under test.</summary>
public sealed class CorpusFixture
{
    private const string ImplicitUsings = "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Threading; global using System.Threading.Tasks;";
    private static readonly MetadataReference[] Framework = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        .Where(p => Path.GetFileName(p).StartsWith("System.", StringComparison.Ordinal) || Path.GetFileName(p) is "netstandard.dll" or "mscorlib.dll").Select(p => MetadataReference.CreateFromFile(p))];
    private static readonly SymbolDisplayFormat Short = new(typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameOnly, genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters,
        memberOptions: SymbolDisplayMemberOptions.IncludeParameters | SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeModifiers | SymbolDisplayMemberOptions.IncludeAccessibility,
        parameterOptions: SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    private readonly MetadataReference _library;
    private readonly CSharpCompilation _judgeBase;

    public CorpusFixture()
    {
        var compilation = CSharpCompilation.Create("Waterworks", [CSharpSyntaxTree.ParseText(WaterworksSource.Code, new CSharpParseOptions(LanguageVersion.Latest, DocumentationMode.Diagnose))], Framework, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var dll = new MemoryStream();
        using var xml = new MemoryStream();
        var emit = compilation.Emit(dll, xmlDocumentationStream: xml);
        if (!emit.Success) throw new InvalidOperationException(string.Join('\n', emit.Diagnostics));
        _library = MetadataReference.CreateFromImage(dll.ToArray());
        Symbols = [.. Types(compilation.Assembly.GlobalNamespace).SelectMany(t => new ISymbol[] { t }.Concat(t.GetMembers().Where(IsApi))).Select(Record)];
        _judgeBase = CSharpCompilation.Create("Judged", [CSharpSyntaxTree.ParseText(ImplicitUsings)], [.. Framework, _library], new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        Compilation = compilation;
    }

    public IReadOnlyList<ApiSymbol> Symbols { get; }

    public CSharpCompilation Compilation { get; }

    /// <summary>Many at once, as the lab does it.</summary>
    public ICodeJudge Batched => new BatchedJudge(One);

    /// <summary>One piece in a compilation of its own.</summary>
    public Verdict One(CodeToJudge piece)
    {
        Assert.Equal(CodeForm.Members, piece.Form);
        var tree = CSharpSyntaxTree.ParseText($"{string.Concat(piece.Usings.Select(u => $"using {u}; "))}\npublic static class Solution {{\n{piece.Code}\n}}");
        using var dll = new MemoryStream();
        var result = _judgeBase.AddSyntaxTrees(tree).Emit(dll);
        var errors = result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => new CodeDiagnostic(d.Id, d.GetMessage(), d.Location.GetLineSpan().StartLinePosition.Line - 1)).ToList();
        return new Verdict(!tree.GetDiagnostics().Any(), result.Success, errors, []);
    }

    private static IEnumerable<INamedTypeSymbol> Types(INamespaceSymbol space) => space.GetTypeMembers().Where(t => t.DeclaredAccessibility == Accessibility.Public).Concat(space.GetNamespaceMembers().SelectMany(Types));

    private static bool IsApi(ISymbol s) => s.DeclaredAccessibility == Accessibility.Public && s is not INamedTypeSymbol && !(s is IMethodSymbol { MethodKind: not (MethodKind.Ordinary or MethodKind.Constructor or MethodKind.UserDefinedOperator) })
        && !(s.IsImplicitlyDeclared && !(s is IMethodSymbol { MethodKind: MethodKind.Constructor } && s.ContainingType.TypeKind == TypeKind.Class));

    private static ApiSymbol Record(ISymbol s)
    {
        var xml = s.GetDocumentationCommentXml() is { Length: > 0 } text ? XElement.Parse(text) : new XElement("member");
        string? Text(XElement? e) => e is null ? null : string.Join(' ', e.Value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        var method = s as IMethodSymbol;
        var parameters = (method?.Parameters ?? (s as IPropertySymbol)?.Parameters ?? []).Select((p, i) => new ApiParameter(p.Name, p.Type.ToDisplayString(Short), Text(xml.Elements("param").FirstOrDefault(e => (string?)e.Attribute("name") == p.Name)),
            p.HasExplicitDefaultValue ? p.Type.TypeKind == TypeKind.Enum ? $"{p.Type.Name}.{p.Type.GetMembers().OfType<IFieldSymbol>().First(f => Equals(f.ConstantValue, p.ExplicitDefaultValue)).Name}" : p.ExplicitDefaultValue switch { null => p.Type.IsValueType ? "default" : "null", bool b => b ? "true" : "false", var v => Convert.ToString(v, System.Globalization.CultureInfo.InvariantCulture) } : null,
            p.RefKind == RefKind.Out ? "out" : method is { IsExtensionMethod: true } && i == 0 ? "this" : "")).ToList();
        var kind = s switch
        {
            INamedTypeSymbol t => t.TypeKind switch { TypeKind.Enum => ApiKind.Enum, TypeKind.Struct => ApiKind.Struct, TypeKind.Interface => ApiKind.Interface, _ => ApiKind.Class },
            IMethodSymbol { MethodKind: MethodKind.Constructor } => ApiKind.Constructor,
            IMethodSymbol { MethodKind: MethodKind.UserDefinedOperator } => ApiKind.Operator,
            IMethodSymbol { IsExtensionMethod: true } => ApiKind.ExtensionMethod,
            IMethodSymbol => ApiKind.Method,
            IPropertySymbol { IsIndexer: true } => ApiKind.Indexer,
            IPropertySymbol => ApiKind.Property,
            IEventSymbol => ApiKind.Event,
            _ => s.ContainingType.TypeKind == TypeKind.Enum ? ApiKind.EnumMember : ApiKind.Field,
        };
        var returns = s switch { IMethodSymbol { MethodKind: MethodKind.Constructor } => "", IMethodSymbol m => m.ReturnType.ToDisplayString(Short), IPropertySymbol p => p.Type.ToDisplayString(Short), IFieldSymbol f => f.Type.ToDisplayString(Short), IEventSymbol e => e.Type.ToDisplayString(Short), _ => "" };
        var declaration = s.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax();
        var signature = declaration switch
        {
            Microsoft.CodeAnalysis.CSharp.Syntax.PropertyDeclarationSyntax p => $"{p.Modifiers} {p.Type} {p.Identifier} {(p.ExpressionBody is null ? p.AccessorList!.ToString() : "{ get; }")}",
            Microsoft.CodeAnalysis.CSharp.Syntax.IndexerDeclarationSyntax p => $"{p.Modifiers} {p.Type} this{p.ParameterList} {{ get; }}",
            Microsoft.CodeAnalysis.CSharp.Syntax.MethodDeclarationSyntax m => $"{m.Modifiers} {m.ReturnType} {m.Identifier}{m.TypeParameterList}{m.ParameterList} {m.ConstraintClauses}".Trim(),
            Microsoft.CodeAnalysis.CSharp.Syntax.TypeDeclarationSyntax t => $"{t.Modifiers} {t.Keyword} {t.Identifier}{t.TypeParameterList} {t.BaseList} {t.ConstraintClauses}".Trim(),
            Microsoft.CodeAnalysis.CSharp.Syntax.VariableDeclaratorSyntax { Parent.Parent: Microsoft.CodeAnalysis.CSharp.Syntax.FieldDeclarationSyntax f } => f.ToString(),
            _ => s.ToDisplayString(Short),
        };
        return new ApiSymbol(s.GetDocumentationCommentId()!, kind, s is IMethodSymbol { MethodKind: MethodKind.Constructor } ? s.ContainingType.Name : s.Name, s.ContainingNamespace.ToDisplayString(),
            s is INamedTypeSymbol ? null : s.ContainingType.ToDisplayString(Short), signature, returns, s.IsStatic, parameters, Text(xml.Element("summary")), Text(xml.Element("returns")), null,
            [.. xml.Elements("exception").Select(e => new ApiException(((string)e.Attribute("cref")!).Split('.')[^1], Text(e)!))], [],
            s.GetAttributes().FirstOrDefault(a => a.AttributeClass?.Name == "ObsoleteAttribute")?.ConstructorArguments.FirstOrDefault().Value as string);
    }
}
