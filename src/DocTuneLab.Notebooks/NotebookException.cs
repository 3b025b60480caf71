namespace DocTuneLab.Notebooks;

/// <summary>
/// An error that the user can act on: the message says where, what was expected and what to do. Hosts print the message alone.
/// </summary>
public class NotebookException : Exception
{
    /// <summary>Creates the error with the message shown to the user.</summary>
    public NotebookException(string message) : base(message) { }

    /// <summary>Creates the error with the message shown to the user and its cause.</summary>
    public NotebookException(string message, Exception inner) : base(message, inner) { }
}
