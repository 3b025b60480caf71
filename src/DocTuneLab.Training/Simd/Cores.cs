using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Simd;

/// <summary>
/// Runs C# kernels on libtorch's own OpenMP threads. A second pool would fight with them: they spin for a while after every
/// product. Where the library is not found, the runtime's pool is used.
/// </summary>
internal static unsafe class Cores
{
    private const double SmallWork = 500_000;
    private static readonly delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void> s_parallel;

    static Cores()
    {
        if (OpenMpLibrary() is not { } path || !NativeLibrary.TryLoad(path, out var library)) return;
        if (!NativeLibrary.TryGetExport(library, "GOMP_parallel", out var parallel)) return;
        s_parallel = (delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void>)parallel;
    }

    /// <summary>
    /// Calls <paramref name="body"/> for 0 to <paramref name="count"/> - 1, spread over the threads. What an index computes
    /// must not depend on the others, so that results are the same for every number of threads.
    /// </summary>
    /// <param name="count">Items.</param>
    /// <param name="body">Work on one.</param>
    /// <param name="work">Operations of all items, roughly: what takes less time than waking a thread stays on this one.</param>
    public static void For(int count, Action<int> body, double work = double.MaxValue)
    {
        var threads = work < SmallWork ? 1 : Math.Min(count, get_num_threads());
        if (threads <= 1)
        {
            for (var i = 0; i < count; i++) body(i);
            return;
        }
        if (s_parallel is null)
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, body);
            return;
        }
        var job = new Job(count, body);
        var handle = GCHandle.Alloc(job);
        try
        {
            s_parallel(&Enter, GCHandle.ToIntPtr(handle), (uint)threads, 0);
        }
        finally
        {
            handle.Free();
        }
        job.Failure?.Throw();
    }

    /// <summary>Rows in chunks of about 16k elements: large enough to be worth handing out, small enough to balance.</summary>
    public static void Rows(int rows, int width, Action<int, int> body)
    {
        var chunk = Math.Max(1, 16384 / Math.Max(1, width));
        For((rows + chunk - 1) / chunk, i => body(i * chunk, Math.Min(rows, (i + 1) * chunk)), 10.0 * rows * width);
    }

    [UnmanagedCallersOnly]
    private static void Enter(nint data)
    {
        var job = Unsafe.As<Job>(GCHandle.FromIntPtr(data).Target!);
        try
        {
            // Taken one by one: items differ in cost, and another process may have slowed one thread.
            for (var i = job.Next(); i < job.Count; i = job.Next()) job.Body(i);
        }
        catch (Exception e)
        {
            // Must not cross native frames: the process would end.
            job.Failure ??= ExceptionDispatchInfo.Capture(e);
        }
    }

    private static string? OpenMpLibrary()
    {
        _ = get_num_threads(); // Loads libtorch.
        const string Maps = "/proc/self/maps";
        if (!OperatingSystem.IsLinux() || !File.Exists(Maps)) return null;
        return File.ReadLines(Maps)
            .Select(l => l.IndexOf('/') is var at and >= 0 ? l[at..] : "")
            .FirstOrDefault(p => Path.GetFileName(p).StartsWith("libgomp", StringComparison.Ordinal)
                || Path.GetFileName(p).StartsWith("libiomp5", StringComparison.Ordinal));
    }

    private sealed class Job(int count, Action<int> body)
    {
        private int _next = -1;

        public int Count => count;

        public Action<int> Body => body;

        public ExceptionDispatchInfo? Failure { get; set; }

        public int Next() => Interlocked.Increment(ref _next);
    }
}
