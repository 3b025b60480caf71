using System.Runtime.InteropServices;

namespace DocTuneLab.Cli.Output;

/// <summary>Turns Ctrl-C and SIGTERM into a token; a second one ends the process at once.</summary>
internal sealed class Interruption : IDisposable
{
    /// <summary>SIGXFSZ, by the same number on Linux and macOS.</summary>
    private const int FileSizeExceeded = 25;

    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    public Interruption()
    {
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM })
            _registrations.Add(PosixSignalRegistration.Create(signal, Stop));
        // A write beyond 'ulimit -f' then fails with an error that can be told, instead of ending the process.
        if (!OperatingSystem.IsWindows())
            _registrations.Add(PosixSignalRegistration.Create((PosixSignal)FileSizeExceeded, context => context.Cancel = true));
    }

    /// <summary>What Ctrl-C does instead of ending the tool, while it is set: a console stops the running input only.</summary>
    public static Action? OnInterrupt { get; set; }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        if (context.Signal == PosixSignal.SIGINT && OnInterrupt is { } instead)
        {
            context.Cancel = true;
            instead();
            return;
        }
        if (_source.IsCancellationRequested)
            return;
        context.Cancel = true;
        // Not here: the callbacks of the token may take their time, and the next signal has to get through.
        _ = _source.CancelAsync();
    }
}
