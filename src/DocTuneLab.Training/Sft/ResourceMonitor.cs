using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DocTuneLab.Training.Sft;

/// <summary>Processor, memory and GPU use of this process, read between steps.</summary>
internal sealed class ResourceMonitor : IDisposable
{
    private readonly Process _process = Process.GetCurrentProcess();
    private readonly Gpu? _gpu = Gpu.TryOpen();
    private TimeSpan _cpu;
    private long _time;

    public ResourceMonitor()
    {
        _cpu = _process.TotalProcessorTime;
        _time = Stopwatch.GetTimestamp();
    }

    public (double CpuPercent, long MemoryBytes, double? GpuPercent, long? GpuMemoryBytes) Read()
    {
        _process.Refresh();
        var (cpu, time) = (_process.TotalProcessorTime, Stopwatch.GetTimestamp());
        var wall = Stopwatch.GetElapsedTime(_time, time);
        var percent = wall > TimeSpan.Zero ? 100 * (cpu - _cpu) / wall / Environment.ProcessorCount : 0;
        (_cpu, _time) = (cpu, time);
        var gpu = _gpu?.Read();
        return (percent, _process.WorkingSet64, gpu?.Percent, gpu?.Memory);
    }

    public void Dispose() => _process.Dispose();

    /// <summary>The first GPU through NVML, which every NVIDIA driver brings.</summary>
    private sealed class Gpu
    {
        private readonly nint _device;

        private Gpu(nint device) => _device = device;

        public static Gpu? TryOpen()
        {
            try
            {
                return Init() == 0 && DeviceByIndex(0, out var device) == 0 ? new Gpu(device) : null;
            }
            catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
            {
                return null;
            }
        }

        public (double Percent, long Memory) Read()
        {
            Utilization(_device, out var use);
            Memory(_device, out var memory);
            return (use.Gpu, (long)memory.Used);
        }

        [StructLayout(LayoutKind.Sequential)]
        private struct UtilizationRates { public uint Gpu, Memory; }

        [StructLayout(LayoutKind.Sequential)]
        private struct MemoryInfo { public ulong Total, Free, Used; }

        [DllImport("libnvidia-ml.so.1", EntryPoint = "nvmlInit_v2")]
        private static extern int Init();

        [DllImport("libnvidia-ml.so.1", EntryPoint = "nvmlDeviceGetHandleByIndex_v2")]
        private static extern int DeviceByIndex(uint index, out nint device);

        [DllImport("libnvidia-ml.so.1", EntryPoint = "nvmlDeviceGetUtilizationRates")]
        private static extern int Utilization(nint device, out UtilizationRates rates);

        [DllImport("libnvidia-ml.so.1", EntryPoint = "nvmlDeviceGetMemoryInfo")]
        private static extern int Memory(nint device, out MemoryInfo info);
    }
}
