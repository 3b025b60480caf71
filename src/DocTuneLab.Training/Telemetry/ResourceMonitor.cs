using System.Diagnostics;
using System.Runtime.InteropServices;
using DocTuneLab.Training.Devices;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Telemetry;

/// <summary>Use of the machine over a second.</summary>
/// <param name="Second">Since the run began.</param>
/// <param name="CpuPercent">Processor use of this process; 100 is all cores.</param>
/// <param name="MemoryBytes">Resident memory of this process.</param>
/// <param name="GpuPercent">Use of the CUDA device that is watched; null where none is.</param>
/// <param name="GpuMemoryBytes">Memory in use on it, by all processes.</param>
/// <param name="PowerWatts">Of the processor package, where the system tells (RAPL).</param>
public sealed record ResourceSample(
    int Second, double CpuPercent, long MemoryBytes, double? GpuPercent, long? GpuMemoryBytes, double? PowerWatts)
{
    /// <summary>Of the CUDA device.</summary>
    public double? GpuPowerWatts { get; init; }
}

/// <summary>Reads the use of processor, memory, GPU and power once a second, on a thread of its own.</summary>
internal sealed class ResourceMonitor : IDisposable
{
    private readonly Process _process = Process.GetCurrentProcess();
    private readonly Gpu? _gpu;
    private readonly List<ResourceSample> _samples = [];
    private readonly Lock _lock = new();
    private readonly string? _energyFile = EnergyFile();
    private readonly Timer _timer;
    private TimeSpan _cpu;
    private long _time;
    private double? _energy;

    /// <param name="device">A CUDA device is watched too.</param>
    public ResourceMonitor(Device device)
    {
        if (device.type == TorchSharp.DeviceType.CUDA) _gpu = Gpu.TryOpen(CudaDriver.BusId(device.index));
        (_cpu, _time, _energy) = (_process.TotalProcessorTime, Stopwatch.GetTimestamp(), Energy());
        _timer = new Timer(_ => Sample(), null, 1000, 1000);
    }

    /// <summary>All samples so far.</summary>
    public IReadOnlyList<ResourceSample> Samples
    {
        get { lock (_lock) return [.. _samples]; }
    }

    /// <summary>The newest sample; one of now, if the first second is not over.</summary>
    public ResourceSample Last
    {
        get
        {
            lock (_lock)
            {
                if (_samples.Count > 0) return _samples[^1];
                _process.Refresh();
                return new ResourceSample(0, 0, _process.WorkingSet64, null, null, null);
            }
        }
    }

    private void Sample()
    {
        lock (_lock)
        {
            _process.Refresh();
            var (cpu, time, energy) = (_process.TotalProcessorTime, Stopwatch.GetTimestamp(), Energy());
            var seconds = Math.Max(1e-3, Stopwatch.GetElapsedTime(_time, time).TotalSeconds);
            var gpu = _gpu?.Read();
            // The counter wraps after some hours: that second has no reading.
            double? watts = energy - _energy is { } joules and >= 0 ? joules / seconds : null;
            _samples.Add(new ResourceSample(_samples.Count + 1, 100 * (cpu - _cpu).TotalSeconds / seconds / Environment.ProcessorCount,
                _process.WorkingSet64, gpu?.Percent, gpu?.Memory, watts)
            {
                GpuPowerWatts = gpu?.Watts
            });
            (_cpu, _time, _energy) = (cpu, time, energy);
        }
    }

    private static string? EnergyFile()
    {
        const string Path = "/sys/class/powercap/intel-rapl:0/energy_uj";
        try
        {
            _ = File.ReadAllText(Path);
            return Path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private double? Energy() =>
        _energyFile is null ? null : double.Parse(File.ReadAllText(_energyFile), System.Globalization.CultureInfo.InvariantCulture) / 1e6;

    public void Dispose()
    {
        _timer.Dispose();
        lock (_lock) _process.Dispose();
    }

    /// <summary>A GPU through NVML, which every NVIDIA driver brings.</summary>
    private sealed class Gpu
    {
        private readonly nint _device;

        private Gpu(nint device) => _device = device;

        // NVML numbers devices in another order than CUDA; their place on the bus is the same.
        public static Gpu? TryOpen(string busId)
        {
            try
            {
                return Init() == 0 && DeviceByBusId(busId, out var device) == 0 ? new Gpu(device) : null;
            }
            catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
            {
                return null;
            }
        }

        public (double? Percent, long? Memory, double? Watts) Read() => (
            Utilization(_device, out var use) == 0 ? use.Gpu : null,
            Memory(_device, out var memory) == 0 ? (long)memory.Used : null,
            Power(_device, out var milliwatts) == 0 ? milliwatts / 1000.0 : null);

        [StructLayout(LayoutKind.Sequential)]
        private struct UtilizationRates { public uint Gpu, Memory; }

        [StructLayout(LayoutKind.Sequential)]
        private struct MemoryInfo { public ulong Total, Free, Used; }

        [DllImport("libnvidia-ml.so.1", EntryPoint = "nvmlInit_v2")]
        private static extern int Init();

        [DllImport("libnvidia-ml.so.1", EntryPoint = "nvmlDeviceGetHandleByPciBusId_v2", BestFitMapping = false,
            ThrowOnUnmappableChar = true)]
        private static extern int DeviceByBusId([MarshalAs(UnmanagedType.LPStr)] string busId, out nint device);

        [DllImport("libnvidia-ml.so.1", EntryPoint = "nvmlDeviceGetPowerUsage")]
        private static extern int Power(nint device, out uint milliwatts);

        [DllImport("libnvidia-ml.so.1", EntryPoint = "nvmlDeviceGetUtilizationRates")]
        private static extern int Utilization(nint device, out UtilizationRates rates);

        [DllImport("libnvidia-ml.so.1", EntryPoint = "nvmlDeviceGetMemoryInfo")]
        private static extern int Memory(nint device, out MemoryInfo info);
    }
}
