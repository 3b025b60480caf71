using DocTuneLab.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace DocTuneLab.Library;

/// <summary>Says of every simple name in a tree how the compiler sees it.</summary>
internal sealed class SymbolClassifier
{
    /// <summary>Errors on a name that binds and yet cannot be used so: writes to what is read-only, required members left out.</summary>
    private static readonly HashSet<string> s_misuses =
    [
        "CS0154", "CS0191", "CS0200", "CS0272", "CS0144", "CS8852", "CS9035", "CS0070", "CS0079"
    ];
    private static readonly HashSet<string> s_notNames = ["_", "nint", "nuint", "dynamic", "notnull", "unmanaged", "field"];

    private static readonly SymbolDisplayFormat s_shortName = SymbolDisplayFormat.MinimallyQualifiedFormat.WithMiscellaneousOptions(
        SymbolDisplayMiscellaneousOptions.UseSpecialTypes);

    private readonly SemanticModel _model;
    private readonly LibraryIndex _index;
    private readonly WrappedCode _code;
    private readonly HashSet<TextSpan> _misused;
    private readonly IReadOnlyList<Diagnostic> _refused;
    private readonly IReadOnlyList<string> _usings;
    private readonly List<SymbolUse> _uses = [];
    private bool _libraryInScope;

    public SymbolClassifier(
        SemanticModel model, LibraryIndex index, WrappedCode code, IEnumerable<Diagnostic> diagnostics, IReadOnlyList<string> usings)
    {
        (_model, _index, _code, _usings) = (model, index, code, usings);
        var errors = diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error && d.Location.SourceTree == model.SyntaxTree).ToList();
        _misused = [.. errors.Where(d => s_misuses.Contains(d.Id)).Select(d => d.Location.SourceSpan)];
        _refused = [.. errors.Where(d => RefusedUse.IsOne(d) && code.Contains(d.Location.SourceSpan.Start))];
    }

    public IReadOnlyList<SymbolUse> Classify(CompilationUnitSyntax root)
    {
        _libraryInScope = _usings.Concat(root.DescendantNodes().OfType<UsingDirectiveSyntax>().Select(u => u.NamespaceOrType.ToString()))
            .Concat(root.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().Select(n => n.Name.ToString()))
            .Any(_index.HasNamespace);
        foreach (var node in root.DescendantNodes().Where(n => _code.Contains(n.SpanStart)))
        {
            switch (node)
            {
                case SimpleNameSyntax name:
                    Name(name);
                    break;
                // Constructors and indexers have no name of their own, yet are where a wrong call shows.
                case BaseObjectCreationExpressionSyntax creation:
                    Call(creation, (creation as ObjectCreationExpressionSyntax)?.Type.Span ?? creation.Span, creation.ArgumentList);
                    break;
                case ConstructorInitializerSyntax initializer:
                    Call(initializer, initializer.Span, initializer.ArgumentList);
                    break;
                case ElementAccessExpressionSyntax element:
                    Call(element, element.Span, element.ArgumentList);
                    break;
                case BinaryExpressionSyntax or PrefixUnaryExpressionSyntax or PostfixUnaryExpressionSyntax or AssignmentExpressionSyntax
                    or CastExpressionSyntax:
                    Operator(node);
                    break;
                case CommonForEachStatementSyntax loop:
                    Resolved(_model.GetForEachStatementInfo(loop).GetEnumeratorMethod, loop.Expression);
                    break;
            }
            if (node is AssignmentExpressionSyntax
                {
                    RawKind: (int)SyntaxKind.SimpleAssignmentExpression, Left: TupleExpressionSyntax
                or DeclarationExpressionSyntax
                } taken)
                Resolved(_model.GetDeconstructionInfo(taken).Method, taken.Right);
        }
        _uses.AddRange(_refused.DistinctBy(d => d.Location.SourceSpan).Select(d => RefusedUse.Of(d, _model, _index, _code))
            .OfType<SymbolUse>());
        return _uses;
    }

    private void Name(SimpleNameSyntax name)
    {
        var text = name.Identifier.ValueText;
        if (text.Length == 0 || IsNotAUse(name, text)) return;
        if (name.Parent is NameColonSyntax { Parent: ArgumentSyntax argument })
        {
            NamedArgument(name, argument);
            return;
        }
        var info = _model.GetSymbolInfo(name);
        if (info.Symbol is { } symbol and not IErrorTypeSymbol)
        {
            var span = name.Parent is MemberAccessExpressionSyntax access && access.Name == name ? access.Span : name.Span;
            // A required member left out is the constructor's misuse, which Call reports.
            var misused = (_misused.Contains(name.Span) || _misused.Contains(span))
                && symbol is not (INamedTypeSymbol or ILocalSymbol or IParameterSymbol);
            Add(name, misused ? SymbolUseKind.Misuse : SymbolUseKind.Resolved, symbol, _index.Owns(symbol));
        }
        else if (info.CandidateSymbols is [var candidate, ..])
        {
            var arguments = name.FirstAncestorOrSelf<InvocationExpressionSyntax>(i => i.Expression.Span.End == name.Span.End)?.ArgumentList;
            Add(name, Failure(info, arguments), candidate, _index.Owns(candidate));
        }
        else
        {
            Unbound(name, text);
        }
    }

    private void Unbound(SimpleNameSyntax name, string text)
    {
        switch (ReceiverOf(name))
        {
            case { Bare: true }:
                UnboundBare(name, text);
                break;
            case { Symbol: ITypeSymbol { TypeKind: TypeKind.Dynamic } }:
                Add(name, SymbolUseKind.Resolved, null, false);
                break;
            // An extension method that exists, on a receiver that it does not extend or without its using.
            case { Symbol: ITypeSymbol }
                when name.Parent is MemberAccessExpressionSyntax or MemberBindingExpressionSyntax
                    && _index.ExtensionNamed(text) is { } extension:
                Add(name, SymbolUseKind.Misuse, extension, true);
                break;
            case { Symbol: INamespaceOrTypeSymbol receiver }:
                var pool = _model.LookupSymbols(name.SpanStart, receiver, includeReducedExtensionMethods: true)
                    .Select(s => s.Name)
                    .Distinct();
                Add(name, SymbolUseKind.Missing, null, _index.Owns(receiver), NearestName.Find(text, pool),
                    receiver.ToDisplayString(s_shortName));
                break;
            default:
                Add(name, SymbolUseKind.Cascade, null, false);
                break;
        }
    }

    /// <summary>
    /// A name without receiver. If some namespace has a type of that name, only the using is lacking: misuse. Otherwise it is
    /// missing, and where it stands for a type while the library is in scope, it claims to be the library's: the rest of
    /// the reference set was just searched.
    /// </summary>
    private void UnboundBare(SimpleNameSyntax name, string text)
    {
        if (name.FirstAncestorOrSelf<UsingDirectiveSyntax>() is not null)
        {
            var (root, isLibrary) = _index.NearestRoot(text);
            Add(name, SymbolUseKind.Missing, null, isLibrary, root);
            return;
        }
        var isType = char.IsUpper(text[0])
            && (SyntaxFacts.IsInTypeOnlyContext(name)
                || name.Parent is AttributeSyntax
                || (name.Parent is MemberAccessExpressionSyntax m && m.Expression == name));
        if (isType)
        {
            var known = _index.TypesNamed(text)
                .Concat(name.Parent is AttributeSyntax ? _index.TypesNamed(text + "Attribute") : [])
                .ToList();
            if (known.Count > 0)
            {
                _uses.Add(new(text, SymbolUseKind.Misuse, known[0].Id, known[0].IsLibrary, Line(name), known[0].FullName));
                return;
            }
            Add(name, SymbolUseKind.Missing, null, _libraryInScope, _index.NearestType(text, _libraryInScope));
            return;
        }
        Add(name, SymbolUseKind.Missing, null, false,
            NearestName.Find(text,
                _model.LookupSymbols(name.SpanStart).Where(s => s is not INamespaceOrTypeSymbol).Select(s => s.Name).Distinct()));
    }

    private void NamedArgument(SimpleNameSyntax name, ArgumentSyntax argument)
    {
        if (argument.Parent is TupleExpressionSyntax) return;
        if (_model.GetSymbolInfo(name).Symbol is { } bound)
        {
            Add(name, SymbolUseKind.Resolved, null, _index.Owns(bound));
            return;
        }
        var info = argument.Parent?.Parent is { } call ? _model.GetSymbolInfo(call) : default;
        var candidates = info.Symbol is { } s ? [s] : info.CandidateSymbols;
        if (candidates.IsDefaultOrEmpty)
        {
            Add(name, SymbolUseKind.Cascade, null, false);
            return;
        }
        var names = candidates.SelectMany(c => c is IMethodSymbol m ? m.Parameters : c is IPropertySymbol p ? p.Parameters : [])
            .Select(p => p.Name)
            .Distinct()
            .ToList();
        var exists = names.Contains(name.Identifier.ValueText);
        Add(name, exists ? SymbolUseKind.Resolved : SymbolUseKind.Missing, null, _index.Owns(candidates[0]),
            exists ? null : NearestName.Find(name.Identifier.ValueText, names), exists ? null : candidates[0].Name);
    }

    private void Call(SyntaxNode call, TextSpan nameSpan, BaseArgumentListSyntax? arguments)
    {
        // A type that is not named right has been reported with its name.
        if (call is ObjectCreationExpressionSyntax { Type: var made } && _model.GetSymbolInfo(made).Symbol is null) return;
        var info = _model.GetSymbolInfo(call);
        var symbol = info.Symbol ?? info.CandidateSymbols.FirstOrDefault();
        // No constructor can be seen, so there is no candidate either.
        if (symbol is null
            && call is BaseObjectCreationExpressionSyntax
            && _model.GetTypeInfo(call).Type is INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct } type)
        {
            _uses.Add(new(type.Name, SymbolUseKind.Misuse, IdOf(type), _index.Owns(type), Line(call), null));
            return;
        }
        if (symbol is not (IMethodSymbol or IPropertySymbol)) return;
        var kind = info.Symbol is not null
            ? (_misused.Contains(nameSpan) || _misused.Contains(call.Span) ? SymbolUseKind.Misuse : SymbolUseKind.Resolved)
            : Failure(info, arguments);
        var name = symbol is IMethodSymbol ? symbol.ContainingType.Name : "this[]";
        _uses.Add(new(name, kind, IdOf(symbol), _index.Owns(symbol), Line(call), null));
    }

    private void Operator(SyntaxNode node)
    {
        if (_model.GetSymbolInfo(node).Symbol is IMethodSymbol { MethodKind: MethodKind.UserDefinedOperator or MethodKind.Conversion } op)
            Resolved(op, node);
    }

    /// <summary>A method of the library that is called without its name.</summary>
    private void Resolved(IMethodSymbol? method, SyntaxNode node)
    {
        if (method is not null && _index.Owns(method))
            _uses.Add(new(method.Name, SymbolUseKind.Resolved, IdOf(method), true, Line(node), null));
    }

    /// <summary>Overload resolution that fails only because an argument did not resolve is no fault of this name.</summary>
    private SymbolUseKind Failure(SymbolInfo info, BaseArgumentListSyntax? arguments) =>
        info.CandidateReason is CandidateReason.LateBound or CandidateReason.MemberGroup ? SymbolUseKind.Resolved
        : info.CandidateReason == CandidateReason.OverloadResolutionFailure
            && arguments is not null
            && arguments.Arguments.Any(a => _model.GetTypeInfo(a.Expression).Type is IErrorTypeSymbol)
            ? SymbolUseKind.Cascade
            : SymbolUseKind.Misuse;

    private readonly record struct Receiver(bool Bare, ISymbol? Symbol);

    private Receiver ReceiverOf(SimpleNameSyntax name) => name.Parent switch
    {
        MemberAccessExpressionSyntax access when access.Name == name => Known(access.Expression),
        MemberBindingExpressionSyntax binding =>
            binding.Ancestors().OfType<ConditionalAccessExpressionSyntax>().FirstOrDefault(c => c.WhenNotNull.Span.Contains(binding.Span))
                is { } c ? Known(c.Expression) : default,
        QualifiedNameSyntax qualified when qualified.Right == name => Known(qualified.Left),
        AliasQualifiedNameSyntax => new(false, null),
        AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax { Parent: { } owner } } a when a.Left == name => owner switch
        {
            BaseObjectCreationExpressionSyntax or WithExpressionSyntax => OfType(_model.GetTypeInfo(owner).Type),
            AssignmentExpressionSyntax outer => Known(outer.Left),
            _ => default,
        },
        NameColonSyntax { Parent: SubpatternSyntax subpattern } =>
            OfType((_model.GetOperation(subpattern.FirstAncestorOrSelf<RecursivePatternSyntax>()!)
                as Microsoft.CodeAnalysis.Operations.IRecursivePatternOperation)?.NarrowedType),
        NameEqualsSyntax { Parent: AttributeArgumentSyntax argument } =>
            OfType(_model.GetTypeInfo(argument.FirstAncestorOrSelf<AttributeSyntax>()!).Type),
        _ => new(true, null),
    };

    private Receiver Known(ExpressionSyntax expression)
    {
        var bound = _model.GetSymbolInfo(expression).Symbol;
        if (bound is INamespaceOrTypeSymbol and not IErrorTypeSymbol and var symbol) return new(false, symbol);
        if (bound is IParameterSymbol parameter && IsGuessed(parameter)) return default;
        var type = _model.GetTypeInfo(expression).Type;
        if (expression.Parent is ConditionalAccessExpressionSyntax
            && type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable)
            type = nullable.TypeArguments[0];
        return OfType(type);
    }

    /// <summary>Whether the type of a lambda's parameter comes from a call that was not bound for want of one of its other arguments:
    /// the compiler then takes some overload.</summary>
    private bool IsGuessed(IParameterSymbol parameter) =>
        parameter.DeclaringSyntaxReferences is [var reference] && reference.GetSyntax() is ParameterSyntax { Type: null } syntax
        && syntax.FirstAncestorOrSelf<LambdaExpressionSyntax>()
            is { Parent: ArgumentSyntax { Parent: BaseArgumentListSyntax { Parent: { } call } arguments } }
        && _model.GetSymbolInfo(call).Symbol is null
        && arguments.Arguments.Any(a =>
            a.Expression is not LambdaExpressionSyntax && _model.GetTypeInfo(a.Expression).Type is IErrorTypeSymbol);

    private static Receiver OfType(ITypeSymbol? type) => new(false, type is null or IErrorTypeSymbol ? null : type);

    private static bool IsNotAUse(SimpleNameSyntax name, string text) =>
        (name is IdentifierNameSyntax { IsVar: true }) || s_notNames.Contains(text)
        || (text == "nameof" && name.Parent is InvocationExpressionSyntax)
        || (text == "global" && name.Parent is AliasQualifiedNameSyntax alias && alias.Alias == name)
        || name.Parent is NameEqualsSyntax { Parent: AnonymousObjectMemberDeclaratorSyntax or UsingDirectiveSyntax };

    private void Add(SimpleNameSyntax name, SymbolUseKind kind, ISymbol? symbol, bool isLibrary, string? suggestion = null,
        string? on = null) =>
        _uses.Add(new(name.Identifier.ValueText, kind, IdOf(symbol), isLibrary, Line(name), suggestion) { On = on });

    private int Line(SyntaxNode node) => _code.LineOf((node as SimpleNameSyntax)?.Identifier.SpanStart ?? node.SpanStart);

    private static string? IdOf(ISymbol? symbol) => symbol switch
    {
        null or ILocalSymbol or IParameterSymbol or IRangeVariableSymbol or ILabelSymbol or ITypeParameterSymbol => null,
        IMethodSymbol { MethodKind: MethodKind.LocalFunction or MethodKind.AnonymousFunction } => null,
        IMethodSymbol m => ExtensionBlocks.Known(m.ReducedFrom ?? m).OriginalDefinition.GetDocumentationCommentId(),
        _ => symbol.OriginalDefinition.GetDocumentationCommentId(),
    };
}
