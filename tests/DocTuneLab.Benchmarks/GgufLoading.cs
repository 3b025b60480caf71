using System.Diagnostics;
using System.Globalization;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Benchmarks;

/// <summary>
/// What opening a GGUF file costs beside reading it: time and the peak of resident memory above what the process had, the file's mapped
/// pages counted. Each figure is of a process of its own, with the file in the page cache; the first load of a process compiles what it
/// runs, so the second is shown beside it. Damaged files: the longest refusal, and the most memory that one took.
/// </summary>
internal static class GgufLoading
{
    private const int Processes = 5;

    private static readonly ModelLoadOptions s_loading = new()
    { Quantization = "none", ComputeType = ActivationType.Float32, Device = "cpu" };

    /// <summary><c>gguf FILE [DAMAGED]</c>: a model, and a folder of damaged ones.</summary>
    public static int Run(string[] args)
    {
        if (args is ["one", var what, var path]) return One(what, path);
        var (file, megabytes) = (args[0], new FileInfo(args[0]).Length / 1e6);
        Ask("read", file);
        var read = Median(() => Ask("read", file)[0]);
        var loads = Enumerable.Range(0, Processes).Select(_ => Ask("load", file)).ToArray();
        double Middle(int column) => loads.Select(l => l[column]).Order().ElementAt(Processes / 2);
        Write($"{Path.GetFileName(file)}, {megabytes:F1} MB, medians of {Processes} processes, file in the page cache");
        Write($"  read through      {read,8:F1} ms");
        Write($"  first load        {Middle(0),8:F1} ms  {Middle(0) / read:F2} times");
        Write($"  second load       {Middle(1),8:F1} ms  {Middle(1) / read:F2} times");
        Write($"  peak of first     {Middle(2),8:F1} MB  {Middle(2) / megabytes:F2} times the file");
        Write($"  of all weights    {Middle(3),8:F1} MB  {Middle(3) / megabytes:F2} times: the peak with the first text scored");
        if (args.ElementAtOrDefault(1) is not { } folder) return 0;
        var refusals = Directory.GetFiles(folder, "*.gguf").Order(StringComparer.Ordinal)
            .Where(f => !f.Contains("-of-", StringComparison.Ordinal) || f.Contains("00001-of", StringComparison.Ordinal))
            .Select(f => (Name: Path.GetFileName(f), Result: Ask("refuse", f))).ToArray();
        var (slowest, largest) = (refusals.MaxBy(r => r.Result[0]), refusals.MaxBy(r => r.Result[1]));
        Write($"  {refusals.Length} damaged files, {refusals.Count(r => r.Result[2] == 1)} refused");
        Write($"  slowest refusal   {slowest.Result[0],8:F0} ms  {slowest.Name}");
        Write($"  largest refusal   {largest.Result[1],8:F1} MB  {largest.Name}");
        return refusals.All(r => r.Result[2] == 1) ? 0 : 1;
    }

    private static int One(string what, string path)
    {
        using (TorchSharp.torch.zeros(1)) File.WriteAllText("/proc/self/clear_refs", "5");
        var before = Resident("VmRSS");
        var watch = Stopwatch.StartNew();
        var results = new List<double>();
        switch (what)
        {
            case "read":
                Read(path);
                results.Add(watch.Elapsed.TotalMilliseconds);
                break;
            case "load":
                using (var model = BaseModel.Load(path, s_loading))
                {
                    results.Add(watch.Elapsed.TotalMilliseconds);
                    var loaded = Resident("VmHWM") - before;
                    watch.Restart();
                    using (BaseModel.Load(path, s_loading)) results.Add(watch.Elapsed.TotalMilliseconds);
                    _ = new LocalModel(model).LogProbabilities([1, 2, 3, 4]);
                    results.AddRange([loaded, Resident("VmHWM") - before]);
                }
                break;
            default:
                var isRefused = 0;
                try
                {
                    BaseModel.Load(path, s_loading).Dispose();
                }
                catch (LabException)
                {
                    isRefused = 1;
                }
                results.AddRange([watch.Elapsed.TotalMilliseconds, Resident("VmHWM") - before, isRefused]);
                break;
        }
        Console.Out.WriteLine(string.Join(' ', results.Select(r => r.ToString("R", CultureInfo.InvariantCulture))));
        return 0;
    }

    private static void Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0);
        var buffer = new byte[1 << 20];
        while (stream.Read(buffer) > 0)
        {
        }
    }

    private static double[] Ask(string what, string path)
    {
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["gguf", "one", what, path])
        { RedirectStandardOutput = true })!;
        var line = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => double.Parse(n, CultureInfo.InvariantCulture))];
    }

    private static double Median(Func<double> measure) =>
        Enumerable.Range(0, Processes).Select(_ => measure()).Order().ElementAt(Processes / 2);

    // In megabytes.
    private static double Resident(string field) => double.Parse(
        File.ReadLines("/proc/self/status").First(l => l.StartsWith(field + ":", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024 / 1e6;

    private static void Write(FormattableString line) => Console.Out.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
