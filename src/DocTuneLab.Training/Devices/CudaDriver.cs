using System.Runtime.InteropServices;
using System.Text;

namespace DocTuneLab.Training.Devices;

/// <summary>What libtorch's binding does not tell of a CUDA device, from the driver itself, which every machine with such a device has.
/// Devices are numbered as libtorch numbers them.</summary>
internal static class CudaDriver
{
    private const int CapabilityMajor = 75, CapabilityMinor = 76, TextLength = 256;

    /// <summary>Whether there is a driver and it works.</summary>
    public static bool IsPresent
    {
        get
        {
            try
            {
                return Init(0) == 0;
            }
            catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
            {
                return false;
            }
        }
    }

    /// <summary>Bytes that are free on a device, and all it has.</summary>
    /// <exception cref="LabException">The driver fails.</exception>
    public static (long Free, long Total) Memory(int index)
    {
        var device = Open(index);
        // The context that libtorch uses too.
        Check(Retain(out var context, device));
        try
        {
            Check(Push(context));
            try
            {
                Check(MemoryInfo(out var free, out var total));
                return ((long)free, (long)total);
            }
            finally
            {
                _ = Pop(out _); // A failure here would hide the one before it.
            }
        }
        finally
        {
            _ = Release(device); // Likewise.
        }
    }

    /// <summary>Compute capability, such as 9.0.</summary>
    public static (int Major, int Minor) Capability(int index)
    {
        var device = Open(index);
        Check(Attribute(out var major, CapabilityMajor, device));
        Check(Attribute(out var minor, CapabilityMinor, device));
        return (major, minor);
    }

    /// <summary>Name of the product.</summary>
    public static unsafe string Name(int index) => Text(bytes => DeviceName((byte*)bytes, TextLength, Open(index)));

    /// <summary>Address on the bus, by which NVML knows the device too.</summary>
    public static unsafe string BusId(int index) => Text(bytes => DeviceBusId((byte*)bytes, TextLength, Open(index)));

    private static unsafe string Text(Func<nint, int> read)
    {
        var bytes = stackalloc byte[TextLength];
        Check(read((nint)bytes));
        return Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(bytes));
    }

    private static int Open(int index)
    {
        Check(Init(0));
        Check(DeviceAt(out var device, index));
        return device;
    }

    private static void Check(int result)
    {
        if (result != 0) throw new LabException($"the CUDA driver answers with error {result}; 'nvidia-smi' shows whether it works at all");
    }

    [DllImport("libcuda.so.1", EntryPoint = "cuInit")]
    private static extern int Init(uint flags);

    [DllImport("libcuda.so.1", EntryPoint = "cuDeviceGet")]
    private static extern int DeviceAt(out int device, int ordinal);

    [DllImport("libcuda.so.1", EntryPoint = "cuDeviceGetAttribute")]
    private static extern int Attribute(out int value, int attribute, int device);

    [DllImport("libcuda.so.1", EntryPoint = "cuDeviceGetName")]
    private static extern unsafe int DeviceName(byte* name, int length, int device);

    [DllImport("libcuda.so.1", EntryPoint = "cuDeviceGetPCIBusId")]
    private static extern unsafe int DeviceBusId(byte* id, int length, int device);

    [DllImport("libcuda.so.1", EntryPoint = "cuDevicePrimaryCtxRetain")]
    private static extern int Retain(out nint context, int device);

    [DllImport("libcuda.so.1", EntryPoint = "cuDevicePrimaryCtxRelease_v2")]
    private static extern int Release(int device);

    [DllImport("libcuda.so.1", EntryPoint = "cuCtxPushCurrent_v2")]
    private static extern int Push(nint context);

    [DllImport("libcuda.so.1", EntryPoint = "cuCtxPopCurrent_v2")]
    private static extern int Pop(out nint context);

    [DllImport("libcuda.so.1", EntryPoint = "cuMemGetInfo_v2")]
    private static extern int MemoryInfo(out nuint free, out nuint total);
}
