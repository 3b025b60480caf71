using System.CommandLine;
using System.Diagnostics;
using DocTuneLab.Notebooks;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Sft;

namespace DocTuneLab.Extension.Magics;

/// <summary>Magics of models and training.</summary>
internal static class TrainMagics
{
    public static void AddTo(IExtensionHost host, LabSession lab)
    {
        host.AddMagic(BaseCommand(lab));
        host.AddMagic(TrainCommand(lab));
        host.AddMagic(AdapterCommand(lab));
    }

    private static Command BaseCommand(LabSession lab)
    {
        var directory = new Argument<string>("DIR") { Description = "Model folder in Hugging Face layout." };
        var command = new Command("#!base", "Loads the base model, quantised to NF4.") { directory };
        command.SetCellAction((p, cell) =>
        {
            var model = lab.LoadBase(p.GetValue(directory)!);
            cell.Display($"{model.ParameterCount:N0} parameters, {model.WeightBytes / 1048576.0:F1} MB in NF4, computed in {model.ComputeType}");
        });
        return command;
    }

    private static Command TrainCommand(LabSession lab)
    {
        var rank = new Option<int>("--rank") { Description = "Rank of the adapter.", DefaultValueFactory = _ => 32 };
        var alpha = new Option<double>("--alpha") { Description = "Scale of the adapter times its rank.", DefaultValueFactory = _ => 64 };
        var rate = new Option<double>("--lr") { Description = "Peak learning rate.", DefaultValueFactory = _ => 2e-3 };
        var epochs = new Option<double>("--epochs") { Description = "Passes over the corpus.", DefaultValueFactory = _ => 2 };
        var minutes = new Option<double>("--max-minutes") { Description = "Stops after this long, with a checkpoint.", DefaultValueFactory = _ => 60 };
        var batch = new Option<int>("--batch-tokens") { Description = "Tokens of a batch, padding included.", DefaultValueFactory = _ => 2048 };
        var steps = new Option<int?>("--max-steps") { Description = "Stops after this many optimiser steps." };
        var command = new Command("#!train", "Trains a QLoRA adapter.") { rank, alpha, rate, epochs, batch, steps, minutes };
        command.SetCellAction((p, cell) =>
        {
            var history = new List<TrainingStep>();
            var status = cell.Display("preparing …");
            DisplayHandle? chart = null;
            var last = Stopwatch.StartNew();
            var result = lab.Train(
                new LoraConfig { Rank = p.GetValue(rank), Alpha = p.GetValue(alpha) },
                new SftOptions { Seed = lab.Seed, LearningRate = p.GetValue(rate), Epochs = p.GetValue(epochs), BatchTokens = p.GetValue(batch), MaxSteps = p.GetValue(steps), MaxDuration = TimeSpan.FromMinutes(p.GetValue(minutes)) },
                step =>
                {
                    history.Add(step);
                    if (chart is not null && last.Elapsed < TimeSpan.FromSeconds(3) && step.Step != step.TotalSteps) return;
                    last.Restart();
                    status.Update($"step {step.Step}/{step.TotalSteps}, loss {step.Loss:F3}, {step.TokensPerSecond:F0} tokens/s, {step.Remaining:mm\\:ss} left");
                    var mime = Charts.Mime(cell, Charts.Dashboard(history));
                    if (chart is null) chart = cell.DisplayMime(mime);
                    else chart.UpdateMime(mime);
                }, cell.CancellationToken);
            chart?.UpdateMime(Charts.Mime(cell, Charts.Dashboard(history)));
            status.Update($"{result.Steps} steps, {result.Tokens:N0} tokens in {result.Elapsed:mm\\:ss}; loss {result.FinalLoss:F3}, validation {result.BestEvalLoss:F3}; adapter in {System.IO.Path.GetRelativePath(Environment.CurrentDirectory, result.AdapterDirectory)}");
            if (result.Interrupted && cell.CancellationToken.IsCancellationRequested) throw new OperationCanceledException("training was stopped; a checkpoint was written");
        });
        return command;
    }

    private static Command AdapterCommand(LabSession lab)
    {
        var directory = new Argument<string>("DIR") { Description = "Adapter folder in PEFT layout." };
        var command = new Command("#!adapter", "Loads an adapter that was trained before.") { directory };
        command.SetCellAction((p, cell) =>
        {
            var adapter = lab.LoadAdapter(p.GetValue(directory)!);
            cell.Display($"adapter of rank {adapter.Config.Rank}, {adapter.ParameterCount:N0} parameters");
        });
        return command;
    }
}
