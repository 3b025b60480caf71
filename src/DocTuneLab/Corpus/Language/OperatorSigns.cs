namespace DocTuneLab.Corpus.Language;

/// <summary>How operators are written.</summary>
internal static class OperatorSigns
{
    private static readonly Dictionary<string, string> s_binary = new(StringComparer.Ordinal)
    {
        ["op_Addition"] = "+",
        ["op_Subtraction"] = "-",
        ["op_Multiply"] = "*",
        ["op_Division"] = "/",
        ["op_Modulus"] = "%",
        ["op_Equality"] = "==",
        ["op_Inequality"] = "!=",
        ["op_LessThan"] = "<",
        ["op_GreaterThan"] = ">",
        ["op_LessThanOrEqual"] = "<=",
        ["op_GreaterThanOrEqual"] = ">=",
        ["op_BitwiseAnd"] = "&",
        ["op_BitwiseOr"] = "|",
        ["op_ExclusiveOr"] = "^",
    };

    /// <summary>The sign of an operator, or its metadata name where it has none.</summary>
    public static string Of(MemberEntry m)
    {
        var name = m.Symbol.Id.Split('(')[0].Split('.')[^1];
        return s_binary.TryGetValue(name, out var sign)
            ? sign : name.StartsWith("op_", StringComparison.Ordinal) ? Prose.Words(name[3..]) : name;
    }

    /// <summary>The sign of an operator of two operands by its metadata name; null where it is none.</summary>
    public static string? Binary(string name) => s_binary.GetValueOrDefault(name);
}
