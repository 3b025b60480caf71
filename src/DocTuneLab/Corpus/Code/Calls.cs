using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>An expression and the C# type of its value; empty for <c>void</c>.</summary>
internal readonly record struct Value(string Code, string Type);

/// <summary>Writes the use of one member.</summary>
internal static class Calls
{
    /// <summary>Whether code outside the library can use the member by itself.</summary>
    public static bool Usable(MemberEntry m) => m.Symbol.Obsolete is null && m.Owner.Symbol.Obsolete is null && m.CanRead
        && !(m.Symbol.Kind == ApiKind.Constructor && (m.Owner.IsAbstract || m.Owner.Symbol.Kind == ApiKind.Delegate))
        && m.Symbol.Kind != ApiKind.Event
        && !m.Symbol.Signature.StartsWith("protected ", StringComparison.Ordinal)
        && !m.Symbol.Signature.Contains('*', StringComparison.Ordinal);

    /// <summary>Type parameters of the member and its owner, filled in.</summary>
    public static Dictionary<string, string>? Fill(Scope scope, MemberEntry m) => scope.Fill(m.Owner.TypeParameters, m.TypeParameters);

    /// <summary>A new parameter that holds the receiver; empty for what needs none.</summary>
    public static string Receiver(Scope scope, MemberEntry m, IReadOnlyDictionary<string, string> map)
    {
        if (m.Symbol.Kind == ApiKind.ExtensionMethod)
        {
            var type = TypeText.Substitute(m.Symbol.Parameters[0].Type, map);
            return scope.Parameter(Roles.PlaceOf(m, m.Symbol.Parameters[0], type) with { IsReceiver = !Roles.IsPlain(type) });
        }
        if (m.Symbol.IsStatic || m.Symbol.Kind is ApiKind.Constructor or ApiKind.Operator or ApiKind.EnumMember) return "";
        var owner = m.Owner.Filled(map);
        return scope.Parameter(new ValuePlace(owner, scope.NameFor(owner)) { IsReceiver = true });
    }

    /// <summary>Type of what receives the call: null for static members, constructors, operators and enum members.</summary>
    public static string? ReceiverType(MemberEntry m, IReadOnlyDictionary<string, string> map) => m.Symbol.Kind switch
    {
        ApiKind.ExtensionMethod => TypeText.Substitute(m.Symbol.Parameters[0].Type, map),
        ApiKind.Constructor or ApiKind.Operator or ApiKind.EnumMember => null,
        _ => m.Symbol.IsStatic ? null : m.Owner.Filled(map),
    };

    /// <summary>The use of a member as an expression; null where the member has no such use.</summary>
    /// <param name="scope">The method being written.</param>
    /// <param name="m">The member.</param>
    /// <param name="receiver">Receiver expression; ignored for static members.</param>
    /// <param name="map">Type parameters filled in.</param>
    /// <param name="literals">Share of arguments that become literals.</param>
    public static Value? Use(Scope scope, MemberEntry m, string receiver, IReadOnlyDictionary<string, string> map, double literals)
    {
        var s = m.Symbol;
        scope.Use(s);
        var type = TypeText.Substitute(s.ReturnType is "void" ? "" : s.ReturnType, map);
        var target = s.IsStatic && s.Kind != ApiKind.ExtensionMethod ? m.Owner.Filled(map) : receiver;
        switch (s.Kind)
        {
            case ApiKind.EnumMember: return new Value($"{m.Owner.Path}.{s.Name}", m.Owner.Path);
            case ApiKind.Property or ApiKind.Field: return new Value($"{target}.{s.Name}", type);
            case ApiKind.Indexer: return new Value($"{target}[{Arguments(scope, m, map, literals)}]", type);
            case ApiKind.Constructor:
                return new Value($"new {m.Owner.Filled(map)}({Arguments(scope, m, map, literals)}){Required(scope, m, map)}",
                    m.Owner.Filled(map));
            case ApiKind.Operator: return Operator(scope, m, map, literals, type);
            case ApiKind.Method or ApiKind.ExtensionMethod:
                var inferred = m.TypeParameters.All(p => s.Parameters.Any(a => TypeText.Names(a.Type).Contains(p.Name)));
                var generic = m.TypeParameters.Count == 0 || inferred
                    ? ""
                    : $"<{string.Join(", ", m.TypeParameters.Select(p => map[p.Name]))}>";
                return new Value($"{target}.{s.Name}{generic}({Arguments(scope, m, map, literals)})", type);
            default: return null;
        }
    }

    private static string Arguments(Scope scope, MemberEntry m, IReadOnlyDictionary<string, string> map, double literals)
    {
        var parts = new List<string>();
        var skipped = false;
        foreach (var parameter in m.Arguments)
        {
            // Most callers leave most optional arguments out; what follows a gap is named.
            if (parameter.DefaultValue is not null && scope.Chance(0.6)) { skipped = true; continue; }
            if (parameter.Modifier == "params" && TypeText.Element(parameter.Type) is { } element)
            {
                var count = scope.Random.Next(1, 3);
                for (var i = 0; i < count; i++) parts.Add(scope.Argument(m, parameter with { Type = element, Modifier = "" }, map,
                    literals));
                continue;
            }
            var value = scope.Argument(m, parameter, map, parameter.DefaultValue is null ? literals : Math.Max(literals, 0.6));
            parts.Add(skipped || (parameter.DefaultValue is not null && value.Length > 0 && scope.Chance(0.5))
                ? $"{parameter.Name}: {value}"
                : value);
            skipped |= parts[^1].StartsWith(parameter.Name + ": ", StringComparison.Ordinal);
        }
        return string.Join(", ", parts);
    }

    // Required properties must be set where the object is made.
    private static string Required(Scope scope, MemberEntry constructor, IReadOnlyDictionary<string, string> map)
    {
        if (constructor.Symbol.Parameters.Count > 0) return "";
        var required = constructor.Owner.Members.Where(m => m.IsRequired).ToList();
        if (required.Count == 0) return "";
        return " { " + string.Join(", ", required.Select(m =>
        {
            scope.Use(m.Symbol);
            return $"{m.Symbol.Name} = {scope.Argument(Roles.PlaceOf(m, TypeText.Substitute(m.Symbol.ReturnType, map)), "", 0.5)}";
        })) + " }";
    }

    private static Value? Operator(Scope scope, MemberEntry m, IReadOnlyDictionary<string, string> map, double literals, string type)
    {
        var name = m.Symbol.Id.Split('(')[0].Split('.')[^1];
        var arguments = m.Symbol.Parameters.Select(p => scope.Argument(m, p, map, p.Type == m.Owner.Path ? 0 : literals)).ToList();
        if (name == "op_Implicit") return new Value(arguments[0], type);
        if (name == "op_Explicit") return new Value($"({type}){arguments[0]}", type);
        if (arguments.Count == 1)
            return name switch
            {
                "op_UnaryNegation" => new Value($"-{arguments[0]}", type),
                "op_LogicalNot" => new Value($"!{arguments[0]}", type),
                "op_OnesComplement" => new Value($"~{arguments[0]}", type),
                _ => null
            };
        return OperatorSigns.Binary(name) is { } sign && arguments.Count == 2
            ? new Value($"{arguments[0]} {sign} {arguments[1]}", type)
            : null;
    }
}
