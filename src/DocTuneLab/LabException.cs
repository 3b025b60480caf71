namespace DocTuneLab;

/// <summary>
/// An error that the user can act on: the message names the file, line or field, what was expected and what to do.
/// Hosts print the message alone, never a stack trace.
/// </summary>
public class LabException : Exception
{
    /// <summary>Creates the error with the message shown to the user.</summary>
    public LabException(string message) : base(message) { }

    /// <summary>Creates the error with the message shown to the user and its cause.</summary>
    public LabException(string message, Exception inner) : base(message, inner) { }
}
