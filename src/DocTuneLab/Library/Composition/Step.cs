namespace DocTuneLab.Library.Composition;

/// <summary>Part of an expression: its text, and whether something may follow it without parentheses.</summary>
internal readonly record struct Part(string Code, bool IsPrimary)
{
    /// <summary>As what stands before a dot or beside an operator.</summary>
    public string Operand => IsPrimary ? Code : $"({Code})";
}

/// <summary>One use of a member, all types filled in: values of some types become a value of another.</summary>
/// <param name="Members">Documentation ids of what it uses; none where only the framework does something.</param>
/// <param name="Inputs">Types of what it takes.</param>
/// <param name="Output">Type of what it gives.</param>
/// <param name="Write">Writes it from its inputs' text.</param>
internal sealed record Step(
    IReadOnlyList<string> Members, IReadOnlyList<string> Inputs, string Output, Func<IReadOnlyList<Part>, Part> Write)
{
    /// <summary>Whether the first input stands before a dot, where nothing is converted.</summary>
    public bool HasReceiver { get; init; }

    /// <summary>Order among steps, and what makes two of them the same.</summary>
    public string Key { get; } = $"{string.Join('+', Members)} {string.Join(", ", Inputs)} -> {Output}";
}
