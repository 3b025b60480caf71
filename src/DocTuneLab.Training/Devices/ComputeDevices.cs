using System.Globalization;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Devices;

/// <summary>What a model can be loaded on: <c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</summary>
public static class ComputeDevices
{
    /// <summary>The device of a name; <c>auto</c> is the first CUDA device, if libtorch finds one.</summary>
    /// <exception cref="LabException">The name is none of the four, or there is no such device, or no libtorch;
    /// the message says what is missing.</exception>
    public static Device Resolve(string name)
    {
        LibTorch.Require();
        var index = Index(name);
        if (index is null) return CPU;
        var count = cuda.is_available() ? cuda.device_count() : 0;
        if (count == 0)
            return name == "auto"
                ? CPU
                : throw new LabException($"there is no device '{name}': {WhyNone()}. Build with -p:Torch=cuda, or name the lib folder of a "
                    + "torch with CUDA in DOCTUNE_LIBTORCH; 'doctune doctor' says what this machine has");
        return index < count ? new Device(DeviceType.CUDA, index.Value)
            : throw new LabException($"there is no device '{name}': "
                + $"libtorch finds {count} ({string.Join(", ", Enumerable.Range(0, count).Select(i => $"cuda:{i}"))}); "
                + "CUDA_VISIBLE_DEVICES may hide others");
    }

    /// <summary>The element type of activations on a device.</summary>
    /// <param name="type">What is asked for.</param>
    /// <param name="hiddenSize">Width of the model.</param>
    /// <param name="device">Where it is computed.</param>
    public static ScalarType ComputeType(ActivationType type, int hiddenSize, Device device) =>
        device.type != DeviceType.CUDA ? Processor.ComputeType(type, hiddenSize)
        // In hardware from Ampere on.
        : type == ActivationType.Auto ? CudaDriver.Capability(device.index).Major >= 8 ? ScalarType.BFloat16 : ScalarType.Float32
        : Processor.ComputeType(type, hiddenSize);

    /// <summary>The CUDA devices that libtorch finds, each with its name, memory and compute capability;
    /// empty where there are none.</summary>
    public static IReadOnlyList<string> Describe()
    {
        LibTorch.Require();
        return [.. Enumerable.Range(0, cuda.is_available() ? cuda.device_count() : 0).Select(i =>
        {
            var ((free, total), (major, minor)) = (CudaDriver.Memory(i), CudaDriver.Capability(i));
            return string.Create(CultureInfo.InvariantCulture,
                $"cuda:{i} {CudaDriver.Name(i)}, {free / 1073741824.0:F1} of {total / 1073741824.0:F1} GiB free, capability "
                    + $"{major}.{minor}");
        })];
    }

    /// <summary>Bytes that may still be allocated on a device; on the processor, by this process.</summary>
    public static long FreeBytes(Device device) =>
        device.type == DeviceType.CUDA ? CudaDriver.Memory(device.index).Free : MainMemory.FreeBytes();

    /// <summary>Whether libtorch says that memory ran out: a device's, or main memory.</summary>
    internal static bool IsOutOfMemory(ExternalException e) =>
        e.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase)
            || e.Message.Contains("DefaultCPUAllocator", StringComparison.Ordinal);

    /// <summary>Does something that may take more memory than there is, and says so in words if it does.</summary>
    /// <param name="device">Where.</param>
    /// <param name="what">What for, such as "the model".</param>
    /// <param name="remedy">What to do.</param>
    /// <param name="run">What is done.</param>
    /// <exception cref="LabException">Memory ran out.</exception>
    internal static T Within<T>(Device device, string what, string remedy, Func<T> run)
    {
        try
        {
            return run();
        }
        catch (ExternalException e) when (IsOutOfMemory(e))
        {
            throw OutOfMemory(device, what, remedy, e);
        }
    }

    /// <summary>What <see cref="Within"/> throws.</summary>
    internal static LabException OutOfMemory(Device device, string what, string remedy, ExternalException e) =>
        new($"{(device.type == DeviceType.CPU ? "main memory" : $"the memory of {device}")} was not enough for {what} "
            + $"({e.Message.Split('\n')[0].Trim()}); {remedy}", e);

    private static int? Index(string name) =>
        name == "cpu" ? null
            : IsCuda(name, out var index) ? index
            : throw new LabException($"the device '{name}' is unknown; expected auto, cpu, cuda or cuda:N with N from 0 on");

    private static bool IsCuda(string name, out int index)
    {
        index = 0;
        return name is "auto" or "cuda"
            || name.StartsWith("cuda:", StringComparison.Ordinal)
                && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out index);
    }

    /// <summary>Why libtorch finds no CUDA device: the build, the driver, or what is hidden.</summary>
    public static string WhyNone() => !(LibTorch.Require() is { } other
        ? File.Exists(Path.Combine(other.Folder, "libtorch_cuda.so"))
        : NativeLibrary.TryLoad("torch_cuda", typeof(torch).Assembly, null, out _))
        ? "this libtorch is the build for processors"
        : CudaDriver.IsPresent
            ? "libtorch has CUDA, but finds no device; CUDA_VISIBLE_DEVICES may hide it, or the driver may be older than libtorch's CUDA"
        : "libtorch has CUDA, but this machine has no NVIDIA driver (libcuda.so.1)";
}
