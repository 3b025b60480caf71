using System.Runtime.InteropServices;

namespace DocTuneLab.Cli.Output;

/// <summary>Turns Ctrl-C and SIGTERM into a token; a second one ends the process at once.</summary>
internal sealed class Interruption : IDisposable
{
    /// <summary>SIGXFSZ, by the same number on Linux and macOS.</summary>
    private const int FileSizeExceeded = 25;

    private readonly CancellationTokenSource source = new();
    private readonly List<PosixSignalRegistration> registrations = [];

    public Interruption()
    {
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM })
            registrations.Add(PosixSignalRegistration.Create(signal, Stop));
        // A write beyond 'ulimit -f' then fails with an error that can be told, instead of ending the process.
        if (!OperatingSystem.IsWindows())
            registrations.Add(PosixSignalRegistration.Create((PosixSignal)FileSizeExceeded, context => context.Cancel = true));
    }

    /// <summary>What Ctrl-C does instead of ending the tool, while it is set: a console stops the running input only.</summary>
    public static Action? OnInterrupt { get; set; }

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        foreach (var registration in registrations)
            registration.Dispose();
        source.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        if (context.Signal == PosixSignal.SIGINT && OnInterrupt is { } instead)
        {
            context.Cancel = true;
            instead();
            return;
        }
        if (source.IsCancellationRequested)
            return;
        context.Cancel = true;
        // Not here: the callbacks of the token may take their time, and the next signal has to get through.
        _ = source.CancelAsync();
    }
}
