using System.CommandLine;
using System.Globalization;
using DocTuneLab.Corpus;
using DocTuneLab.Experiments;
using DocTuneLab.Storage;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Sft;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune train</c>: an adapter over a frozen base model, from a YAML file, from options, or both.</summary>
internal static class Train
{
    public static Command Command()
    {
        var config = new Argument<string?>("CONFIG.yaml") { Description = "Settings; a file of LLaMA-Factory or Axolotl is read too. Options overrule it.", Arity = ArgumentArity.ZeroOrOne };
        var model = new Option<string?>("--base") { Description = ModelFolder.Description, HelpName = "DIR" };
        var corpus = new Option<string?>("--corpus") { Description = "File of samples, one JSON object a line.", HelpName = "FILE" };
        var lab = new Option<string?>("--lab") { Description = "Lab whose accepted samples are trained on; the run is kept in it.", HelpName = "L" };
        var output = new Option<string?>("--out") { Description = "Where checkpoints, logs and the adapter go. Default artifacts/run, or the run's folder in the lab.", HelpName = "DIR" };
        var resume = new Option<bool>("--resume") { Description = "Continues from the last checkpoint in the output folder, if there is one." };
        var device = LabOptions.Device();
        var dryRun = new Option<bool>("--dry-run") { Description = "Loads, estimates memory and steps, and stops before training." };
        var rank = new Option<int?>("--rank") { Description = "Rank of the adapter." };
        var alpha = new Option<double?>("--alpha") { Description = "Scale of the adapter times its rank." };
        var rate = new Option<double?>("--lr") { Description = "Peak learning rate." };
        var epochs = new Option<double?>("--epochs") { Description = "Passes over the corpus." };
        var replay = new Option<double?>("--replay") { Description = "Tokens of plain text about .NET beside each token of the corpus, on which the model is held to what it said before, so that less is forgotten; 0 is none. Default 0.", HelpName = "SHARE" };
        var replayWeight = new Option<double?>("--replay-weight") { Description = "Weight of that text's loss beside the corpus's. Default 1.", HelpName = "FACTOR" };
        var decay = new Option<double?>("--weight-decay") { Description = "Decoupled weight decay of the adapter's matrices. Default 0." };
        var steps = new Option<int?>("--max-steps") { Description = "Stops after this many optimiser steps." };
        var batch = new Option<int?>("--batch-tokens") { Description = "Tokens of a batch." };
        var seed = new Option<int?>("--seed") { Description = "Seed of data order, initial adapter and dropout." };
        var json = LabOptions.Json();
        var command = new Command("train", "Trains a QLoRA adapter.") { config, model, corpus, lab, output, resume, device, dryRun, rank, alpha, rate, epochs, replay, replayWeight, decay, steps, batch, seed, json };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            var settings = parsed.GetValue(config) is { } file ? TrainingConfig.Load(file) : new TrainingConfig();
            if (settings.Ignored.Count > 0) Console.Error.WriteLine($"{parsed.GetValue(config)}: a file of {settings.Dialect}; not taken: {string.Join(", ", settings.Ignored)}");
            var (lora, options) = (settings.Lora, settings.Options);
            settings = settings with
            {
                Base = parsed.GetValue(model) ?? settings.Base, Corpus = parsed.GetValue(corpus) ?? settings.Corpus, Lab = parsed.GetValue(lab) ?? settings.Lab, Device = parsed.GetValue(device) ?? settings.Device,
                Lora = lora with { Rank = parsed.GetValue(rank) ?? lora.Rank, Alpha = parsed.GetValue(alpha) ?? lora.Alpha },
                Options = options with
                {
                    LearningRate = parsed.GetValue(rate) ?? options.LearningRate, Epochs = parsed.GetValue(epochs) ?? options.Epochs, ReplayShare = parsed.GetValue(replay) ?? options.ReplayShare, ReplayWeight = parsed.GetValue(replayWeight) ?? options.ReplayWeight,
                    WeightDecay = parsed.GetValue(decay) ?? options.WeightDecay, MaxSteps = parsed.GetValue(steps) ?? options.MaxSteps,
                    BatchTokens = parsed.GetValue(batch) ?? options.BatchTokens, Seed = parsed.GetValue(seed) ?? options.Seed, OutputDirectory = parsed.GetValue(output) ?? options.OutputDirectory,
                    Resume = parsed.GetValue(resume) || options.Resume,
                },
            };
            return Run(settings, outputGiven: parsed.GetValue(output) is not null, parsed.GetValue(dryRun), parsed.GetValue(json), cancel);
        }, CancellationToken.None));
        return command;
    }

    private static int Run(TrainingConfig settings, bool outputGiven, bool dryRun, bool json, CancellationToken cancel)
    {
        if (settings.Base is null) throw new UsageException("which base model? Give --base DIR, or 'base' in the configuration.");
        if ((settings.Corpus is null) == (settings.Lab is null)) throw new UsageException("on what? Give either --corpus FILE or --lab L.");
        using var lab = settings.Lab is { } folder ? LabVerb.Open(folder, write: !dryRun) : null;
        var samples = (settings.Corpus is { } file ? CorpusFile.Read(file) : lab!.Samples()).ToArray();
        if (samples.Length == 0) throw new LabException($"{settings.Corpus ?? settings.Lab}: no samples to train on; make a corpus first");
        new Random(settings.Options.Seed).Shuffle(samples);
        var validation = settings.ValidationCount(samples.Length);
        using var model = BaseModel.Load(ModelFolder.Of(settings.Base, json, cancel), new ModelLoadOptions { Quantization = settings.Quantization, ComputeType = settings.ComputeType, Device = settings.Device });
        using var adapter = LoraAdapter.Create(model, settings.Lora, settings.Options.Seed);
        var recorder = lab is null || dryRun ? null : new RunRecorder(lab, model, settings.Lora, settings.Options, [.. samples.Select(s => s.Id)]);
        if (recorder is not null && !outputGiven)
        {
            var earlier = settings.Options.Resume ? lab!.Runs("train").LastOrDefault(r => Directory.Exists(Path.Combine(r.Directory, "checkpoints"))) : null;
            settings = settings with { Options = settings.Options with { OutputDirectory = earlier?.Directory ?? recorder.Directory } };
        }
        var trainer = new SftTrainer(model, adapter, samples[validation..], samples[..validation], settings.Options);
        Console.Error.WriteLine($"{model.ParameterCount:N0} parameters, computed in {model.ComputeType} on {model.Device}; adapter of {adapter.ParameterCount:N0}; {samples.Length - validation} samples, {validation} for validation{(trainer.LeftOut > 0 ? $"; {trainer.LeftOut} longer than {settings.Options.MaxLength} tokens left out" : "")}");
        var estimate = trainer.Estimate();
        Console.Error.WriteLine($"memory: {estimate}; {estimate.Available / 1048576.0:N0} MB free");
        if (dryRun)
        {
            estimate.Require(settings.Options);
            if (json) JsonOutput.Write(new { estimate, settings });
            return ExitCodes.Ok;
        }
        Directory.CreateDirectory(settings.Options.OutputDirectory);
        File.WriteAllText(Path.Combine(settings.Options.OutputDirectory, "config.yaml"), settings.ToYaml());
        TrainingResult result;
        var shown = DateTime.MinValue;
        try
        {
            result = trainer.Run(step =>
            {
                recorder?.Add(step);
                if (DateTime.UtcNow - shown < TimeSpan.FromSeconds(1) && step.EvalLoss is null && step.Step != step.TotalSteps) return;
                shown = DateTime.UtcNow;
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {step.Step}/{step.TotalSteps}  loss {step.Loss:F4}{(step.EvalLoss is { } eval ? $"  validation {eval:F4}" : "")}{(step.ReplayLoss is { } replayed ? $"  replay {replayed:F4}" : "")}  lr {step.LearningRate:G3}  norm {step.GradNorm:F2}  {step.TokensPerSecond:F0} tokens/s  {step.ShareOfPeak:P0} of peak  {step.Remaining:hh\\:mm\\:ss} left"));
            }, cancel);
        }
        catch
        {
            recorder?.Fail();
            throw;
        }
        recorder?.Finish(result);
        foreach (var warning in result.Warnings) Console.Error.WriteLine($"warning: {warning}");
        if (json) JsonOutput.Write(result with { History = [], Resources = [] });
        else Console.WriteLine($"{result.Steps} steps in {result.Elapsed:hh\\:mm\\:ss}, loss {result.FinalLoss:F4}{(result.BestEvalLoss is { } best ? $", validation {best:F4}" : "")}; adapter in {result.AdapterDirectory}");
        if (!result.Interrupted) return ExitCodes.Ok;
        Console.Error.WriteLine("Stopped; a checkpoint was written. The same command with --resume continues.");
        return ExitCodes.Interrupted;
    }
}
