using System.Xml;
using System.Xml.Linq;
using System.Xml.XPath;

namespace DocTuneLab.Library;

/// <summary>
/// Puts parts of other XML files where documentation comments include them (<c>&lt;include file="docs.xml" path="docs/tank/*"/&gt;</c>), as
/// the compiler does. Files are read from one folder and below it only.
/// </summary>
/// <param name="root">Full path of that folder.</param>
internal sealed class XmlIncludes(string root)
{
    private readonly Dictionary<string, XDocument> _files = new(StringComparer.Ordinal);
    private readonly string _root = Real(Path.GetFullPath(root));

    /// <summary>A copy of a comment with what it includes; the comment itself where it includes nothing.</summary>
    /// <param name="comment">The <c>member</c> element.</param>
    /// <param name="file">The file that it stands in; included files are named relative to it.</param>
    /// <param name="line">One-based line in it of an <c>include</c> element.</param>
    /// <exception cref="LabException">An include names no file, no part of it or itself, leads out of the folder, or the file
    /// is not XML.</exception>
    public XElement Expand(XElement comment, string file, Func<XElement, int> line) =>
        comment.Descendants("include").Any()
            ? new(comment.Name, comment.Attributes(), comment.Nodes().SelectMany(n => Copy(n, file, line, [])))
            : comment;

    private IEnumerable<XNode> Copy(XNode node, string file, Func<XElement, int> line, List<(string File, string Path)> open)
    {
        if (node is not XElement element) return [node];
        if (element.Name != "include")
            return [new XElement(element.Name, element.Attributes(), element.Nodes().SelectMany(n => Copy(n, file, line, open)))];
        var place = $"{file}:{line(element)}";
        if (((string?)element.Attribute("file"))?.Trim() is not { Length: > 0 } target
            || ((string?)element.Attribute("path"))?.Trim() is not { Length: > 0 } path)
            throw new LabException(
                $"{place}: <include> without 'file' or 'path'. Expected <include file=\"docs.xml\" path=\"docs/member[@name='x']/*\"/>.");
        var full = Real(Path.GetFullPath(target.Replace('\\', '/'), Path.GetDirectoryName(Path.GetFullPath(file))!));
        if (!full.StartsWith(Path.TrimEndingDirectorySeparator(_root) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new LabException($"{place}: <include> of '{target}' leads out of {_root}; not read. Move the file below that folder.");
        if (open.Contains((full, path)))
            throw new LabException($"{place}: <include> of '{path}' in '{target}' includes itself. Take one of the includes out.");
        return [.. Parts(full, target, path, place).SelectMany(e => Copy(e, full, LineOf, [.. open, (full, path)]))];
    }

    private List<XElement> Parts(string full, string target, string path, string place)
    {
        if (!File.Exists(full))
            throw new LabException($"{place}: <include> of '{target}': no such file ({full}). Correct the path, which is relative to the "
                + "file that it stands in.");
        try
        {
            if (!_files.TryGetValue(full, out var document))
            {
                using var reader = XmlReader.Create(full, XmlDocs.Settings);
                _files[full] = document = XDocument.Load(reader, LoadOptions.PreserveWhitespace | LoadOptions.SetLineInfo);
            }
            var parts = document.XPathSelectElements(path).ToList();
            return parts.Count > 0
                ? parts
                : throw new LabException(
                    $"{place}: <include> of '{path}' in '{target}': nothing is there. Expected an XPath that leads to elements.");
        }
        catch (Exception e) when (e is XPathException or InvalidOperationException)
        {
            throw new LabException($"{place}: <include> of '{path}' in '{target}': not an XPath to elements ({e.Message}). "
                + "Expected one such as docs/member[@name='x']/*.", e);
        }
        catch (XmlException e)
        {
            throw new LabException($"{full}:{Math.Max(1, e.LineNumber)}: not well-formed XML ({e.Message}); included by {place}.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{place}: <include> of '{target}': cannot be read ({e.Message}).", e);
        }
    }

    /// <summary>Line of an element that was loaded with line numbers.</summary>
    public static int LineOf(XElement element) => ((IXmlLineInfo)element).LineNumber;

    // A link in the folder may lead out of it too.
    private static string Real(string path)
    {
        try
        {
            for (var at = path; at is not null; at = Path.GetDirectoryName(at))
                if (new FileInfo(at) is { LinkTarget: not null } link && link.ResolveLinkTarget(returnFinalTarget: true) is { } target)
                    return Path.GetFullPath(target.FullName + path[at.Length..]);
        }
        catch (IOException)
        {
            // Links in a circle: opening the file says so.
        }
        return path;
    }
}
