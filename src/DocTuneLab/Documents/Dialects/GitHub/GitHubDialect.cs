using DocTuneLab.Documents.Model;
using Markdig;
using Markdig.Extensions.Alerts;
using Markdig.Syntax;

namespace DocTuneLab.Documents.Dialects.GitHub;

/// <summary>GitHub's alerts, which DocFX has too: <c>&gt; [!NOTE]</c>.</summary>
internal sealed class GitHubDialect : Dialect
{
    /// <inheritdoc/>
    public override string Name => "GitHub";

    /// <inheritdoc/>
    public override void Setup(MarkdownPipelineBuilder pipeline) => pipeline.UseAlertBlocks();

    /// <inheritdoc/>
    public override IReadOnlyList<Type> NamedBlocks { get; } = [typeof(AlertBlock)];

    /// <inheritdoc/>
    public override NamedElement? ElementOf(Block block, string text) =>
        block is AlertBlock alert ? new(ElementKind.Admonition, alert.Kind.ToString().ToLowerInvariant()) : null;
}
