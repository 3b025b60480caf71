using System.Runtime.CompilerServices;
using DocTuneLab.Training.Devices;

namespace DocTuneLab.Training.Tests;

/// <summary>DOCTUNE_LIBTORCH also holds for tests that use TorchSharp before they use the lab.</summary>
internal static class UsedLibTorch
{
    [ModuleInitializer]
    internal static void Prepare() => LibTorch.Prepare();
}
