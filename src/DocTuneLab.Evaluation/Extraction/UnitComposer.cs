using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;
using static DocTuneLab.Evaluation.Extraction.Declarations;

namespace DocTuneLab.Evaluation.Extraction;

/// <summary>Writes the unit of one answer.</summary>
internal sealed class UnitComposer
{
    /// <summary>Where the answer's types stand, so that tests never meet one of a name that they use.</summary>
    public const string Space = "Submitted";

    private const string Members = "__Answer";
    private const string Forwarder = "__Asked";

    private readonly AskedMethod _asked;
    private readonly AnswerCode _answer;
    private readonly CompilationUnitSyntax _context;
    private readonly string _signature;
    private readonly HashSet<string> _known;
    private readonly HashSet<string> _roots;
    private readonly List<string> _inForce;
    private readonly List<UsingDirectiveSyntax> _usings;
    private readonly HashSet<string> _declared;
    private readonly UnitWriter _writer;

    /// <summary>Reads the code of an answer.</summary>
    public UnitComposer(CodeTask task, string code)
    {
        _asked = AskedMethod.Of(task.Signature);
        _signature = task.Signature.TrimEnd().TrimEnd(';', '{').TrimEnd();
        _context = AnswerCode.Parse(task.Context.ReplaceLineEndings("\n"));
        _inForce = [.. CSharpJudge.ImplicitUsings.Concat(task.Usings).Select(u => $"using {u};").Concat(_context.Usings.Select(Text))
            .Distinct(StringComparer.Ordinal)];
        _known = _inForce.ToHashSet(StringComparer.Ordinal);
        // An answer may add to a namespace that exists; a copy of it elsewhere would hide what it has.
        _roots = CSharpJudge.ImplicitUsings.Concat(task.Usings).Select(u => u.Split('.')[0]).ToHashSet(StringComparer.Ordinal);

        var read = AnswerCode.Read(code, _asked.Parameters);
        var given = Types(_context.Members).Select(t => t.Identifier.Text).ToHashSet(StringComparer.Ordinal);
        var copies = Types(read.Items).Where(t => given.Contains(t.Identifier.Text)).ToList();
        var repeated = read.Items.OfType<BaseNamespaceDeclarationSyntax>().SelectMany(n => n.DescendantNodesAndSelf())
            .OfType<BaseNamespaceDeclarationSyntax>().SelectMany(n => n.Usings).Where(u => _known.Contains(Text(u)));
        _answer = read.Without(copies.Cast<SyntaxNode>().Concat(repeated)
            .Select(n => new TextSpan(read.At(n.SpanStart), n.Span.Length)));
        Items = [.. read.Items.Where(i => !copies.Contains(i))];
        _usings = [.. _answer.Usings.Where(u => !_known.Contains(Text(u)))];
        _declared = Items.Select(RootName).OfType<string>().ToHashSet(StringComparer.Ordinal);
        _writer = new(_answer.Text);
    }

    private List<MemberDeclarationSyntax> Items { get; }

    /// <summary>The unit.</summary>
    public SolutionUnit Compose()
    {
        var target = _answer.Shape is AnswerShape.Broken or AnswerShape.Expression ? null : _asked.Find(_answer.Root);
        var form = _answer.Shape == AnswerShape.Expression ? CodeForm.Expression
            : _answer.Shape == AnswerShape.Broken ? Types(Items).Any() ? CodeForm.File : CodeForm.Statements
            : target is not null || Items.All(i => i is not GlobalStatementSyntax || IsFunction(i)) ? CodeForm.Members
            : CodeForm.Statements;
        // What stands alone needs no namespace.
        var alone = form is CodeForm.Statements or CodeForm.Expression or CodeForm.File
            && (_answer.Shape == AnswerShape.Broken || Items.All(i => i is GlobalStatementSyntax));

        WriteUsings(alone);
        if (form == CodeForm.File)
        {
            _writer.Answer(_answer.Span.Start, _answer.Span.End);
            return Unit(CodeForm.Members);
        }
        string? call = null;
        if (!alone) call = WriteDeclarations(target, form);
        _writer.Add("public static class Solution\n{");
        if (call is not null) _writer.Add($"{_asked.Forwarding} => {call};", target is null ? 0 : _answer.LineOf(target));
        else WriteBody(form);
        _writer.Add("}");
        return Unit(form);
    }

    private SolutionUnit Unit(CodeForm form)
    {
        var parses = !AnswerCode.HasErrors(AnswerCode.Parse(_writer.Source));
        if (_answer.Shape == AnswerShape.Broken && parses)
        {
            // It closes a brace that it did not open, and is whole only together with what stands around it.
            _writer.Add("#error The answer is not whole: it closes what it did not open.");
            parses = false;
        }
        return new(_writer.Source, form, parses, _usings.Count, _writer.Lines);
    }

    private void WriteUsings(bool alone)
    {
        foreach (var node in _answer.Globals.OfType<ExternAliasDirectiveSyntax>()) WriteHeader(node);
        foreach (var u in _usings.Where(u => !IsOwn(u))) WriteHeader(u);
        _writer.Add(_inForce);
        if (!alone && Items.Any(IsOutside) && Items.Any(i => i is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax))
            _writer.Add($"using {Space};");
        foreach (var node in _answer.Globals.OfType<AttributeListSyntax>()) WriteHeader(node);
        _writer.Add(string.Concat(_context.Members.Select(m => m.ToFullString())));
    }

    private void WriteBody(CodeForm form)
    {
        _writer.Add(_signature);
        _writer.Add(form == CodeForm.Expression ? "=>" : "{");
        _writer.Answer(_answer.Span.Start, _answer.Span.End);
        _writer.Add(form == CodeForm.Expression ? ";" : "}");
    }

    /// <summary>Writes what the answer declares; returns the call of its method.</summary>
    private string WriteDeclarations(SyntaxNode? target, CodeForm form)
    {
        var members = Items.Where(IsMember).ToList();
        var names = members.SelectMany(Declared).ToHashSet(StringComparer.Ordinal);
        var inner = Items.Where(i => i is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax && IsNested(i, names)).ToList();
        var chain = target?.Ancestors().OfType<TypeDeclarationSyntax>().Where(t => t is not ExtensionBlockDeclarationSyntax)
            .Where(t => _answer.At(t.SpanStart) >= 0).ToList() ?? [];

        _writer.Add($"namespace {Space}\n{{");
        foreach (var u in _usings.Where(IsOwn)) WriteHeader(u);
        foreach (var item in Items.Where(i => i is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax && !inner.Contains(i)
            || (i is BaseNamespaceDeclarationSyntax && !IsOutside(i))))
            WriteDeclaration(item, target, chain);
        WriteMembers(form, target, chain, [.. members.Concat(inner).OrderBy(m => m.SpanStart)]);
        _writer.Add("}");
        foreach (var item in Items.Where(IsOutside)) WriteDeclaration(item, target, chain);

        if (form == CodeForm.Statements) return _asked.Call($"global::{Space}.{Members}.{_asked.Name}");
        if (chain.Count == 0 || inner.Contains(chain[^1])) return _asked.Call($"global::{Space}.{Members}.{Forwarder}");
        var spaces = chain[^1].Ancestors().OfType<BaseNamespaceDeclarationSyntax>().Reverse().Select(n => n.Name.ToString()).ToList();
        if (spaces.Count == 0 || !_roots.Contains(spaces[0].Split('.')[0])) spaces.Insert(0, Space);
        return _asked.Call($"global::{string.Join('.', spaces)}.{NameWith(chain[^1])}.{Forwarder}");
    }

    /// <summary>What stands outside types, as members of a class; and statements, as its method.</summary>
    private void WriteMembers(CodeForm form, SyntaxNode? target, List<TypeDeclarationSyntax> chain, List<MemberDeclarationSyntax> members)
    {
        var statements = Items.OfType<GlobalStatementSyntax>().Where(s => !members.Contains(s)).ToList();
        var kept = form == CodeForm.Statements ? [] : Captured(statements, members, target);
        var ofInstance = kept.Count == 0 && members.Any(IsOfInstance);
        _writer.Add($"internal {(ofInstance ? "sealed" : "static")} partial class {Members}\n{{");
        if (kept.Count > 0)
        {
            // Functions that use variables beside them are whole only together with those.
            foreach (var type in members.Where(m => m is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax))
                WriteDeclaration(type, target, chain);
            _writer.Add(_asked.Header("internal static", Forwarder) + "\n{");
            foreach (var item in kept.Concat(members.Where(IsFunction)).OrderBy(m => m.SpanStart)) WriteLocal(item);
            var call = _asked.Call(_asked.Name, target is not null && _asked.IsAsGeneric(target));
            _writer.Add($"{(_asked.ReturnsNothing ? "" : "return ")}{call};\n}}", target is null ? 0 : _answer.LineOf(target));
        }
        else
        {
            foreach (var member in members)
                if (IsFunction(member) && !ofInstance) WriteStatic(member);
                else WriteDeclaration(member, target, chain);
            if (form == CodeForm.Statements)
            {
                _writer.Add(_asked.Header(_asked.IsAsync ? "internal static async" : "internal static", _asked.Name) + "\n{");
                foreach (var statement in statements) WriteWhole(statement);
                _writer.Add("}");
            }
            else if (chain.Count == 0 || members.Contains(chain[^1]))
            {
                var isStatic = !ofInstance || target is null || Modifiers(target).Any(SyntaxKind.StaticKeyword);
                var name = chain.Count > 0 ? $"{NameWith(chain[^1])}.{Forwarder}"
                    : isStatic ? $"{Members}.{_asked.Name}" : $"new {Members}().{_asked.Name}";
                _writer.Add($"{_asked.Header("internal static", Forwarder)} => "
                    + $"{_asked.Call(name, chain.Count > 0 || target is null || _asked.IsAsGeneric(target))};",
                    target is null ? 0 : _answer.LineOf(target));
            }
        }
        _writer.Add("}");
    }

    /// <summary>Statements that declare what a function beside them uses; the others only show its use.</summary>
    private static List<GlobalStatementSyntax> Captured(
        List<GlobalStatementSyntax> statements, List<MemberDeclarationSyntax> members, SyntaxNode? target)
    {
        var variables = statements.Where(s => s.Statement is LocalDeclarationStatementSyntax).ToList();
        var kept = variables.Where(v => target is VariableDeclaratorSyntax && v.Span.Contains(target.Span)).ToList();
        var used = members.Where(IsFunction).Concat(kept).SelectMany(OuterWords).ToHashSet(StringComparer.Ordinal);
        for (var more = true; more;)
        {
            more = false;
            foreach (var variable in variables.Except(kept).Where(v => Declared(v).Any(used.Contains)).ToList())
            {
                kept.Add(variable);
                used.UnionWith(OuterWords(variable));
                more = true;
            }
        }
        return kept;
    }

    /// <summary>A type, a namespace or a member as it stands; where it holds the asked method, with a method that forwards to it.</summary>
    private void WriteDeclaration(MemberDeclarationSyntax item, SyntaxNode? target, List<TypeDeclarationSyntax> chain)
    {
        List<(int At, Action Write, int Skip)> edits = [];
        if (item is FileScopedNamespaceDeclarationSyntax file)
            edits.Add((_answer.At(file.SemicolonToken.SpanStart), () => _writer.Append(" {"), 1));
        for (var i = 0; i < chain.Count; i++)
        {
            var (type, call) = (chain[i], i == 0 ? OfHolder(chain[0], target!) : _asked.Call($"{NameWith(chain[i - 1])}.{Forwarder}"));
            if (item.FullSpan.Contains(type.Span))
                edits.Add((_answer.At(type.CloseBraceToken.SpanStart),
                    () => _writer.Add($"{_asked.Header("internal static", Forwarder)} => {call};", _answer.LineOf(target!)), 0));
        }
        var at = _answer.At(item.FullSpan.Start);
        foreach (var edit in edits.OrderBy(e => e.At))
        {
            _writer.Answer(at, edit.At);
            edit.Write();
            at = edit.At + edit.Skip;
        }
        _writer.Answer(at, _answer.At(item.FullSpan.End));
        if (item is FileScopedNamespaceDeclarationSyntax) _writer.Add("}");
    }

    private string OfHolder(TypeDeclarationSyntax holder, SyntaxNode target)
    {
        var own = holder.Identifier.Text + (holder.TypeParameterList is { } p
            ? $"<{string.Join(", ", p.Parameters.Select(x => x.Identifier.Text))}>" : "");
        var isStatic = Modifiers(target).Any(SyntaxKind.StaticKeyword) || Modifiers(target).Any(SyntaxKind.ConstKeyword)
            || target.Parent is ExtensionBlockDeclarationSyntax;
        var instance = target is MethodDeclarationSyntax { ExplicitInterfaceSpecifier.Name: { } face }
            ? $"(({face})new {own}())" : $"new {own}()";
        return _asked.Call($"{(isStatic ? own : instance)}.{_asked.Name}", _asked.IsAsGeneric(target));
    }

    /// <summary>A function from outside a class is nobody's instance.</summary>
    private void WriteStatic(MemberDeclarationSyntax function)
    {
        if (Modifiers(Inside(function)).Any(SyntaxKind.StaticKeyword))
        {
            WriteWhole(function);
            return;
        }
        var first = Modifiers(Inside(function)) is [var modifier, ..] ? modifier.SpanStart : ReturnType(function).SpanStart;
        _writer.Answer(_answer.At(function.FullSpan.Start), _answer.At(first));
        _writer.Add("static");
        _writer.Answer(_answer.At(first), _answer.At(function.FullSpan.End));
    }

    /// <summary>Within a method nobody says who sees a function.</summary>
    private void WriteLocal(MemberDeclarationSyntax item)
    {
        var at = _answer.At(item.FullSpan.Start);
        foreach (var modifier in Modifiers(Inside(item)).Where(AnswerCode.IsAccess))
        {
            _writer.Answer(at, _answer.At(modifier.SpanStart));
            at = _answer.At(modifier.Span.End);
        }
        _writer.Answer(at, _answer.At(item.FullSpan.End));
    }

    private void WriteWhole(SyntaxNode node) => _writer.Answer(_answer.At(node.FullSpan.Start), _answer.At(node.FullSpan.End));

    private void WriteHeader(SyntaxNode node)
    {
        // The unit is one file, so nothing is global.
        var text = node is UsingDirectiveSyntax { GlobalKeyword.RawKind: not (int)SyntaxKind.None } u
            ? u.WithGlobalKeyword(default).ToString().TrimStart() : node.ToString();
        _writer.Answer(text, 1 + _answer.Text.AsSpan(0, Math.Min(node.SpanStart, _answer.Text.Length)).Count('\n'));
    }

    private bool IsOwn(UsingDirectiveSyntax directive) => _declared.Contains(directive.NamespaceOrType.ToString().Split('.', '<')[0]);

    private bool IsOutside(MemberDeclarationSyntax item) =>
        item is BaseNamespaceDeclarationSyntax space && _roots.Contains(space.Name.ToString().Split('.')[0]);

    private static string Text(UsingDirectiveSyntax directive) =>
        directive.WithoutTrivia().WithGlobalKeyword(default).NormalizeWhitespace().ToString();
}
