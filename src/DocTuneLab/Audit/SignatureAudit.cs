using System.Text.RegularExpressions;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Audit;

/// <summary>Compares what pages write of members outside of code that runs:
/// signatures, <c>Type.Member</c> in code spans, member tables, uids.</summary>
internal sealed partial class SignatureAudit(CSharpJudge judge, ApiModel api)
{
    private readonly ILookup<string, ApiSymbol> _types = api.Types.ToLookup(t => t.Name, StringComparer.Ordinal);
    private readonly Dictionary<string, bool> _bound = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private static readonly HashSet<string> s_kinds = new(
        [
            "class", "struct", "interface", "enum", "enumeration", "record", "delegate", "type", "object", "reference", "api", "members",
            "methods", "properties"
        ],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a block holds declarations without bodies and nothing else: the syntax part of an API page.</summary>
    public bool IsSignature(string code) =>
        Declarations(code) is { Count: > 0 } declarations
            && declarations.All(d => d is BaseMethodDeclarationSyntax { Body: null, ExpressionBody: null } m
                && !m.Modifiers.Any(k => k.IsKind(SyntaxKind.PartialKeyword))
                || IsHeader(d));

    /// <summary>Findings for a signature block.</summary>
    public IEnumerable<AuditFinding> AuditBlock(string code, AuditPage page, Func<int, int> lineOf)
    {
        foreach (var method in Declarations(code).OfType<BaseMethodDeclarationSyntax>())
        {
            var name = method is MethodDeclarationSyntax m
                ? m.Identifier.ValueText : method is ConstructorDeclarationSyntax c ? c.Identifier.ValueText : "";
            var written = method.ParameterList.Parameters.Select(p => Normal(p.Type?.ToString() ?? "")).ToList();
            var line = lineOf(1 + code.AsSpan(0, Math.Clamp(method.SpanStart - Wrapping.Length, 0, code.Length)).Count('\n'));
            if (Check(PageType(page), name, written, page, line) is { } finding) yield return finding;
        }
    }

    /// <summary>Findings in the prose of a page.</summary>
    public IEnumerable<AuditFinding> AuditProse(AuditPage page)
    {
        if (page.IsHistory) yield break;
        var text = page.Document.Text;
        var blocks = page.Document.CodeBlocks.Select(b => b.Span).ToList();
        foreach (Match span in CodeSpan().Matches(text))
        {
            if (blocks.Any(b => b.Start <= span.Index && span.Index < b.End)
                || Mention().Match(span.Groups[1].Value.Trim()) is not { Success: true } mention)
                continue;
            var (typeName, member) = (mention.Groups["type"].Value, mention.Groups["member"].Value);
            var types = _types[typeName].ToList();
            if (types.Count == 0
                || (mention.Groups["space"].Value.TrimEnd('.') is { Length: > 0 } space
                    && !types.Any(t => t.Namespace.EndsWith(space, StringComparison.Ordinal))))
                continue;
            var arguments = mention.Groups["arguments"];
            if (AuditMember(types, member, arguments.Success ? arguments.Value : null, page, span.Index) is { } finding)
                yield return finding;
        }
        foreach (var finding in AuditTables(page)) yield return finding;
        foreach (Match match in Xref().Matches(text))
        {
            var uid = Uri.UnescapeDataString(match.Groups[1].Value).TrimEnd('*');
            if (!api.Namespaces.Any(n => uid.StartsWith(n + ".", StringComparison.Ordinal)) || api.Namespaces.Contains(uid)) continue;
            if (api.Symbols.Any(s =>
                s.Id.AsSpan(2).StartsWith(uid) && (s.Id.Length == uid.Length + 2 || s.Id[uid.Length + 2] is '(' or '`')))
                continue;
            if (AuditPage.SpeaksOfTheEnd(page.ParagraphAround(match.Index))) continue;
            var name = uid.Split('(')[0];
            yield return new(AuditRule.Gone, AuditSeverity.Error, page.File, page.LineOf(match.Index),
                $"uid '{uid}' does not exist in the library", api.FindNearest(name[(name.LastIndexOf('.') + 1)..])?.Id[2..]);
        }
    }

    private AuditFinding? AuditMember(List<ApiSymbol> types, string member, string? arguments, AuditPage page, int position)
    {
        var line = page.LineOf(position);
        var overloads = types.SelectMany(t => api.MembersOf(t.Id, inherited: true)).Where(m => m.Name == member).ToList();
        // Written as it is called: on the type that it extends.
        if (overloads.Count == 0) overloads = [.. api.FindByName(member).Where(m => m.Kind == ApiKind.ExtensionMethod)];
        if (overloads.Count == 0)
        {
            if (types.Any(t => api.Types.Any(n => n.Name == member && n.Id.StartsWith(t.Id + ".", StringComparison.Ordinal)))
                || Binds(types, member)
                || AuditPage.SpeaksOfTheEnd(page.ParagraphAround(position)))
                return null;
            var near = types.Select(t => api.FindNearest(member, t.Id)).FirstOrDefault(n => n is not null);
            return new(AuditRule.Gone, AuditSeverity.Error, page.File, line, $"{types[0].Name} has no member '{member}'", near?.Signature,
                near?.Id);
        }
        return string.IsNullOrWhiteSpace(arguments)
            || Elision().IsMatch(arguments)
            || overloads.All(o => o.Kind is not (ApiKind.Method or ApiKind.ExtensionMethod or ApiKind.Constructor))
            ? null
            : CheckArguments(overloads, Split(arguments), page, line);
    }

    // Values, as in SetOpening(50), must fit in number; declarations, as in SetOpening(int percent), in type as well.
    private static AuditFinding? CheckArguments(List<ApiSymbol> overloads, List<string> arguments, AuditPage page, int line)
    {
        var declared = arguments.All(a => Declared().IsMatch(a));
        // Of an extension method the receiver may be written out or not.
        var fits = overloads
            .SelectMany(o => o.Kind == ApiKind.ExtensionMethod ? new[] { o.Parameters, [.. o.Parameters.Skip(1)] } : [o.Parameters])
            .Any(parameters =>
        {
            if (!declared)
                return arguments.Count >= parameters.Count(p => p.DefaultValue is null && p.Modifier != "params")
                    && (arguments.Count <= parameters.Count || parameters.Any(p => p.Modifier == "params"));
            return Same(parameters.Select(p => Normal(p.Type)), arguments.Select(a => Normal(Declared().Match(a).Groups[1].Value)));
        });
        return fits ? null
            : new(AuditRule.Signature, AuditSeverity.Error, page.File, line,
                $"no overload of {overloads[0].DisplayName} takes ({string.Join(", ", arguments)})",
                string.Join(" | ", overloads.Take(3).Select(o => o.Signature)), overloads[0].Id);
    }

    /// <summary>Member tables of a page about one type: the first cell names a member, with its parameters or without.</summary>
    private IEnumerable<AuditFinding> AuditTables(AuditPage page)
    {
        if (PageType(page) is not { } type) yield break;
        var position = 0;
        var inTable = false;
        foreach (var line in page.Document.Text.Split('\n'))
        {
            if (!line.TrimStart().StartsWith('|')) inTable = false;
            else if (MemberHeader().IsMatch(line)) inTable = true;
            else if (inTable && FirstCell().Match(line) is { Success: true } cell)
            {
                var member = cell.Groups["member"].Value;
                var arguments = cell.Groups["arguments"].Success ? cell.Groups["arguments"].Value : null;
                var constructor = member == type.Name;
                if (constructor ? arguments is { Length: > 0 } : true)
                    if (AuditMember([type], member, arguments, page, position) is { } finding) yield return finding;
            }
            position += line.Length + 1;
        }
    }

    private AuditFinding? Check(ApiSymbol? pageType, string name, List<string> written, AuditPage page, int line)
    {
        var overloads = (pageType is null
            ? api.FindByName(name)
            : api.MembersOf(pageType.Id, inherited: true).Where(m => m.Name == name).ToList())
            .Where(m => m.Kind is ApiKind.Method or ApiKind.ExtensionMethod or ApiKind.Constructor).ToList();
        if (overloads.Count == 0 && pageType is not null && !page.IsHistory)
        {
            var near = api.FindNearest(name, pageType.Id);
            return Binds([pageType], name) ? null : new(AuditRule.Gone, AuditSeverity.Error, page.File, line,
                $"{pageType.Name} has no member '{name}'", near?.Signature, near?.Id);
        }
        return overloads.Count == 0 || page.IsHistory || overloads.Any(o => Same(o.Parameters.Select(p => Normal(p.Type)), written)) ? null
            : new(AuditRule.Signature, AuditSeverity.Error, page.File, line,
                $"no overload of {overloads[0].DisplayName} takes ({string.Join(", ", written)})",
                string.Join(" | ", overloads.Take(3).Select(o => o.Signature)), overloads[0].Id);
    }

    /// <summary>The type that a page is about: its front matter says so, or its title is the type's name, alone or as in "Tank class".
    /// "Tank parsers" are about something else.</summary>
    private ApiSymbol? PageType(AuditPage page)
    {
        var title = page.Document.Title.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var name = page.Document.FrontMatter.TryGetValue("type", out var given)
            ? given : title.Length == 1 || (title.Length > 1 && s_kinds.Contains(title[1].TrimEnd(':', ',', '.'))) ? title[0] : "";
        var simple = name.Split('<', '(')[0];
        var types = _types[simple[(simple.LastIndexOf('.') + 1)..]].ToList();
        return types.Count == 1 ? types[0] : null;
    }

    /// <summary>Members that the model does not list (inherited from the framework, nested types) still bind.</summary>
    private bool Binds(List<ApiSymbol> types, string member)
    {
        foreach (var type in types)
        {
            var arity = type.Id.LastIndexOf('`') is > 0 and var tick && int.TryParse(type.Id[(tick + 1)..], out var n)
                ? $"<{string.Join(", ", Enumerable.Repeat("object", n))}>"
                : "";
            var code = $"nameof({type.Id[2..].Split('`')[0]}{arity}.{member})";
            lock (_gate)
            {
                if (!_bound.TryGetValue(code, out var binds))
                    _bound[code] = binds = judge.Judge(code, CodeForm.Expression, judge.LibraryNamespaces).Compiles;
                if (binds) return true;
            }
        }
        return false;
    }

    private const string Wrapping = "class Page {\n";

    private static List<MemberDeclarationSyntax> Declarations(string code)
    {
        var header = code.TrimEnd();
        if (!header.EndsWith(';') && !header.EndsWith('}') && TypeHeader().IsMatch(header)) return [.. Members(header + " { }")];
        return [.. Members(code)];

        static IReadOnlyList<MemberDeclarationSyntax> Members(string text) =>
            SyntaxFactory.ParseCompilationUnit($"{Wrapping}{NamespaceLine().Replace(text, "")}\n}}",
                options: new(LanguageVersion.Latest)).Members is [ClassDeclarationSyntax { ContainsDiagnostics: false } page]
                ? page.Members
                : [];
    }

    private static bool IsHeader(MemberDeclarationSyntax declaration) =>
        declaration is TypeDeclarationSyntax { Members.Count: 0 } type && type.Modifiers.Any(k => k.IsKind(SyntaxKind.PublicKeyword))
            || declaration is DelegateDeclarationSyntax;

    private static bool Same(IEnumerable<string> a, IEnumerable<string> b) => a.SequenceEqual(b, StringComparer.Ordinal);

    /// <summary>A type without namespaces, blanks and nullability, which pages often leave out.</summary>
    private static string Normal(string type) =>
        Qualifier().Replace(type.Replace("this ", "").Replace("params ", "").Replace("ref ", "").Replace("out ", "").Replace("in ", ""), "")
            .Replace(" ", "")
            .Replace("?", "");

    private static List<string> Split(string arguments)
    {
        var (parts, depth, start) = (new List<string>(), 0, 0);
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] is '<' or '(' or '[' or '{') depth++;
            else if (arguments[i] is '>' or ')' or ']' or '}' && (arguments[i] != '>' || i == 0 || arguments[i - 1] != '=')) depth--;
            else if (arguments[i] == ',' && depth == 0)
            {
                parts.Add(arguments[start..i].Trim());
                start = i + 1;
            }
        }
        parts.Add(arguments[start..].Trim());
        return parts;
    }

    [GeneratedRegex(@"(?<!`)`([^`\n]+)`(?!`)")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"^(?<space>(?:[A-Za-z_]\w*\.)*)(?<type>[A-Z]\w*)(?:<[\w\s,<>]*>)?\.(?<member>[A-Z]\w*)(?:<[\w\s,"
        + @"<>]*>)?(?:\((?<arguments>.*)\))?;?$")]
    private static partial Regex Mention();

    [GeneratedRegex(@"^\s*\|\s*`(?<member>[A-Z]\w*)(?:<[^`|]*>)?(?:\((?<arguments>[^`|]*)\))?`")]
    private static partial Regex FirstCell();

    [GeneratedRegex(@"^\s*\|\s*(Members?|Methods?|Propert(y|ies)|Events?|Constructors?|成员|方法|属性|事件)\s*\|",
        RegexOptions.IgnoreCase)]
    private static partial Regex MemberHeader();

    // A type and a name: 'int percent', 'IReadOnlyList<int> items = null'.
    [GeneratedRegex(@"^((?:(?:this|params|ref|out|in)\s+)?[A-Za-z_][\w.]*(?:<[\w\s,<>.?\[\]]*>)?[?\[\],]*)\s+@?[a-z_]\w*(?:\s*=.*)?$")]
    private static partial Regex Declared();

    [GeneratedRegex(@"\.\.|…|^\s*$")]
    private static partial Regex Elision();

    [GeneratedRegex(@"[A-Za-z_]\w*\.")]
    private static partial Regex Qualifier();

    [GeneratedRegex(@"\b(class|struct|interface|record|enum)\s+\w+")]
    private static partial Regex TypeHeader();

    [GeneratedRegex(@"^\s*namespace\s+[\w.]+\s*;", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"xref:([^\s>?""]+?)(?=\)[\s.,;:]|\)$|[\s>?""]|$)", RegexOptions.Multiline)]
    private static partial Regex Xref();
}
