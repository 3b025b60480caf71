using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library;

/// <summary>
/// A list of statements for <see cref="CodeShapeWriter"/>: bare blocks laid open, declarations one by one, and trivial locals found.
/// Trivial is a local that only gives a variable or a literal another name, or that is used once, in the statement that follows, before
/// anything else there is evaluated: writing its value at that place changes no order.
/// </summary>
internal sealed class ShapeStatements
{
    private readonly HashSet<int> _used = [];
    private readonly Dictionary<string, ExpressionSyntax> _values = new(StringComparer.Ordinal);

    public ShapeStatements(IReadOnlyList<SyntaxNode> statements, bool isWhole)
    {
        Items = [.. statements.SelectMany(Opened)];
        if (isWhole && Items is [.., { Node: ReturnStatementSyntax { Expression: null } }]) Items.RemoveAt(Items.Count - 1);
        if (Items.All(i => i.Local is null)) return;
        var changed = Items.SelectMany(i => Changed(i.Node)).ToHashSet(StringComparer.Ordinal);
        // From the end, so that what a value is moved over is known to have been moved itself.
        for (var i = Items.Count - 1; i >= 0; i--)
        {
            if (Items[i].Local is not { Initializer.Value: { } value } local || changed.Contains(local.Identifier.ValueText)) continue;
            if (value is InitializerExpressionSyntax or RefExpressionSyntax || !(IsName(value, changed) || IsUsedNext(i, local))) continue;
            _used.Add(i);
            _values[local.Identifier.ValueText] = value;
        }
    }

    /// <summary>A statement, or one variable of a declaration.</summary>
    public readonly record struct Item(SyntaxNode Node, VariableDeclaratorSyntax? Local, TypeSyntax? Type);

    public List<Item> Items { get; }

    /// <summary>Whether a declaration is not written, because its value stands where the variable is used.</summary>
    public bool StandsWhereUsed(int index) => _used.Contains(index);

    private static IEnumerable<Item> Opened(SyntaxNode statement) => statement switch
    {
        EmptyStatementSyntax => [],
        BlockSyntax block => block.Statements.SelectMany(Opened),
        LocalDeclarationStatementSyntax { UsingKeyword.RawKind: 0 } declared =>
            declared.Declaration.Variables.Select(v => new Item(v, v, declared.Declaration.Type)),
        _ => [new(statement, null, null)],
    };

    private static bool IsName(ExpressionSyntax value, HashSet<string> changed) => value switch
    {
        LiteralExpressionSyntax => true,
        PrefixUnaryExpressionSyntax { Operand: LiteralExpressionSyntax } => true,
        IdentifierNameSyntax name => !changed.Contains(name.Identifier.ValueText),
        ParenthesizedExpressionSyntax p => IsName(p.Expression, changed),
        _ => false,
    };

    private bool IsUsedNext(int index, VariableDeclaratorSyntax local)
    {
        var name = local.Identifier.ValueText;
        if (Uses(index, name) != 1) return false;
        var next = index + 1;
        while (next < Items.Count && _used.Contains(next)) next++;
        return next < Items.Count && Reaches(Items[next].Node, Items[next].Node, name) == true;
    }

    // How often the name would be written: where a value that holds it is moved, as often as that is.
    private int Uses(int index, string name) => Enumerable.Range(index + 1, Items.Count - index - 1).Sum(i =>
        Items[i].Node.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>().Count(n => n.Identifier.ValueText == name && IsVariable(n))
            * (_used.Contains(i) ? Uses(i, Items[i].Local!.Identifier.ValueText) : 1));

    // In order of evaluation: true where the name comes first, false where something else happens before, null where neither is there.
    private bool? Reaches(SyntaxNode node, SyntaxNode statement, string name)
    {
        switch (node)
        {
            case IdentifierNameSyntax id when IsVariable(id):
                if (id.Identifier.ValueText == name) return true;
                return _values.TryGetValue(id.Identifier.ValueText, out var value) ? Reaches(value, value, name) : null;
            // What runs later, again, or perhaps not at all.
            case AnonymousFunctionExpressionSyntax or QueryExpressionSyntax or LocalFunctionStatementSyntax:
            case WhileStatementSyntax or DoStatementSyntax or ForStatementSyntax:
            case StatementSyntax when node != statement:
                return false;
            // The target is evaluated first, but its value is set last.
            case AssignmentExpressionSyntax { Left: IdentifierNameSyntax } assignment:
                return Reaches(assignment.Right, statement, name) ?? false;
        }
        foreach (var child in node.ChildNodes())
            if (Reaches(child, statement, name) is { } found) return found;
        return node is InvocationExpressionSyntax or BaseObjectCreationExpressionSyntax or MemberAccessExpressionSyntax
            or ElementAccessExpressionSyntax or AssignmentExpressionSyntax or AwaitExpressionSyntax or MemberBindingExpressionSyntax
            or BinaryExpressionSyntax && !IsCalled(node)
            ? false : null;
    }

    // A method is named before its arguments are evaluated, and called after.
    private static bool IsCalled(SyntaxNode node) =>
        node is MemberAccessExpressionSyntax { Parent: InvocationExpressionSyntax call } access && call.Expression == access;

    private static bool IsVariable(IdentifierNameSyntax name) => name.Parent switch
    {
        MemberAccessExpressionSyntax access => access.Expression == name,
        MemberBindingExpressionSyntax or NameColonSyntax or NameEqualsSyntax or QualifiedNameSyntax => false,
        AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax { RawKind: (int)SyntaxKind.ObjectInitializerExpression } } set =>
            set.Left != name,
        _ => true,
    };

    private static IEnumerable<string> Changed(SyntaxNode statement) => statement.DescendantNodesAndSelf()
        .Select(n => n switch
        {
            AssignmentExpressionSyntax set => set.Left,
            PrefixUnaryExpressionSyntax { OperatorToken.Text: "++" or "--" or "&" } p => p.Operand,
            PostfixUnaryExpressionSyntax { OperatorToken.Text: "++" or "--" } p => p.Operand,
            ArgumentSyntax { RefKindKeyword.RawKind: not 0 } argument => argument.Expression,
            RefExpressionSyntax r => r.Expression,
            _ => null,
        })
        .SelectMany(target => target is TupleExpressionSyntax tuple ? tuple.Arguments.Select(a => a.Expression) : [target!])
        .OfType<IdentifierNameSyntax>()
        .Where(IsVariable)
        .Select(n => n.Identifier.ValueText);
}
