using DocTuneLab.Evaluation.Execution;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>One sandbox with tight limits for all tests of a class.</summary>
public sealed class SandboxFixture : IDisposable
{
    public Sandbox Sandbox { get; } = TinyLibrary.Sandbox(new ExecutionOptions
    {
        AllowUntrustedCode = true,
        AllowWithoutIsolation = true,
        WallTime = TimeSpan.FromSeconds(3),
        MemoryBytes = 256 << 20,
        OutputBytes = 4096
    });

    public void Dispose() => Sandbox.Dispose();
}
