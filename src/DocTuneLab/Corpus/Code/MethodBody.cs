namespace DocTuneLab.Corpus.Code;

/// <summary>What stands in a method, with what its header must say of it.</summary>
/// <param name="ReturnType">Type of the result, or <c>void</c>.</param>
/// <param name="Lines">Statements, one or several lines each.</param>
/// <param name="IsAsync">Whether something in it is awaited.</param>
internal readonly record struct MethodBody(string ReturnType, IEnumerable<string> Lines, bool IsAsync);
