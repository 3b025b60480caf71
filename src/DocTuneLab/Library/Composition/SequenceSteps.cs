namespace DocTuneLab.Library.Composition;

/// <summary>Steps of LINQ over a sequence whose elements the library knows.</summary>
internal static class SequenceSteps
{
    /// <summary>The steps of one type of sequence.</summary>
    /// <param name="type">The sequence.</param>
    /// <param name="element">Its elements.</param>
    /// <param name="said">What a lambda may say of an element <c>x</c>: code, type, and the member that it uses.</param>
    /// <param name="fit">Which types have an order.</param>
    public static IEnumerable<Step> Of(
        string type, string element, IEnumerable<(string Code, string Type, string Member)> said, TypeFit fit)
    {
        foreach (var (code, result, member) in said)
        {
            Step Make(string output, string call, string after = "") =>
                new([member], [type], output, parts => new($"{parts[0].Operand}.{call}(x => {code}){after}", true)) { HasReceiver = true };
            if (result == "bool")
            {
                yield return Make($"IEnumerable<{element}>", "Where");
                yield return Make("int", "Count");
                yield return Make("bool", "Any");
                yield return Make("bool", "All");
                continue;
            }
            if (result == element || TypeText.Element(result) is not null || TypeText.Awaited(result) is not null) continue;
            yield return Make($"IEnumerable<{result}>", "Select");
            if (TypeText.IsNullable(result)) continue;
            if (result is "int" or "long" or "double" or "decimal") yield return Make(result, "Sum");
            if (!fit.IsOrdered(result)) continue;
            yield return Make($"IEnumerable<{element}>", "OrderBy");
            yield return Make(result, "Max");
            yield return Make(result, "Min");
            yield return Make(element, "MaxBy", "!");
            yield return Make(element, "MinBy", "!");
        }
    }

    /// <summary>What turns a sequence into the kind that is asked for; null where nothing does.</summary>
    public static string? Gather(string from, string to)
    {
        if (TypeText.Head(from) != "IEnumerable" || TypeText.Element(from) is not { } element || TypeText.Element(to) != element)
            return null;
        return TypeText.Head(to) switch
        {
            "IReadOnlyList" or "IReadOnlyCollection" or "IList" or "ICollection" or "List" => ".ToList()",
            "[]" => ".ToArray()",
            _ => null,
        };
    }
}
