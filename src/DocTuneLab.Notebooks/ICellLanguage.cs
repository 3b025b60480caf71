using System.CommandLine;

namespace DocTuneLab.Notebooks;

/// <summary>
/// A language in which cells are written, chosen with <c>#!name</c>. The built-in ones are implementations of it, and an extension adds its
/// own with <see cref="IExtensionHost.AddLanguage"/>. Name, description and running are all that is needed; every other member is a service
/// that a language may offer. Cells run one after the other; questions about code may come from another thread while one runs.
/// </summary>
public interface ICellLanguage
{
    /// <summary>The name after <c>#!</c>, which starts with a letter: <c>lua</c>.</summary>
    string Name { get; }

    /// <summary>What <c>#!lsmagic</c> and <c>--help</c> say about it.</summary>
    string Description { get; }

    /// <summary>Other names, without <c>#!</c>. Default: none.</summary>
    IReadOnlyList<string> Aliases => [];

    /// <summary>
    /// Gives the line <c>#!name</c> options and arguments, whose values <see cref="CellCode"/> has when the code runs. Default: none.
    /// </summary>
    void Configure(Command command)
    {
    }

    /// <summary>Runs a piece of code.</summary>
    /// <param name="code">The code, and where it stands.</param>
    /// <param name="cell">The running cell: where to show things and print, and when to stop.</param>
    /// <returns>The value to show as the result, or null if the code has none.</returns>
    /// <exception cref="NotebookException">Something is wrong with the code; the message is shown with the line of the cell.</exception>
    Task<CellValue?> RunAsync(CellCode code, CellContext cell);

    /// <summary>Ways to go on typing. Default: none.</summary>
    /// <param name="code">The cell, blank where it is not in this language, so that positions are those in the cell.</param>
    /// <param name="position">Where the cursor is, in UTF-16 units.</param>
    /// <param name="cancellation">Ends the search.</param>
    Task<CellCompletions> CompleteAsync(string code, int position, CancellationToken cancellation) =>
        Task.FromResult(CellCompletions.None(position));

    /// <summary>
    /// Signature and documentation of what stands at a position, or null. Parameters as for <see cref="CompleteAsync"/>. Default: null.
    /// </summary>
    Task<string?> InspectAsync(string code, int position, CancellationToken cancellation) => Task.FromResult<string?>(null);

    /// <summary>
    /// The overloads of the call around a position, or null outside of one. Parameters as for <see cref="CompleteAsync"/>. Default: null.
    /// </summary>
    Task<CellSignatures?> SignaturesAsync(string code, int position, CancellationToken cancellation) =>
        Task.FromResult<CellSignatures?>(null);

    /// <summary>Errors and warnings of code that has not run; the code as for <see cref="CompleteAsync"/>. Default: none.</summary>
    Task<IReadOnlyList<CellDiagnostic>> DiagnosticsAsync(string code, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<CellDiagnostic>>([]);

    /// <summary>Whether code can be run as it is, for consoles that must know whether a line ends the input. Default: it can.</summary>
    CodeCompleteness Completeness(string code) => CodeCompleteness.Complete;

    /// <summary>
    /// The variables of the language, in the order of their declaration, for <c>#!whos</c>; null if it has none of its own, as SQL, whose
    /// results are C# variables. Default: null.
    /// </summary>
    IReadOnlyList<CellVariable>? Variables => null;

    /// <summary>
    /// Reads a variable for <c>#!share --from name</c> and <c>@name:variable</c>. Asked only if <see cref="Variables"/> is not null.
    /// </summary>
    bool TryGetValue(string name, out object? value)
    {
        value = null;
        return false;
    }

    /// <summary>
    /// Takes a value that <c>#!share</c> or <c>#!set</c> gives to the language. Default: takes none, and the value is left to C#.
    /// </summary>
    /// <param name="name">Name of the variable.</param>
    /// <param name="value">The value.</param>
    /// <param name="type">The type to declare it with: that of the value or one that it converts to.</param>
    /// <returns>False if values cannot be given to this language.</returns>
    /// <exception cref="NotebookException">This value, or this name, cannot be one of the language.</exception>
    bool TrySetValue(string name, object? value, Type type) => false;
}
