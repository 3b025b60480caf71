using DocTuneLab.Conversations;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library.Guidance;

/// <summary>A place in code where a name begins, and what may stand there.</summary>
/// <param name="names">Names that exist there; null where any may stand, such as that of a new variable.</param>
/// <param name="mayBeNew">Whether a name may stand there that only later code declares.</param>
/// <param name="words">What there is, for a reason: <c>a member of WaterHead</c>.</param>
internal sealed class NamePlace(SortedNames? names, bool mayBeNew, string words)
{
    /// <summary>Stands for the name that is not written yet.</summary>
    public const string Placeholder = "\u01C3name";

    private static readonly SortedNames s_keywords = new(SyntaxFacts.GetKeywordKinds().Concat(SyntaxFacts.GetContextualKeywordKinds())
        .Select(SyntaxFacts.GetText).Concat(["_", "var", "dynamic", "nint", "nuint"]));

    // What a value can begin with.
    private static readonly SortedNames s_beginValues = new(
    [
        "new", "true", "false", "null", "this", "base", "typeof", "default", "sizeof", "checked", "unchecked", "stackalloc", "throw",
        "await", "async", "delegate", "static", "ref", "out", "in", "nameof", "from", "bool", "byte", "sbyte", "short", "ushort", "int",
        "uint", "long", "ulong", "float", "double", "decimal", "char", "string", "object", "nint", "nuint", "void", "dynamic", "params",
        "scoped", "global", "var", "value", "field", "_",
    ]);

    /// <summary>A place where any name may stand.</summary>
    public static NamePlace Free { get; } = new(null, true, "");

    // Variables of the code that are not in scope here. Where code is broken off the compiler may see scopes otherwise than in the
    // whole: they are never refused.
    private SortedNames? Outside { get; init; }

    // Variables in scope, where the name of a further one begins.
    private SortedNames? Taken { get; init; }

    // Types that the code makes and nothing declares, where a type is declared. Others may come first, but seldom do.
    private SortedNames? Asked { get; init; }

    /// <summary>Whether the names here are members of something.</summary>
    public bool IsOfMember { get; private init; }

    /// <summary>What its type is looked at with; null where any will do.</summary>
    private TypedPlace? Typed { get; init; }

    /// <summary>Whether a value begins here, so that no other keyword can stand here.</summary>
    private bool BeginsValue { get; init; }

    /// <summary>Whether what is new here is no surprise: a lambda may begin, or what has members is being written; else it can only be a
    /// local function or an extension method that comes later.</summary>
    public bool ExpectsNew { get; private init; } = true;

    /// <summary>Whether a name may stand here.</summary>
    /// <param name="text">As far as it is written.</param>
    /// <param name="isWhole">Whether it ends there.</param>
    public GuideVerdict Judge(string text, bool isWhole)
    {
        var isKeyword = !text.StartsWith('@');
        text = text.TrimStart('@');
        if (Taken is not null && isWhole && Taken.Contains(text)) return GuideVerdict.Unlikely;
        if (Asked is not null && !(isWhole ? Asked.Contains(text) : Asked.HasBeginning(text))) return GuideVerdict.Unlikely;
        if (names is null) return GuideVerdict.Fits;
        var keywords = BeginsValue ? s_beginValues : s_keywords;
        if (isKeyword && !IsOfMember && (isWhole ? keywords.Contains(text) : keywords.HasBeginning(text))) return GuideVerdict.Fits;
        if (isKeyword && isWhole && BeginsValue && SyntaxFacts.GetKeywordKind(text) != SyntaxKind.None) return GuideVerdict.Refused;
        if (!(isWhole ? names.Contains(text) : names.HasBeginning(text)))
            return Outside is not null && (isWhole ? Outside.Contains(text) : Outside.HasBeginning(text)) ? GuideVerdict.Unlikely
                : !mayBeNew ? GuideVerdict.Refused : ExpectsNew ? GuideVerdict.Possible : GuideVerdict.Unlikely;
        return Typed is null || Typed.Fits(names, text, isWhole) ? GuideVerdict.Fits
            : Typed.IsMade ? GuideVerdict.Unlikely : GuideVerdict.Possible;
    }

    /// <summary>Whether something is called so here.</summary>
    public bool IsKnown(string name) => names?.Contains(name.TrimStart('@')) != false || Outside?.Contains(name.TrimStart('@')) == true;

    /// <summary>Whether a literal may stand here.</summary>
    /// <param name="type">Its type.</param>
    public GuideVerdict Judge(SpecialType type) => Typed is null || Typed.Fits(type) ? GuideVerdict.Fits : GuideVerdict.Possible;

    /// <summary>Why a name is refused.</summary>
    public string Reason(string text, bool isWhole) => Asked is not null ? $"'{string.Join("' or '", Asked.All)}' is made, not '{text}'"
        : Taken is not null ? $"'{text}' is declared already"
        : Typed is not null && (isWhole ? names!.Contains(text) : names!.HasBeginning(text))
        ? $"'{text}' leads to no {Typed.Words}"
        : isWhole ? $"'{text}' is no {words}" : $"no {words} begins with '{text}'";

    /// <summary>The place of the placeholder in code that ends with it.</summary>
    /// <param name="scope">What is in scope in the frame.</param>
    /// <param name="tree">The frame's head, the code, the placeholder.</param>
    /// <param name="layers">What is looked at.</param>
    public static NamePlace Of(GuideScope scope, SyntaxTree tree, GuideLayers layers)
    {
        var root = tree.GetRoot();
        var token = root.FindToken(tree.Length - Placeholder.Length);
        if (token.ValueText != Placeholder) return Free;
        if (token.Parent is not IdentifierNameSyntax name) return OfNewName(scope, tree, token, layers);
        var place = Untyped(scope, tree, name, layers);
        return !place.IsFree && layers.HasFlag(GuideLayers.Types) && scope.Reach is { } reach
            ? place.With(TypedPlace.Of(reach, scope.Model(tree), name))
            : place;
    }

    private bool IsFree => names is null;

    private NamePlace With(TypedPlace? typed) => new(names, mayBeNew, words)
    {
        Outside = Outside,
        IsOfMember = IsOfMember,
        BeginsValue = BeginsValue,
        ExpectsNew = ExpectsNew && (typed is null || typed.IsMade || typed.MayBeLambda),
        Typed = typed,
    };

    private static NamePlace Untyped(GuideScope scope, SyntaxTree tree, IdentifierNameSyntax name, GuideLayers layers)
    {
        var root = tree.GetRoot();
        if (name.FirstAncestorOrSelf<AttributeSyntax>() is not null) return Free;
        var receiver = name.Parent switch
        {
            MemberAccessExpressionSyntax access when access.Name == name => access.Expression,
            QualifiedNameSyntax qualified when qualified.Right == name => qualified.Left,
            MemberBindingExpressionSyntax => name.Ancestors().OfType<ConditionalAccessExpressionSyntax>()
                .FirstOrDefault(c => c.WhenNotNull.Span.Contains(name.Span))?.Expression,
            _ => null,
        };
        if (receiver is not null)
            return layers.HasFlag(GuideLayers.Members) ? OfMembers(scope, tree, receiver, name) : Free;
        if (!layers.HasFlag(GuideLayers.Names)) return Free;
        return name.Parent switch
        {
            AliasQualifiedNameSyntax or MemberBindingExpressionSyntax or NameColonSyntax or NameEqualsSyntax
                or AnonymousObjectMemberDeclaratorSyntax or UsingDirectiveSyntax or GotoStatementSyntax => Free,
            InitializerExpressionSyntax initialiser => OfInitialiser(scope, tree, initialiser),
            _ when name.Ancestors().TakeWhile(a => a is PatternSyntax or SubpatternSyntax or PropertyPatternClauseSyntax)
                .OfType<PropertyPatternClauseSyntax>().Any() => Free,
            _ => OfScope(scope, tree, name),
        };
    }

    private static NamePlace OfNewName(GuideScope scope, SyntaxTree tree, SyntaxToken token, GuideLayers layers)
    {
        if (scope.HoldsTypes && layers.HasFlag(GuideLayers.Names) && token.Parent is BaseTypeDeclarationSyntax)
            return OfNewType(scope, tree.GetRoot());
        if (scope.HoldsTypes || !layers.HasFlag(GuideLayers.Names)
            || token.Parent is not (VariableDeclaratorSyntax or ForEachStatementSyntax or SingleVariableDesignationSyntax))
            return Free;
        var model = scope.Model(tree);
        var method = model.GetEnclosingSymbol(token.SpanStart);
        return new(null, true, "")
        {
            Taken = new(Declared(tree.GetRoot()).Distinct().Where(n => model.LookupSymbols(token.SpanStart, name: n)
                .Any(s => s is ILocalSymbol or IParameterSymbol && SymbolEqualityComparer.Default.Equals(s.ContainingSymbol, method))))
        };
    }

    // What the code makes and nothing declares is declared first. A name that the library has means the library's.
    private static NamePlace OfNewType(GuideScope scope, SyntaxNode root)
    {
        var known = scope.With(Declared(root));
        var made = root.DescendantNodes().OfType<ObjectCreationExpressionSyntax>().Select(m => m.Type).OfType<IdentifierNameSyntax>()
            .Select(t => t.Identifier.ValueText).Where(t => !known.Contains(t)).ToList();
        return new(null, true, "") { Asked = made.Count > 0 ? new(made) : null, Taken = known };
    }

    private static NamePlace OfScope(GuideScope scope, SyntaxTree tree, IdentifierNameSyntax name)
    {
        var declared = Declared(tree.GetRoot()).ToHashSet(StringComparer.Ordinal);
        var outside = scope.HoldsTypes ? [] : Variables(tree.GetRoot()).Distinct().ToList();
        if (outside.Count > 0)
        {
            var model = scope.Model(tree);
            outside.RemoveAll(n => model.LookupSymbols(name.SpanStart, name: n).Length > 0);
            declared.ExceptWith(outside);
        }
        var isType = name.Parent is ObjectCreationExpressionSyntax or TypeOfExpressionSyntax or CatchDeclarationSyntax or BaseTypeSyntax;
        return new(scope.With(declared), scope.HoldsTypes || !isType, isType ? "type in scope" : "name in scope")
        {
            Outside = outside.Count > 0 ? new(outside) : null,
            ExpectsNew = (scope.HoldsTypes && isType) || name.Parent is ArgumentSyntax or EqualsValueClauseSyntax
                or ReturnStatementSyntax or ArrowExpressionClauseSyntax or AssignmentExpressionSyntax or ParenthesizedExpressionSyntax
                or TupleExpressionSyntax or CastExpressionSyntax or YieldStatementSyntax or LambdaExpressionSyntax
                or ParameterSyntax or ConditionalExpressionSyntax or SwitchExpressionArmSyntax or ExpressionElementSyntax
                || name.Parent.IsKind(SyntaxKind.CoalesceExpression),
            BeginsValue = IsValue(name) && FollowsOperator(name.Identifier.GetPreviousToken().Kind()),
        };
    }

    private static bool IsValue(IdentifierNameSyntax name) => name.Parent switch
    {
        ArgumentSyntax or EqualsValueClauseSyntax or ReturnStatementSyntax or IfStatementSyntax or WhileStatementSyntax
            or ArrowExpressionClauseSyntax or PrefixUnaryExpressionSyntax => true,
        AssignmentExpressionSyntax assignment => assignment.Right == name,
        // A pattern may follow 'is'.
        BinaryExpressionSyntax binary => binary.Right == name && !binary.IsKind(SyntaxKind.IsExpression)
            && !binary.IsKind(SyntaxKind.AsExpression),
        _ => false,
    };

    // Behind a value another keyword may go on with it.
    private static bool FollowsOperator(SyntaxKind before) => before is SyntaxKind.OpenParenToken or SyntaxKind.OpenBracketToken
        or SyntaxKind.CommaToken or SyntaxKind.EqualsToken or SyntaxKind.ReturnKeyword or SyntaxKind.EqualsGreaterThanToken
        || (SyntaxFacts.IsBinaryExpressionOperatorToken(before) && before is not (SyntaxKind.IsKeyword or SyntaxKind.AsKeyword))
        || SyntaxFacts.IsAssignmentExpressionOperatorToken(before)
        || (SyntaxFacts.IsPrefixUnaryExpressionOperatorToken(before)
            && before is not (SyntaxKind.PlusPlusToken or SyntaxKind.MinusMinusToken));

    /// <summary>Every name that the code itself declares, wherever: whether it is in scope the end of the statement says.</summary>
    private static IEnumerable<string> Declared(SyntaxNode root) => root.DescendantTokens()
        .Where(t => t.IsKind(SyntaxKind.IdentifierToken) && t.Parent is not SimpleNameSyntax && t.ValueText != Placeholder)
        .Select(t => t.ValueText);

    // Names of locals that may be out of scope: those of the body itself never are.
    private static IEnumerable<string> Variables(SyntaxNode root) => root.DescendantTokens()
        .Where(t => t.IsKind(SyntaxKind.IdentifierToken) && t.ValueText != Placeholder
            && t.Parent is VariableDeclaratorSyntax or ForEachStatementSyntax or SingleVariableDesignationSyntax or CatchDeclarationSyntax
            && t.Parent.Parent?.Parent is not LocalDeclarationStatementSyntax { Parent.Parent: BaseMethodDeclarationSyntax })
        .Select(t => t.ValueText);

    private static NamePlace OfMembers(GuideScope scope, SyntaxTree tree, ExpressionSyntax receiver, IdentifierNameSyntax name)
    {
        var model = scope.Model(tree);
        var symbol = model.GetSymbolInfo(receiver).Symbol;
        if (symbol is IAliasSymbol alias) symbol = alias.Target;
        if (symbol is INamespaceSymbol space)
            return Of(scope, tree, new(model.LookupNamespacesAndTypes(name.SpanStart, space).Select(s => s.Name)), space);
        if (symbol is ITypeSymbol itself)
            return itself.TypeKind is TypeKind.Error ? Free : Of(scope, tree, IsInNameOf(name)
                ? new(scope.Members(model, itself, name.SpanStart).All, scope.StaticMembers(model, itself, name.SpanStart))
                : scope.StaticMembers(model, itself, name.SpanStart), itself);
        var type = model.GetTypeInfo(receiver).Type;
        if (receiver.Parent is ConditionalAccessExpressionSyntax && type is INamedTypeSymbol
            { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable) type = nullable.TypeArguments[0];
        if (type is null && model.GetMemberGroup(receiver) is [var method, ..])
            return new(new([]), false, $"member of the method {method.Name}") { IsOfMember = true };
        if (type is null or { TypeKind: TypeKind.Error or TypeKind.Dynamic or TypeKind.Pointer or TypeKind.FunctionPointer }
            || type.SpecialType == SpecialType.System_Void)
            return Free;
        var names = scope.Members(model, type, name.SpanStart);
        // Those that are protected, too.
        if (receiver is BaseExpressionSyntax) names = new(model.LookupBaseMembers(name.SpanStart).Select(m => m.Name), names);
        // A member that is called as its type is.
        if (symbol?.Name == type.Name) names = new(names.All.Concat(scope.StaticMembers(model, type, name.SpanStart).All));
        return Of(scope, tree, names, type);
    }

    // There a type has all of its members.
    private static bool IsInNameOf(IdentifierNameSyntax name) => name.Ancestors().OfType<InvocationExpressionSyntax>()
        .Any(i => i.Expression is IdentifierNameSyntax { Identifier.ValueText: "nameof" });

    private static NamePlace OfInitialiser(GuideScope scope, SyntaxTree tree, InitializerExpressionSyntax initialiser)
    {
        if (initialiser.Parent is not (BaseObjectCreationExpressionSyntax or WithExpressionSyntax)) return Free;
        var model = scope.Model(tree);
        var type = model.GetTypeInfo(initialiser.Parent).Type;
        if (type is null or { TypeKind: TypeKind.Error or TypeKind.TypeParameter }
            || type.AllInterfaces.Any(i => i.SpecialType == SpecialType.System_Collections_IEnumerable))
            return Free;
        return Of(scope, tree, scope.Members(model, type, initialiser.SpanStart), type);
    }

    // Code that declares types may give its own types further members, and others extension methods.
    private static NamePlace Of(GuideScope scope, SyntaxTree tree, SortedNames names, INamespaceOrTypeSymbol owner) =>
        new(names, scope.HoldsTypes, $"member of {owner.ToDisplayString(SymbolDisplayFormat.CSharpShortErrorMessageFormat)}")
        {
            IsOfMember = true,
            ExpectsNew = owner.Locations.Any(l => l.SourceTree == tree),
        };
}
