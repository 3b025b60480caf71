using System.CommandLine;
using System.Globalization;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Formats;
using DocTuneLab.Documents.Model;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Settings;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Recipes;
using DocTuneLab.Training.Telemetry;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune train</c>: an adapter over a frozen base model, from a YAML file, from options, or both.</summary>
internal static class Train
{
    public static Command Command()
    {
        var config = new Argument<string?>("CONFIG.yaml")
        {
            Description = "Settings; a file of LLaMA-Factory or Axolotl is read too. Options overrule it.",
            Arity = ArgumentArity.ZeroOrOne
        };
        LabArguments.RefuseOptions(config);
        var arguments = new TrainingArguments();
        var dryRun = CommonOptions.DryRun();
        var json = CommonOptions.Json();
        var command = new Command("train",
            "Trains a QLoRA adapter on a file of samples, or on the accepted ones of a lab, which then keeps the run.")
        {
            config, dryRun, json
        };
        arguments.AddTo(command);
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            var settings = parsed.GetValue(config) is { } file ? TrainingConfig.Load(file) : new TrainingConfig();
            if (settings.Ignored.Count > 0)
                Console.Error.WriteLine(
                    $"{parsed.GetValue(config)}: a file of {SettingNames.Of(settings.Dialect)}; not taken: "
                        + string.Join(", ", settings.Ignored));
            var outputGiven = arguments.IsGiven(parsed, nameof(SftOptions.OutputDirectory));
            return Run(arguments.Apply(parsed, settings), outputGiven, parsed.GetValue(dryRun), parsed.GetValue(json), cancel);
        }, CancellationToken.None));
        return command;
    }

    private static int Run(TrainingConfig settings, bool outputGiven, bool dryRun, bool json, CancellationToken cancel)
    {
        if (settings.Base is null) throw new UsageException("which base model? Give --base DIR, or 'base' in the configuration.");
        if (settings.Corpus is not null && settings.Lab != TrainingConfig.Settings.Defaults.Lab)
            throw new UsageException("on what? Give either --corpus FILE or --lab L.");
        using var lab = settings.Corpus is null ? LabVerb.Open(settings.Lab, write: !dryRun) : null;
        IReadOnlyList<Sample> samples = settings.Corpus is { } file ? TrainingRows(file) : lab!.Samples.List(Split.Train);
        if (samples.Count == 0) throw new LabException($"{settings.Corpus ?? settings.Lab}: no samples to train on; make a corpus first");
        using var model = BaseModel.Load(ModelFolder.Of(settings.Base, json, cancel), settings.Model);
        if (dryRun)
        {
            using var prepared = new TrainingStage(model, samples).Prepare(settings);
            Describe(model, prepared);
            var estimate = prepared.Estimate();
            estimate.Require(settings.Options);
            if (json) JsonOutput.Write(new { estimate, settings });
            return ExitCodes.Ok;
        }
        var stage = lab is null ? new TrainingStage(model, samples) : new TrainingStage(lab, model, samples);
        var shown = DateTimeOffset.MinValue;
        IReadOnlyList<string> told = [];
        var result = stage.Run(settings, outputGiven, prepared =>
        {
            Describe(model, prepared);
            told = prepared.Warnings;
        }, step =>
        {
            var now = TimeProvider.System.GetUtcNow();
            if (now - shown < TimeSpan.FromSeconds(1) && step.EvalLoss is null && step.Step != step.TotalSteps) return;
            shown = now;
            Console.Error.WriteLine(Line(step));
        }, cancel);
        foreach (var warning in result.Warnings.Except(told)) Console.Error.WriteLine($"warning: {warning}");
        if (json) JsonOutput.Write(result with { History = [], Resources = [] });
        else
            Console.WriteLine($"{result.Steps} steps in {result.Elapsed:hh\\:mm\\:ss}, "
                + $"loss {result.FinalLoss:F4}{(result.BestEvalLoss is { } best ? $", validation {best:F4}" : "")}; adapter in "
                + $"{result.AdapterDirectory}");
        if (!result.Interrupted)
        {
            Console.Error.WriteLine(NextSteps.Text(settings.Base, result.AdapterDirectory, lab is null ? null : settings.Lab));
            return ExitCodes.Ok;
        }
        Console.Error.WriteLine("Stopped; a checkpoint was written. The same command with --resume continues.");
        // The end of the minutes that were given is what was asked for.
        return cancel.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Ok;
    }

    // A file may hold all splits; what is to be tested with is not trained on.
    private static Sample[] TrainingRows(string file)
    {
        var all = CorpusFormats.Read(file);
        Sample[] training = [.. all.Where(s => s.Split == Split.Train)];
        if (training.Length == 0 && all.Count > 0)
            throw new LabException(
                $"{file}: all {all.Count} rows are marked as dev or test, which are not trained on; give a file of training rows");
        if (training.Length < all.Count)
            Console.Error.WriteLine(
                $"{file}: {all.Count - training.Length} of {all.Count} rows are marked as dev or test and are left out");
        return training;
    }

    private static void Describe(BaseModel model, PreparedTraining prepared)
    {
        var left = prepared.LeftOut > 0 ? $"; {prepared.LeftOut} longer than {prepared.Options.MaxLength} tokens left out" : "";
        Console.Error.WriteLine($"{model.ParameterCount:N0} parameters, computed in {model.ComputeType} on {model.Device}; "
            + $"adapter of {prepared.Adapter.ParameterCount:N0}; {prepared.SampleCount} samples, {prepared.ValidationCount} for "
            + $"validation{left}");
        foreach (var warning in prepared.Warnings) Console.Error.WriteLine($"warning: {warning}");
        var estimate = prepared.Estimate();
        Console.Error.WriteLine($"memory: {estimate}; {estimate.Available / 1048576.0:N0} MB free");
    }

    private static string Line(TrainingStep step) => string.Create(CultureInfo.InvariantCulture,
        $"step {step.Step}/{step.TotalSteps}  loss "
            + $"{step.Loss:F4}{(step.EvalLoss is { } eval ? $"  validation {eval:F4}" : "")}"
            + $"{(step.ReplayLoss is { } replayed ? $"  replay {replayed:F4}" : "")}  lr {step.LearningRate:G3}  norm {step.GradNorm:F2}  "
            + $"{step.TokensPerSecond:F0} tokens/s  {step.ShareOfPeak:P0} of peak  {step.Remaining:hh\\:mm\\:ss} left");
}
