using Microsoft.DotNet.Interactive;

namespace DocTuneLab.DotNetInteractive;

/// <summary>Adds the kernel <c>#!doctune</c> to a .NET Interactive session.</summary>
public sealed class DocTuneKernelExtension : IKernelExtension
{
    /// <inheritdoc/>
    public Task OnLoadAsync(Kernel kernel)
    {
        Load(kernel);
        return Task.CompletedTask;
    }

    /// <summary>Adds the kernel once; loading the extension again does nothing.</summary>
    /// <exception cref="InvalidOperationException">The session has no composite kernel to add to.</exception>
    public static void Load(Kernel kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        if (kernel.RootKernel is not CompositeKernel root)
            throw new InvalidOperationException("The lab needs a session with several kernels; this one has a single kernel.");
        if (root.ChildKernels.All(child => child.Name != DocTuneKernel.KernelName))
            root.Add(new DocTuneKernel());
    }
}
