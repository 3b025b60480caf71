namespace DocTuneLab.Notebooks.Running;

/// <summary>A parameter that the notebook does not have, or a value that does not fit it.</summary>
public sealed class ParameterException : NotebookException
{
    /// <summary>Creates the error with the message shown to the user.</summary>
    public ParameterException(string message) : base(message) { }

    /// <summary>Creates the error with the message shown to the user and its cause.</summary>
    public ParameterException(string message, Exception inner) : base(message, inner) { }
}
