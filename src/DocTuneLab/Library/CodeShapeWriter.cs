using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Function = DocTuneLab.Library.CodeShape.Function;

namespace DocTuneLab.Library;

/// <summary>Writes syntax as <see cref="CodeShape"/> compares it. Operators are written with parentheses around, so that those of the
/// source can be left out; statements that hang on others always with braces.</summary>
internal sealed class CodeShapeWriter
{
    private static readonly Dictionary<string, string> s_keywords = new(StringComparer.Ordinal)
    {
        ["String"] = "string",
        ["Object"] = "object",
        ["Boolean"] = "bool",
        ["Int32"] = "int",
        ["Int64"] = "long",
        ["Double"] = "double",
        ["Single"] = "float",
        ["Decimal"] = "decimal",
        ["Char"] = "char",
        ["Byte"] = "byte",
        ["Int16"] = "short",
    };

    private readonly StringBuilder _text = new();
    private readonly List<Dictionary<string, Variable>> _scopes = [new(StringComparer.Ordinal)];
    private TypeSyntax? _returns;
    private string? _self;
    private int _numbered;
    // What a target-typed new makes at this place, and whether a return is the asked method's.
    private TypeSyntax? _target;
    private bool _inner;

    public CodeShapeWriter(MethodDeclarationSyntax? header)
    {
        if (header is null) return;
        _self = header.Identifier.Text;
        _returns = Function.Of(header).Result;
        foreach (var parameter in header.ParameterList.Parameters) Declare(parameter.Identifier);
    }

    /// <summary>Members named, objects made, operators and anything else that had to be chosen.</summary>
    public int Steps { get; private set; }

    /// <summary>Writes the body of the asked method; its name, parameters and return type are only known by.</summary>
    /// <returns>Number of statements.</returns>
    public int WriteWhole(Function function)
    {
        _self = function.Name ?? _self;
        _returns = function.Result ?? _returns;
        foreach (var parameter in function.Parameters) Declare(parameter.Identifier);
        if (function.Expression is { } expression)
        {
            if (!function.ReturnsNothing) Token("return");
            Write(expression, _returns);
            Token(";");
            return 1;
        }
        return WriteStatements(function.Body ?? [], isWhole: true);
    }

    public override string ToString() => _text.ToString();

    public void Write(SyntaxNode? node)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (node)
        {
            case null or AttributeListSyntax or UsingDirectiveSyntax: break;
            case ParenthesizedExpressionSyntax p: Write(p.Expression, _target); break;
            case PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.SuppressNullableWarningExpression } s:
                Write(s.Operand, _target);
                break;
            case LiteralExpressionSyntax literal: Token(KindOf(literal)); break;
            case PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.UnaryMinusExpression } minus when IsNumber(minus.Operand):
                Token("0");
                break;
            case DefaultExpressionSyntax: Token("default"); break;
            case InterpolatedStringExpressionSyntax text: WriteInterpolated(text); break;
            case IdentifierNameSyntax name: Name(name.Identifier); break;
            case QualifiedNameSyntax qualified: Write(qualified.Right); break;
            case AliasQualifiedNameSyntax alias: Write(alias.Name); break;
            case NameColonSyntax { Parent: ArgumentSyntax }: break;
            case NameColonSyntax colon: Token($"{colon.Name.Identifier.Text}:"); break;
            case NameEqualsSyntax equals: Token($"{equals.Name.Identifier.Text}="); break;
            case MemberAccessExpressionSyntax { Expression: ThisExpressionSyntax } own: Write(own.Name); break;
            case MemberAccessExpressionSyntax access: Write(access.Expression); Member(access.Name); break;
            case MemberBindingExpressionSyntax binding: Member(binding.Name); break;
            case InvocationExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "nameof" } } named:
                Token("nameof");
                Write(named.ArgumentList);
                break;
            case BaseObjectCreationExpressionSyntax creation: WriteCreation(creation); break;
            case AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax, Left: IdentifierNameSyntax left } set:
                Token($".{left.Identifier.Text}");
                Steps++;
                Token("=");
                Write(set.Right);
                break;
            case AnonymousFunctionExpressionSyntax lambda: WriteLambda(lambda); break;
            case DeclarationExpressionSyntax declared: Write(declared.Designation); break;
            case SingleVariableDesignationSyntax single: Token(Number(Declare(single.Identifier))); break;
            case VariableDeclaratorSyntax variable: WriteDeclarator(variable, null); break;
            case VariableDeclarationSyntax { Parent: BaseFieldDeclarationSyntax }: WriteParts(node); break;
            case VariableDeclarationSyntax declaration:
                foreach (var v in declaration.Variables) WriteDeclarator(v, declaration.Type);
                break;
            case ParameterSyntax parameter:
                Write(parameter.Type);
                Token(Number(Declare(parameter.Identifier)));
                break;
            case BlockSyntax or SwitchSectionSyntax or CatchClauseSyntax or SwitchExpressionArmSyntax or ForStatementSyntax
                or UsingStatementSyntax or FixedStatementSyntax or QueryExpressionSyntax or TypeDeclarationSyntax
                or ConstructorDeclarationSyntax or OperatorDeclarationSyntax or BasePropertyDeclarationSyntax or AccessorDeclarationSyntax:
                Scoped(() => WriteScope(node));
                break;
            case CommonForEachStatementSyntax each: Scoped(() => WriteForEach(each)); break;
            case MethodDeclarationSyntax or LocalFunctionStatementSyntax: WriteFunction(Function.Of(node)!); break;
            case ReturnStatementSyntax { Expression: { } returned }:
                Token("return");
                Write(returned, _inner ? null : _returns);
                Token(";");
                break;
            case FromClauseSyntax from: WriteRange(from.FromKeyword, from.Identifier, from.Expression); break;
            case LetClauseSyntax let: WriteRange(let.LetKeyword, let.Identifier, let.Expression); break;
            case JoinClauseSyntax join:
                WriteRange(join.JoinKeyword, join.Identifier, join.InExpression);
                foreach (var part in (SyntaxNode?[])[join.LeftExpression, join.RightExpression, join.Into]) Write(part);
                break;
            case JoinIntoClauseSyntax into: Token(Number(Declare(into.Identifier))); break;
            case QueryContinuationSyntax into:
                Token("into");
                Token(Number(Declare(into.Identifier)));
                Write(into.Body);
                break;
            case BinaryExpressionSyntax or ConditionalExpressionSyntax or IsPatternExpressionSyntax or SwitchExpressionSyntax
                or RangeExpressionSyntax or WithExpressionSyntax:
                Steps++;
                WriteGrouped(node);
                break;
            case AssignmentExpressionSyntax or PrefixUnaryExpressionSyntax or CastExpressionSyntax or AwaitExpressionSyntax
                or ThrowExpressionSyntax:
                WriteGrouped(node);
                break;
            case ElementAccessExpressionSyntax or ElementBindingExpressionSyntax or CollectionExpressionSyntax or TupleExpressionSyntax
                or ArrayCreationExpressionSyntax or ImplicitArrayCreationExpressionSyntax or StackAllocArrayCreationExpressionSyntax:
                Steps++;
                WriteParts(node);
                break;
            default: WriteParts(node); break;
        }
    }

    private void Write(ExpressionSyntax expression, TypeSyntax? target)
    {
        _target = target;
        Write(expression);
        _target = null;
    }

    private void WriteGrouped(SyntaxNode node)
    {
        Token("(");
        WriteParts(node);
        Token(")");
    }

    private void WriteParts(SyntaxNode node)
    {
        _target = null;
        foreach (var part in node.ChildNodesAndTokens())
        {
            if (part.AsToken() is { RawKind: not 0 } token) Token(token.Text);
            else if (part.AsNode() is StatementSyntax statement) WriteHanging(statement);
            else Write(part.AsNode());
        }
    }

    private void WriteScope(SyntaxNode node)
    {
        switch (node)
        {
            case BlockSyntax block:
                Token("{");
                WriteStatements(block.Statements);
                Token("}");
                break;
            case SwitchSectionSyntax section:
                foreach (var label in section.Labels) Write(label);
                WriteStatements(section.Statements);
                break;
            case CatchClauseSyntax @catch:
                Token("catch");
                Write(@catch.Declaration?.Type);
                if (@catch.Declaration is { Identifier.RawKind: not 0 } declaration) Declare(declaration.Identifier);
                Write(@catch.Filter);
                Write(@catch.Block);
                break;
            default: WriteParts(node); break;
        }
    }

    // Always with braces, so that they make no difference where they are not needed.
    private void WriteHanging(StatementSyntax statement)
    {
        if (statement is BlockSyntax)
        {
            Write(statement);
            return;
        }
        Scoped(() =>
        {
            Token("{");
            WriteStatements([statement]);
            Token("}");
        });
    }

    private void WriteForEach(CommonForEachStatementSyntax each)
    {
        if (each.AwaitKeyword.RawKind != 0) Token("await");
        Token("foreach");
        Write(each.Expression);
        if (each is ForEachStatementSyntax simple) Token(Number(Declare(simple.Identifier)));
        else Write(((ForEachVariableStatementSyntax)each).Variable);
        WriteHanging(each.Statement);
    }

    private int WriteStatements(IReadOnlyList<SyntaxNode> statements, bool isWhole = false)
    {
        var list = new ShapeStatements(statements, isWhole);
        foreach (var function in list.Items.Select(i => i.Node).OfType<LocalFunctionStatementSyntax>()) Declare(function.Identifier);
        var written = 0;
        for (var i = 0; i < list.Items.Count; i++)
        {
            var item = list.Items[i];
            if (list.StandsWhereUsed(i))
            {
                // Names in it are those of its own place: nothing between may declare them anew.
                Declare(item.Local!.Identifier).Value = (item.Local.Initializer!.Value, item.Type);
                continue;
            }
            written++;
            // Control flow is more than one step, however little stands in it.
            if (item.Node is not (ExpressionStatementSyntax or ReturnStatementSyntax)) Steps += 2;
            if (item.Local is { } local)
            {
                WriteDeclarator(local, item.Type);
                Token(";");
            }
            else if (item.Node is ExpressionStatementSyntax { Expression: AssignmentExpressionSyntax set } && IsDiscarded(set))
            {
                Write(set.Right);
                Token(";");
            }
            else
            {
                Write(item.Node);
            }
        }
        return written;
    }

    private void WriteDeclarator(VariableDeclaratorSyntax variable, TypeSyntax? type)
    {
        // The value comes first: it is evaluated, and its names used, before the variable is.
        if (variable.Initializer is { } initial) Write(initial.Value, type);
        Token("->");
        Token(Number(Declare(variable.Identifier)));
    }

    private void WriteCreation(BaseObjectCreationExpressionSyntax creation)
    {
        Steps++;
        var target = _target is NullableTypeSyntax nullable ? nullable.ElementType : _target;
        _target = null;
        Token("new");
        if (creation is ObjectCreationExpressionSyntax named) Write(named.Type);
        else if (target is null or IdentifierNameSyntax { Identifier.Text: "var" }) Token("?");
        else Write(target);
        if (creation.ArgumentList is { } arguments) Write(arguments);
        else Token("( )");
        Write(creation.Initializer);
    }

    private void WriteLambda(AnonymousFunctionExpressionSyntax lambda)
    {
        Steps++;
        IReadOnlyList<ParameterSyntax> parameters = lambda switch
        {
            SimpleLambdaExpressionSyntax simple => [simple.Parameter],
            ParenthesizedLambdaExpressionSyntax several => several.ParameterList.Parameters,
            AnonymousMethodExpressionSyntax { ParameterList: { } list } => list.Parameters,
            _ => [],
        };
        Inner(() =>
        {
            Token(lambda.AsyncKeyword.RawKind == 0 ? "(" : "( async");
            foreach (var parameter in parameters) Token(Number(Declare(parameter.Identifier)));
            Token("=>");
            if (lambda.ExpressionBody is { } expression) Write(expression);
            else if (lambda.Block!.Statements is [ReturnStatementSyntax { Expression: { } returned }]) Write(returned);
            else if (lambda.Block.Statements is [ExpressionStatementSyntax only]) Write(only.Expression);
            else Write(lambda.Block);
            Token(")");
        });
    }

    private void WriteFunction(Function function)
    {
        Steps++;
        var name = function.Name!;
        Token(name == _self ? "self" : Find(name) is { } known ? Number(known) : name);
        Inner(() =>
        {
            foreach (var parameter in function.Parameters) Write(parameter);
            Token("{");
            if (function.Expression is { } expression)
            {
                if (!function.ReturnsNothing) Token("return");
                Write(expression, function.Result);
                Token(";");
            }
            else
            {
                WriteStatements(function.Body ?? []);
            }
            Token("}");
        });
    }

    private void WriteRange(SyntaxToken keyword, SyntaxToken variable, ExpressionSyntax source)
    {
        Steps++;
        Token(keyword.Text);
        Write(source);
        Token(Number(Declare(variable)));
    }

    private void WriteInterpolated(InterpolatedStringExpressionSyntax text)
    {
        var holes = text.Contents.OfType<InterpolationSyntax>().ToList();
        if (holes.Count == 0)
        {
            Token("\"\"");
            return;
        }
        Steps++;
        Token("$(");
        foreach (var hole in holes) Write(hole.Expression);
        Token(")");
    }

    private void Member(SimpleNameSyntax name)
    {
        Steps++;
        Token($".{name.Identifier.Text}");
        if (name is GenericNameSyntax generic) Write(generic.TypeArgumentList);
    }

    private void Name(SyntaxToken identifier)
    {
        var name = identifier.ValueText;
        if (Find(name) is { } variable)
        {
            if (variable.Value is var (value, type)) Write(value, type);
            else Token(Number(variable));
            return;
        }
        if (name == _self) Token("self");
        else if (s_keywords.TryGetValue(name, out var keyword)) Token(keyword);
        else if (name == "_" || (name.Length > 0 && char.IsUpper(name[0]))) Token(name);
        else Token(Number(_scopes[0][name] = new()));
    }

    private Variable? Find(string name)
    {
        for (var i = _scopes.Count - 1; i >= 0; i--)
            if (_scopes[i].TryGetValue(name, out var variable)) return variable;
        return null;
    }

    private Variable Declare(SyntaxToken identifier) => _scopes[^1][identifier.ValueText] = new();

    private string Number(Variable variable)
    {
        if (variable.Number == 0) variable.Number = ++_numbered;
        return $"${variable.Number}";
    }

    private void Inner(Action write)
    {
        var before = _inner;
        _inner = true;
        Scoped(write);
        _inner = before;
    }

    private void Scoped(Action write)
    {
        _target = null;
        _scopes.Add(new(StringComparer.Ordinal));
        write();
        _scopes.RemoveAt(_scopes.Count - 1);
    }

    private void Token(string token)
    {
        if (token.Length == 0) return;
        if (_text.Length > 0) _text.Append(' ');
        _text.Append(token);
    }

    private static bool IsDiscarded(AssignmentExpressionSyntax set) =>
        set.IsKind(SyntaxKind.SimpleAssignmentExpression) && set.Left is IdentifierNameSyntax { Identifier.Text: "_" };

    private static bool IsNumber(ExpressionSyntax operand) => operand.IsKind(SyntaxKind.NumericLiteralExpression);

    private static string KindOf(LiteralExpressionSyntax literal) => literal.Kind() switch
    {
        SyntaxKind.NumericLiteralExpression => "0",
        SyntaxKind.StringLiteralExpression or SyntaxKind.Utf8StringLiteralExpression => "\"\"",
        SyntaxKind.CharacterLiteralExpression => "''",
        SyntaxKind.TrueLiteralExpression or SyntaxKind.FalseLiteralExpression => "bool",
        _ => literal.Token.Text,
    };

    private sealed class Variable
    {
        public int Number { get; set; }

        public (ExpressionSyntax Value, TypeSyntax? Type)? Value { get; set; }
    }
}
