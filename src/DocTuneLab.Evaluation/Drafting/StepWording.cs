using System.Text.RegularExpressions;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>
/// Says what a method does in words of the library's documentation, without a name of its members: each call is the sentence of its
/// documentation as a request, with what it is given; what does not touch the library stands as code.
/// </summary>
/// <param name="api">The library.</param>
/// <param name="requests">Sentences of its documentation.</param>
/// <param name="method">The method.</param>
internal sealed partial class StepWording(ApiModel api, MemberRequests requests, DraftMethod method)
{
    private const int LongestCode = 160;

    private const string Before = "apply|applying|to|on|into|if|from|with|by|until|for|using|via|than|between|of|execute|run|call"
        + "|invoke|unless|while|in";

    private static readonly (string Name, string Said)[] s_opposites =
        [("hidden", "visible"), ("visible", "hidden"), ("closed", "open"), ("disabled", "enabled")];

    private readonly SemanticModel _model = method.Model;

    /// <summary>Why there are no words; null while there are.</summary>
    public string? Failure { get; private set; }

    /// <summary>One sentence for each step; the last says what is returned.</summary>
    public IReadOnlyList<string> Steps()
    {
        List<string> steps = [];
        var statements = method.Declaration.Body!.Statements;
        foreach (var statement in statements.SkipLast(1)) steps.Add(Statement(statement));
        var result = Unwrapped(((ReturnStatementSyntax)statements[^1]).Expression!);
        if (result is IdentifierNameSyntax or ThisExpressionSyntax) steps.Add($"Return `{result}`.");
        else if (result is TupleExpressionSyntax tuple)
            steps.Add($"Return a tuple of {tuple.Arguments.Count} values: "
                + $"{string.Join("; ", tuple.Arguments.Select(a => Value(a.Expression)))}.");
        else if (!method.Types.UsesLibrary(result, _model)) steps.Add($"Return {Code(result)}.");
        else
        {
            var clauses = Clauses(result);
            var last = clauses[^1];
            for (var i = 0; i < clauses.Count - 1; i++) clauses[i] = Returned().Replace(clauses[i], "$1get ");
            // "get the state of …" as the last step is "return the state of …".
            if (Of(last) is { } thing) clauses[^1] = $"return {thing}";
            else if (last.StartsWith("get ", StringComparison.Ordinal)) clauses[^1] = "return " + last[4..];
            else if (last.StartsWith("take the ", StringComparison.Ordinal)) clauses[^1] = "return " + last[5..];
            else if (last.StartsWith("of each item take ", StringComparison.Ordinal)) clauses[^1] = "return, of each item, " + last[18..];
            else if (last.StartsWith("tell whether ", StringComparison.Ordinal)) clauses[^1] = "return whether " + last[13..];
            else if (!last.StartsWith("return ", StringComparison.Ordinal)) clauses.Add("return the result");
            steps.Add(Sentence(clauses));
        }
        return [.. steps.Where(s => s.Length > 0)];
    }

    private string Statement(StatementSyntax statement)
    {
        switch (statement)
        {
            case var plain when !method.Types.UsesLibrary(plain, _model):
                return $"Have {Code(plain)}.";
            case LocalDeclarationStatementSyntax { Declaration.Variables: [{ Initializer.Value: var value } variable] }:
                return Named(Clauses(value), variable.Identifier.Text);
            case ExpressionStatementSyntax
            {
                Expression: AssignmentExpressionSyntax
                {
                    Left: IdentifierNameSyntax to,
                    RawKind: (int)SyntaxKind.SimpleAssignmentExpression
                } a
            }:
                return Named(Clauses(a.Right), to.Identifier.Text);
            case ExpressionStatementSyntax { Expression: var expression }:
                return Sentence(Clauses(expression));
            default:
                return Fail($"no words for a {statement.Kind()}");
        }
    }

    // "make a parser …" gives something that can be called by its name at once.
    private static string Named(List<string> clauses, string name)
    {
        if (clauses.Count == 1 && Thing(clauses[0]) is { } thing) return Sentence([$"let `{name}` be {thing}"]);
        return Sentence([.. clauses.SkipLast(1), $"{clauses[^1]}, and call the result `{name}`"]);
    }

    // "with `machine`, get the state" names the state of `machine`.
    private static string? Of(string clause) => Owned().Match(clause) is { Success: true } m
        ? $"{m.Groups[2].Value} of {m.Groups[1].Value}" : null;

    // What a clause makes or takes, where that is a thing.
    private static string? Thing(string clause)
    {
        foreach (var verb in (string[])["make ", "take ", "create ", "get ", "build "])
            if (clause.StartsWith(verb, StringComparison.Ordinal) && Article().IsMatch(clause[verb.Length..])) return clause[verb.Length..];
        return null;
    }

    private static string Sentence(IReadOnlyList<string> clauses) =>
        string.Join("; then ", clauses) is var text && text.Length > 0 ? char.ToUpperInvariant(text[0]) + text[1..] + "." : "";

    private string Fail(string why)
    {
        Failure ??= why;
        return "";
    }

    /// <summary>What an expression does, one clause for each member of the library on its way.</summary>
    private List<string> Clauses(ExpressionSyntax written)
    {
        var expression = Unwrapped(written);
        switch (expression)
        {
            case AwaitExpressionSyntax a: return Clauses(a.Expression);
            case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax access } call:
                {
                    if (_model.GetSymbolInfo(call).Symbol is not IMethodSymbol called) return [Fail("an unknown call")];
                    var owner = _model.GetSymbolInfo(access.Expression).Symbol is INamedTypeSymbol ? null : access.Expression;
                    if (!method.Types.IsOfLibrary(called))
                        return owner is null ? [Fail("a call between the library and something else")]
                            : [.. Clauses(owner), Applied(access.Name, call.ArgumentList)];
                    return Call(owner, called, call.ArgumentList.Arguments, owner is null ? OfType(called) : null);
                }
            case MemberAccessExpressionSyntax member when _model.GetSymbolInfo(member).Symbol is IPropertySymbol or IFieldSymbol:
                {
                    var symbol = _model.GetSymbolInfo(member).Symbol!;
                    var owner = _model.GetSymbolInfo(member.Expression).Symbol is INamedTypeSymbol ? null : member.Expression;
                    if (!method.Types.IsOfLibrary(symbol))
                        return owner is null ? [$"take {Code(member)}"] : [.. Clauses(owner), $"take `.{member.Name}` of that"];
                    if (owner is null) return [$"take {Static(symbol)}"];
                    return Call(owner, symbol, [], null);
                }
            case ObjectCreationExpressionSyntax or ImplicitObjectCreationExpressionSyntax:
                {
                    var made = (BaseObjectCreationExpressionSyntax)expression;
                    if (_model.GetTypeInfo(made).Type is not INamedTypeSymbol type) return [Fail("an unknown type")];
                    return [$"make {WithArticle(TypeWords(type))}"
                        + Details(_model.GetSymbolInfo(made).Symbol as IMethodSymbol, made.ArgumentList?.Arguments ?? default, "")
                        + $"{Initialiser(made.Initializer)}"];
                }
            case AssignmentExpressionSyntax { RawKind: (int)SyntaxKind.SimpleAssignmentExpression } set:
                return [$"set {Target(set.Left)} to {Value(set.Right)}"];
            case CastExpressionSyntax cast: return [.. Clauses(cast.Expression), $"take it as `{cast.Type}`"];
            case BinaryExpressionSyntax binary when _model.GetSymbolInfo(binary).Symbol is IMethodSymbol op && method.Types.IsOfLibrary(op):
                return [$"{Request(op) ?? Fail("an operator without words")} ({Value(binary.Left)} and {Value(binary.Right)})"];
            case ElementAccessExpressionSyntax element when !method.Types.UsesLibrary(element.ArgumentList, _model)
                && !method.Types.IsOfLibrary(_model.GetSymbolInfo(element).Symbol):
                return [.. Clauses(element.Expression), $"take its element `{element.ArgumentList}`"];
            case IdentifierNameSyntax local: return [$"take `{local}`"];
            default:
                return method.Types.UsesLibrary(expression, _model) ? [Fail($"no words for a {expression.Kind()}")]
                    : [$"take {Code(expression)}"];
        }
    }

    // A function that uses the library is told in words, as the library's own calls are.
    private string Applied(SimpleNameSyntax name, ArgumentListSyntax arguments)
    {
        if (!method.Types.UsesLibrary(arguments, _model)) return $"apply `.{name}{Arguments(arguments)}`";
        if (arguments.Arguments is [{ Expression: SimpleLambdaExpressionSyntax { ExpressionBody: { } body } }]
            && Clauses(body) is [var one] && SequenceWording.Of(name.Identifier.Text, one, Scale(body)) is { } words) return words;
        // What is left would be read as code.
        return Fail($"no words for what `{name}` does with the library");
    }

    // Texts have an order and no size; of what is one of a few values, nobody knows which is the largest.
    private SequenceScale Scale(ExpressionSyntax key) => _model.GetTypeInfo(key).Type switch
    {
        { SpecialType: SpecialType.System_String or SpecialType.System_Char } => SequenceScale.Alphabet,
        { TypeKind: TypeKind.Enum } or { SpecialType: SpecialType.System_Boolean } => SequenceScale.None,
        _ => SequenceScale.Size,
    };

    private List<string> Call(ExpressionSyntax? owner, ISymbol called, SeparatedSyntaxList<ArgumentSyntax> arguments, string? of)
    {
        var receiver = owner is null ? null : Unwrapped(owner);
        var request = IsText(called) ? "get the text" : Request(called);
        if (request is null) return [Fail($"no words for {called.Name}")];
        // What an extension method's sentence calls by the name of its first parameter is what stands before the dot.
        if (called is IMethodSymbol { ReducedFrom.Parameters: [var self, ..] } && receiver is IdentifierNameSyntax it)
            request = Regex.Replace(request, $@"(?<![\w`]|\b(?:the|a|an|specified|current) ){Regex.Escape(self.Name)}(?![\w`])", $"`{it}`");
        var text = Filled(request, called, arguments, out var told);
        // A lone verb takes what it is done to: "adapt `order`", or what is given: "with `reader`, parse `text`".
        var verb = request.Split(' ')[0];
        var takesReceiver = request == verb && receiver is IdentifierNameSyntax && (called is IMethodSymbol { ReducedFrom: not null }
            || arguments.Count == 0);
        if (takesReceiver) text = $"{verb} `{receiver}`";
        else if (request == verb && called is IMethodSymbol { Parameters: [var first, ..] } && arguments.Count > 0
            && ParameterOf(arguments[0], 0, [first]) is not null)
        {
            text = $"{verb} {Value(arguments[0].Expression)}";
            told += $" {first.Name}";
        }
        text += Details(called as IMethodSymbol, arguments, told) + of;
        if (receiver is null || takesReceiver) return [text];
        if (receiver is IdentifierNameSyntax name) return [text.Contains($"`{name}`", StringComparison.Ordinal) ? text
            : $"with `{name}`, {text}"];
        return method.Types.UsesLibrary(receiver, _model) ? [.. Clauses(receiver), text] : [$"with {Code(receiver)}, {text}"];
    }

    // Every object has a text; what its comment says of it is said of many.
    private static bool IsText(ISymbol called) => called is IMethodSymbol { Name: nameof(ToString), Parameters.Length: 0 };

    private string? Request(ISymbol symbol)
    {
        var definition = ((symbol as IMethodSymbol)?.ReducedFrom ?? symbol).OriginalDefinition;
        return definition.GetDocumentationCommentId() is { } id && requests.Of(id) is { } text && !IsOpposite(definition, text)
            && !Unedited().IsMatch(text) ? Way().Replace(Plain(text, definition), "") : null;
    }

    // "When false, it is not applied" and a comment that says the opposite of the name are no words for a flag.
    private static bool IsOpposite(ISymbol symbol, string text)
    {
        if ((symbol as IPropertySymbol)?.Type.SpecialType is not SpecialType.System_Boolean) return false;
        var name = MemberRequests.Words(symbol.Name).Split(' ');
        if (s_opposites.Any(o => name.Contains(o.Name) && text.Contains(o.Said, StringComparison.OrdinalIgnoreCase)
            && !text.Contains(o.Name, StringComparison.OrdinalIgnoreCase))) return true;
        return text.Contains("when false", StringComparison.OrdinalIgnoreCase) || name
            .Any(w => Opposite().Match(w) is { Success: true } m && !text.Contains(w, StringComparison.OrdinalIgnoreCase)
                && Regex.IsMatch(text, $@"\b{Regex.Escape(m.Groups[1].Value)}", RegexOptions.IgnoreCase));
    }

    // The member's own name is no word of its description.
    private static string Plain(string text, ISymbol symbol) => symbol.Name.Skip(1).Any(char.IsUpper)
        ? Regex.Replace(text, $@"\b{Regex.Escape(symbol.Name)}\b", MemberRequests.Words(symbol.Name)) : text;

    /// <summary>The request with type parameters and parameters that it names filled in.</summary>
    private string Filled(string request, ISymbol called, SeparatedSyntaxList<ArgumentSyntax> arguments, out string told)
    {
        told = "";
        var (types, names) = called is IMethodSymbol m
            ? (m.TypeParameters.Zip(m.TypeArguments, (p, a) => (p.Name, Type: a)), m.Parameters) : ([], []);
        if (called.ContainingType is { IsGenericType: true } owner) types = types
            .Concat(owner.TypeParameters.Zip(owner.TypeArguments, (p, a) => (p.Name, Type: a)));
        foreach (var (name, type) in types)
        {
            var pattern = $@"(?<![\w`]){Regex.Escape(name)}(?![\w`])";
            if (!Regex.IsMatch(request, pattern)) continue;
            request = Regex.Replace(request, pattern, $"`{ValueCode.Name(type).Replace("$", "$$", StringComparison.Ordinal)}`");
            told += $" <{name}>";
        }
        for (var i = 0; i < arguments.Count; i++)
        {
            var parameter = ParameterOf(arguments[i], i, names);
            if (parameter is null || told.Split(' ').Contains(parameter.Name)) continue;
            // "the specified parser" is a word of the sentence; behind a preposition or verb a bare name stands for what is given.
            var pattern = $@"(?<=^|\b(?:{Before}) ){Regex.Escape(parameter.Name)}(?![\w`])";
            // "The array of types supplied by types" names it once.
            if (Regex.Matches(request, pattern) is not [.., var place]) continue;
            // Of what a parameter takes many of, all are named.
            var value = string.Join(", ", arguments.Where((a, n) => n == i || n > i && parameter.IsParams
                && ParameterOf(a, n, names)?.Name == parameter.Name).Select(a => Value(a.Expression)));
            request = request[..place.Index] + value + request[(place.Index + place.Length)..];
            told += $" {parameter.Name}";
        }
        return request;
    }

    /// <summary>What a call is given that its sentence has not said.</summary>
    private string Details(IMethodSymbol? called, SeparatedSyntaxList<ArgumentSyntax> arguments, string told)
    {
        List<string> details = [];
        if (called is { IsGenericMethod: true } && called.MethodKind != MethodKind.Constructor)
        {
            foreach (var (parameter, type) in called.TypeParameters.Zip(called.TypeArguments))
                if (!told.Contains($"<{parameter.Name}>", StringComparison.Ordinal) && IsWritten(called))
                    details.Add($"{TypeParameterWords(parameter.Name)}: `{ValueCode.Name(type)}`");
        }
        string? last = null;
        for (var i = 0; i < arguments.Count; i++)
        {
            var parameter = ParameterOf(arguments[i], i, called?.Parameters ?? []);
            if (parameter is null)
            {
                Fail("an argument of nothing");
                continue;
            }
            if (parameter.Type.Name == "CancellationToken" || told.Split(' ').Contains(parameter.Name)) continue;
            var value = Value(arguments[i].Expression);
            // What a parameter takes many of is listed behind its name.
            if (parameter.Name == last) details[^1] += $", {value}";
            else details.Add($"{MemberRequests.Words(parameter.Name)}: {value}");
            last = parameter.Name;
        }
        return details.Count == 0 ? "" : $" ({string.Join("; ", details)})";
    }

    private bool IsWritten(IMethodSymbol called) => method.Declaration.DescendantNodes().OfType<GenericNameSyntax>()
        .Any(g => g.Identifier.Text == called.Name);

    private static string TypeParameterWords(string name) => name == "T" ? "type"
        : name.Length > 1 && name[1..].All(char.IsAsciiDigit) ? $"type {name[1..]}"
        : name.Length > 1 && name[0] == 'T' ? $"{MemberRequests.Words(name[1..])} type"
            .Replace("type type", "type", StringComparison.Ordinal) : $"type {name}";

    private static IParameterSymbol? ParameterOf(ArgumentSyntax argument, int at, IReadOnlyList<IParameterSymbol> parameters) =>
        argument.NameColon is { } named ? parameters.FirstOrDefault(p => p.Name == named.Name.Identifier.Text)
            : parameters.ElementAtOrDefault(at) ?? (parameters.Count > 0 && parameters[^1].IsParams ? parameters[^1] : null);

    /// <summary>A value as it stands within a sentence.</summary>
    private string Value(ExpressionSyntax written)
    {
        var value = Unwrapped(written);
        if (!method.Types.UsesLibrary(value, _model)) return Code(value);
        if (value is LambdaExpressionSyntax lambda) return Lambda(lambda);
        if (value is MemberAccessExpressionSyntax member && _model
            .GetSymbolInfo(member).Symbol is { IsStatic: true } symbol) return Static(symbol);
        if (value is TypeOfExpressionSyntax type) return Code(type);
        var clauses = Clauses(value);
        return clauses.Count == 1 && (Thing(clauses[0]) ?? Of(clauses[0])) is { } thing ? thing
            : clauses.Count == 1 && clauses[0].StartsWith("take `", StringComparison.Ordinal) ? clauses[0][5..]
            : $"the result of this: {string.Join("; then ", clauses)}";
    }

    // What is set up through a parameter: with => with.Flag = true, o => o.Add(…).
    private string Lambda(LambdaExpressionSyntax lambda)
    {
        var parameter = lambda is SimpleLambdaExpressionSyntax simple ? simple.Parameter.Identifier.Text
            : lambda is ParenthesizedLambdaExpressionSyntax { ParameterList.Parameters: [var only] } ? only.Identifier.Text : null;
        IEnumerable<ExpressionSyntax?> parts = lambda.Block is { } block
            ? block.Statements.Select(s => (s as ExpressionStatementSyntax)?.Expression) : [lambda.ExpressionBody];
        List<string> clauses = [];
        foreach (var part in parts)
        {
            if (part is null) return Fail("a function of several statements that uses the library");
            clauses.AddRange(Clauses(part));
        }
        return parameter is null or "_" ? $"a function that does this: {string.Join("; then ", clauses)}"
            : $"a function that, given `{parameter}`, does this: {string.Join("; then ", clauses)}";
    }

    private string Target(ExpressionSyntax left)
    {
        if (left is ImplicitElementAccessSyntax or ElementAccessExpressionSyntax && !method.Types
            .UsesLibrary(left, _model)) return Code(left);
        var symbol = _model.GetSymbolInfo(left).Symbol;
        if (symbol is null) return Fail("an unknown target");
        if (!method.Types.IsOfLibrary(symbol)) return Code(left);
        var noun = Noun(symbol);
        return left is MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax of } ? $"{noun} of `{of}`" : noun;
    }

    /// <summary>What a property is: "the number of …", from "get the number of …", or "the flag for whether …".</summary>
    public string Noun(ISymbol symbol)
    {
        var request = Request(symbol);
        if (request is null) return $"the {MemberRequests.Words(symbol.Name)}";
        foreach (var verb in (string[])["get or set ", "get ", "return ", "set "])
            if (request.StartsWith(verb, StringComparison.Ordinal)) return request[verb.Length..];
        return request.StartsWith("tell whether ", StringComparison.Ordinal) ? $"the flag for whether {request[13..]}"
            : $"the setting \"{request}\"";
    }

    private string Initialiser(InitializerExpressionSyntax? initialiser)
    {
        if (initialiser is null) return "";
        List<string> parts = [];
        foreach (var part in initialiser.Expressions)
            parts.Add(part is AssignmentExpressionSyntax set
                ? $"{Target(set.Left)}: {(set.Right is InitializerExpressionSyntax inner ? Code(inner) : Value(set.Right))}" : Value(part));
        return parts.Count == 0 ? "" : $", with {string.Join("; ", parts)}";
    }

    // A constant of the library: what its documentation says, or its name in words.
    private string Static(ISymbol symbol)
    {
        if (symbol is IFieldSymbol { ContainingType.TypeKind: TypeKind.Enum } or { Name: not ("Instance" or "Default" or "Shared") }
            && Request(symbol) is { } said)
        {
            var summary = api.Find(symbol.OriginalDefinition.GetDocumentationCommentId() ?? "")?.Summary;
            if (symbol is IFieldSymbol { ContainingType.TypeKind: TypeKind.Enum })
                return summary is { Length: > 0 }
                    ? $"the {TypeWords(symbol.ContainingType)} for this: \"{First(summary)}\""
                    : $"the {TypeWords(symbol.ContainingType)} \"{MemberRequests.Words(symbol.Name)}\"";
            return Thing(said) ?? (said.StartsWith("get ", StringComparison.Ordinal) ? said[4..] : $"the result of this: {said}");
        }
        var which = symbol.Name is "Instance" or "Shared" ? "shared" : MemberRequests.Words(symbol.Name);
        return $"the {which} {TypeWords(symbol.ContainingType)}";
    }

    private static string First(string summary) => FirstSentence().Match(OneLine(summary)).Value.Trim().TrimEnd('.');

    // The type on which a static member is called tells what it is of.
    private static string OfType(IMethodSymbol called) =>
        called.ContainingType.IsGenericType && called.ContainingType.TypeArguments.Length > 0
            ? $" for `{string.Join("`, `", called.ContainingType.TypeArguments.Select(ValueCode.Name))}`" : "";

    private string TypeWords(INamedTypeSymbol type)
    {
        var name = type.TypeKind == TypeKind.Interface && type.Name.Length > 2 && type.Name[0] == 'I' ? type.Name[1..] : type.Name;
        if (!method.Types.IsOfLibrary(type)) return $"`{ValueCode.Name(type)}`";
        return MemberRequests.Words(name) + (type.TypeArguments.Length == 0 ? ""
            : $" for `{string.Join("` and `", type.TypeArguments.Select(ValueCode.Name))}`");
    }

    private static string WithArticle(string noun) => noun.Length > 0 && "aeiou".Contains(noun[0], StringComparison.OrdinalIgnoreCase)
        ? $"an {noun}" : $"a {noun}";

    private static string Arguments(ArgumentListSyntax arguments) => OneLine(arguments.ToString());

    private string Code(SyntaxNode node)
    {
        var text = OneLine(node is StatementSyntax ? node.ToString() : node.WithoutTrivia().ToString());
        if (text.Length > LongestCode) Fail("code that is too long to be quoted");
        return text.Contains('`', StringComparison.Ordinal) ? Fail("a backtick") : $"`{text}`";
    }

    private static ExpressionSyntax Unwrapped(ExpressionSyntax expression) => expression switch
    {
        ParenthesizedExpressionSyntax p => Unwrapped(p.Expression),
        PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.SuppressNullableWarningExpression } s => Unwrapped(s.Operand),
        _ => expression,
    };

    private static string OneLine(string code) => Blanks().Replace(code, " ").Trim();

    // What is not the end gives nothing back yet.
    [GeneratedRegex("^(with `[^`]+`, )?return (?=(?:the|a|an) )")]
    private static partial Regex Returned();
    [GeneratedRegex("^with (`[^`]+`), (?:get|return) ((?:the|a|an) [^;(]+)$")]
    private static partial Regex Owned();
    // "Provides a way to transform …" transforms.
    [GeneratedRegex("^(?:get|return|provide) a way to ")]
    private static partial Regex Way();
    // Comments that are no request as they stand, and those that speak of the code around them.
    [GeneratedRegex(@"^(?:find out (?:when|if) |tell whether to |(?:to|for|when|if|by|on|in) )"
        + "|^tell whether (?:or not )?(?:add|allow|create|display|enable|ignore|include|keep|perform|return|set|show|skip|throw|treat"
        + "|use) "
        + @"|\bthis (?:instance|method|property)\b"
        + @"|\b\w+<T|\bsee (?:also|cref)\b")]
    private static partial Regex Unedited();
    [GeneratedRegex("^(?:in|un|non|dis)([a-z]{4,})$")]
    private static partial Regex Opposite();
    [GeneratedRegex("^(?:the|a|an) ")]
    private static partial Regex Article();
    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
    [GeneratedRegex(@"^.*?(?:\.(?=\s|$)|$)")]
    private static partial Regex FirstSentence();
}
