using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using DocTuneLab.Training.Devices;

LibTorch.Prepare(); // Some use TorchSharp before they use the lab.

if (args is ["train", ..])
    return DocTuneLab.Benchmarks.TrainingStepComparison.Run(args);
if (args is ["train-long", ..])
    return DocTuneLab.Benchmarks.TrainingStepComparison.RunLong(
        args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 10_000);
if (args is ["device", ..])
    return DocTuneLab.Benchmarks.DeviceBenchmark.Run(args);
if (args is ["train-full", ..])
    return DocTuneLab.Benchmarks.FullModelRun.Run(args);
if (args is ["kernel", ..])
    return await DocTuneLab.Benchmarks.KernelComparison.RunAsync();
if (args is ["storage", ..])
    return DocTuneLab.Benchmarks.StorageBenchmarks.Run(
        args is [_, var pages] ? int.Parse(pages, System.Globalization.CultureInfo.InvariantCulture) : 10_000);
if (args is ["killtest", ..])
    return DocTuneLab.Benchmarks.KillTest.Run(
        args is [_, var kills] ? int.Parse(kills, System.Globalization.CultureInfo.InvariantCulture) : 200);

if (args is ["gguf", _, ..])
    return DocTuneLab.Benchmarks.GgufLoading.Run(args[1..]);

if (args is ["documents", ..])
    return DocTuneLab.Benchmarks.DocumentBenchmarks.Run(args[1..]);
if (args is ["longline"])
    return DocTuneLab.Benchmarks.DocumentBenchmarks.LongLine();
if (args is ["docsets", _, ..])
    return DocTuneLab.Benchmarks.DocumentBenchmarks.Table(args[1..]);
if (args is ["fuzz", _, _, _, ..])
    return DocTuneLab.Benchmarks.DocumentFuzz.Run(args[1..]);
if (args is ["evaluation", ..])
    return DocTuneLab.Benchmarks.EvaluationBenchmarks.Run(args.ElementAtOrDefault(1));

if (args is ["guide-accepts", _, _, ..])
    return DocTuneLab.Benchmarks.GuideAccepts.Run(args[1..]);
if (args is ["guide-cost", _, _, _])
    return DocTuneLab.Benchmarks.GuideBenchmarks.Cost(args[1..]);
if (args is ["guide-share", _, ..])
    return DocTuneLab.Benchmarks.GuideShare.Run(args[1..]);

if (args is ["serve-faults", _, ..]) return await DocTuneLab.Benchmarks.ServerFaults.RunAsync(args[1], args[2..]);

if (args is ["batch", _, ..])
    return await DocTuneLab.Benchmarks.BatchThroughput.RunAsync(args[1..]);

if (args is ["statistics", ..])
    return DocTuneLab.Benchmarks.StatisticsSimulation.Run(
        args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 10_000);

if (args is ["guided-vs-rejection", .. var compared])
    return DocTuneLab.Benchmarks.GuidedVersusRejection.Run(compared);

if (args is ["corpus", .. var rest])
    return await DocTuneLab.Benchmarks.CorpusBenchmarks.RunAsync(rest);

// In this process: the native libraries are where they are, and a run takes a minute instead of ten.
var job = Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance);
var config = DefaultConfig.Instance.AddJob(job).HideColumns(Column.Error, Column.StdDev, Column.RatioSD, Column.Job, Column.IterationCount,
    Column.LaunchCount, Column.WarmupCount, Column.Toolchain);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
return 0;
