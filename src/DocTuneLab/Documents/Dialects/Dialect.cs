using DocTuneLab.Documents.Model;
using Markdig;
using Markdig.Syntax;
using SourceSpan = DocTuneLab.Documents.Model.SourceSpan;

namespace DocTuneLab.Documents.Dialects;

/// <summary>A part of a page that a dialect has a name for.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">See <see cref="PageElement.Name"/>.</param>
public readonly record struct NamedElement(ElementKind Kind, string Name);

/// <summary>
/// A way of writing documentation beyond CommonMark: how a site of it is recognised, what its pages have in syntax, elements, links and
/// includes. Pages travel between sites, so every page is read with all dialects; a site is of one. A new dialect is one folder with a
/// class like this, and one line where dialects are listed.
/// </summary>
/// <remarks>Methods are called from several threads at once and keep no state.</remarks>
public abstract class Dialect
{
    /// <summary>Name of its sites, as <see cref="DocsSite.Kind"/> has it.</summary>
    public abstract string Name { get; }

    /// <summary>File that a site of it is configured by, as messages name it; empty where it has no sites of its own.
    /// Default empty.</summary>
    public virtual string ConfigurationFile => "";

    /// <summary>Whether a file is a site's configuration. Default by <see cref="ConfigurationFile"/>.</summary>
    public virtual bool IsConfiguration(string fileName) => ConfigurationFile.Length > 0 && fileName == ConfigurationFile;

    /// <summary>The site whose configuration lies in a folder; null where there is none. Nothing in it is run.</summary>
    /// <param name="folder">Full path.</param>
    /// <param name="problems">Takes what is wrong with the configuration, which is then read as far as it goes.</param>
    public virtual DocsSite? ReadSite(string folder, ICollection<DocumentProblem> problems) => null;

    /// <summary>Adds syntax to the parser, in the manner of Markdig's extensions.</summary>
    public virtual void Setup(MarkdownPipelineBuilder pipeline) { }

    /// <summary>Types of blocks that <see cref="ElementOf"/> is asked about, with those derived from them. Default all: a dialect that
    /// names few spares the time for every paragraph of a page.</summary>
    public virtual IReadOnlyList<Type> NamedBlocks { get; } = [typeof(Block)];

    /// <summary>What a block is in this dialect; null where it has no name for it.
    /// A named heading is no heading of its page's sections.</summary>
    /// <param name="block">The block, with its place in <paramref name="text"/>.</param>
    /// <param name="text">The whole page.</param>
    public virtual NamedElement? ElementOf(Block block, string text) => null;

    /// <summary>A link as this dialect reads it; null where it is an ordinary one, or none.</summary>
    /// <param name="url">The target as written.</param>
    /// <param name="span">Where the link stands.</param>
    /// <param name="text">The whole page.</param>
    public virtual PageLink? LinkOf(string url, SourceSpan span, string text) => null;

    /// <summary>Whether what looks like a link is only a mark of this dialect's syntax, and leads nowhere.</summary>
    public virtual bool IsMark(string url) => false;

    /// <summary>Includes that are replaced before Markdown is read, and so may stand anywhere, in code too.</summary>
    public virtual IEnumerable<PageLink> IncludesOf(string text) => [];
}
