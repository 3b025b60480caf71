using System.CommandLine;
using System.Data.Common;
using System.Reflection;

namespace DocTuneLab.Notebooks;

/// <summary>What an extension may add to a session. Names that are already taken are replaced: the last one wins.</summary>
public interface IExtensionHost
{
    /// <summary>
    /// Adds a magic command. Its name starts with <c>#!</c> (<c>#!docs</c>); subcommands have plain names. Give each (sub)command its
    /// action with <see cref="CellCommandExtensions.SetCellAction(Command, Func{ParseResult, CellContext, Task})"/>.
    /// The host adds <c>--help</c>, prints parse errors at the argument and turns a thrown exception into the cell's error.
    /// </summary>
    /// <param name="command">The command line of the magic.</param>
    /// <param name="takesBody">
    /// False: the magic is one line, and the lines after it are code as before. True: the lines up to the next magic are its
    /// <see cref="CellContext.Body"/>.
    /// </param>
    void AddMagic(Command command, bool takesBody = false);

    /// <summary>
    /// Adds a language of cells: <c>#!name</c> runs what stands under it, and completion, <c>#!share</c>, <c>#!set</c> and <c>#!whos</c>
    /// know it as they know C#. A disposable one is disposed of when the session ends.
    /// </summary>
    void AddLanguage(ICellLanguage language);

    /// <summary>
    /// Adds namespaces that cells use without saying so. <c>static Ns.Type</c> imports the members of a type.
    /// The assemblies that declare them must be known: see <see cref="AddReferences"/>.
    /// </summary>
    void AddUsings(params string[] namespaces);

    /// <summary>Adds assemblies that cells may use.</summary>
    void AddReferences(params Assembly[] assemblies);

    /// <summary>Declares a variable of type <typeparamref name="T"/> in the C# session, which disposes of a disposable value
    /// when it ends.</summary>
    void SetValue<T>(string name, T value);

    /// <summary>
    /// Adds a database for <c>#!sql --connection name</c>. The first one added is the default. <paramref name="open"/> returns an
    /// open connection, which the host disposes of after the cell.
    /// </summary>
    void AddSqlConnection(string name, Func<DbConnection> open);

    /// <summary>Shows values of type <typeparamref name="T"/> (and derived ones) with <paramref name="format"/> for
    /// one MIME type.</summary>
    void AddFormatter<T>(string mimeType, Func<T, string> format);
}
