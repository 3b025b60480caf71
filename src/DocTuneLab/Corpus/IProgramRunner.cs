namespace DocTuneLab.Corpus;

/// <summary>A method to be run with example values.</summary>
/// <param name="Method">One method as a declaration.</param>
/// <param name="Usings">Namespaces in scope besides the implicit ones.</param>
/// <param name="Arguments">Lists of C# expressions, one for each parameter: tried in their order until one gives a value.</param>
public sealed record SampleProgram(string Method, IReadOnlyList<string> Usings, IReadOnlyList<IReadOnlyList<string>> Arguments);

/// <summary>How a program ended.</summary>
public enum ProgramEnd
{
    /// <summary>It gave a value, or, where it returns nothing, came to its end.</summary>
    Value,
    /// <summary>It gave null.</summary>
    Nothing,
    /// <summary>An exception escaped, or its process ended with it.</summary>
    Threw,
    /// <summary>It took more processor time than it may, or waited for what never comes.</summary>
    Timeout,
    /// <summary>It was not run.</summary>
    NotRun,
}

/// <summary>What became of a program.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Detail">The exception, or why it was not run; empty for a value.</param>
public sealed record ProgramOutcome(ProgramEnd End, string Detail)
{
    /// <summary>It gave a value.</summary>
    public static ProgramOutcome Value { get; } = new(ProgramEnd.Value, "");
}

/// <summary>Runs the code of samples where it can do no harm. The core starts no processes; who does implements this.</summary>
public interface IProgramRunner
{
    /// <summary>Why nothing is run on this machine; null where programs are.</summary>
    string? Refusal { get; }

    /// <summary>Runs programs; outcomes in their order. The same programs give the same outcomes, however busy the machine is.</summary>
    IReadOnlyList<ProgramOutcome> Run(IReadOnlyList<SampleProgram> programs, CancellationToken cancel);
}
