using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>A small judge for these tests, until the one of the core is there.</summary>
internal static class StandInJudge
{
    public static Verdict Judge(string source)
    {
        var tree = CSharpSyntaxTree.ParseText(source);
        var c = CSharpCompilation.Create("x", [tree], TinyLibrary.References, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        var r = c.Emit(Stream.Null);
        var m = c.GetSemanticModel(tree);
        List<SymbolUse> uses = [];
        foreach (var n in tree.GetRoot().DescendantNodes())
        {
            ISymbol? s = null; var kind = SymbolUseKind.Resolved; string name;
            if (n is SimpleNameSyntax sn)
            {
                var i = m.GetSymbolInfo(sn);
                name = sn.Identifier.Text;
                s = i.Symbol ?? i.CandidateSymbols.FirstOrDefault();
                kind = i.Symbol is not null ? SymbolUseKind.Resolved : s is not null ? SymbolUseKind.Misuse
                    : sn.Parent is MemberAccessExpressionSyntax ma && ma.Name == sn && m.GetTypeInfo(ma.Expression).Type is null or IErrorTypeSymbol ? SymbolUseKind.Cascade : SymbolUseKind.Missing;
                if (s is null && name == "var") continue;
            }
            else if (n is ObjectCreationExpressionSyntax o)
            {
                var i = m.GetSymbolInfo(o);
                s = i.Symbol ?? i.CandidateSymbols.FirstOrDefault();
                name = ".ctor";
                kind = i.Symbol is not null ? SymbolUseKind.Resolved : SymbolUseKind.Misuse;
            }
            else continue;
            var lib = s is null ? n.Parent is MemberAccessExpressionSyntax p && m.GetTypeInfo(p.Expression).Type?.ContainingAssembly?.Name == "Brine" : s.ContainingAssembly?.Name == "Brine";
            uses.Add(new(name, kind, s?.OriginalDefinition.GetDocumentationCommentId(), lib, n.GetLocation().GetLineSpan().StartLinePosition.Line + 1, null));
        }
        return new(true, r.Success, [.. r.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => new CodeDiagnostic(d.Id, d.GetMessage(), d.Location.GetLineSpan().StartLinePosition.Line + 1))], uses);
    }
}
