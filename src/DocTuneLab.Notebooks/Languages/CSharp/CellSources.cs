using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace DocTuneLab.Notebooks.Languages.CSharp;

/// <summary>Files that cells <c>#load</c>, guarded as the cells themselves are: their loops can be stopped, too.</summary>
internal sealed class CellSources(string baseDirectory) : SourceFileResolver([], baseDirectory)
{
    /// <summary>False while errors are collected: columns and texts without our insertions.</summary>
    public bool Guarded { get; set; } = true;

    public override SourceText ReadText(string resolvedPath)
    {
        var text = base.ReadText(resolvedPath);
        return Guarded
            ? SourceText.From(LoopGuard.Apply(CSharpSyntaxTree.ParseText(text, CSharpSession.ParseOptions)), Encoding.UTF8)
            : text;
    }
}
