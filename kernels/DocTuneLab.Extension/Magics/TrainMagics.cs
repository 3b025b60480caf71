using System.CommandLine;
using System.Diagnostics;
using DocTuneLab.Experiments;
using DocTuneLab.Notebooks;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Models;
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
        var directory = new Argument<string>("DIR") { Description = "Model folder in Hugging Face layout, or owner/name on the hub." };
        var device = new Option<string>("--device") { Description = "Where it is computed: " + Devices.Description, DefaultValueFactory = _ => "auto" };
        var command = new Command("#!base", "Loads the base model, quantised to NF4.") { directory, device };
        command.SetCellAction((p, cell) =>
        {
            var model = lab.LoadBase(p.GetValue(directory)!, p.GetValue(device)!);
            cell.Display($"{model.ParameterCount:N0} parameters, {model.WeightBytes / 1048576.0:F1} MB in NF4, computed in {model.ComputeType}{(model.Device == "cpu" ? "" : " on " + model.Device)}");
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
        var accumulation = new Option<int>("--accumulation") { Description = "Batches of an optimiser step.", DefaultValueFactory = _ => 1 };
        var dropout = new Option<double>("--dropout") { Description = "Share of the adapter's input that training drops." };
        var scheduler = new Option<string>("--scheduler") { Description = "cosine, linear or constant.", DefaultValueFactory = _ => "cosine" };
        var optimizer = new Option<string>("--optimizer") { Description = "adamw, adamw_8bit with a quarter of the state, or either with paged_ before it: state in the memory of the host, not of the device.", DefaultValueFactory = _ => "adamw" };
        var init = new Option<string>("--init") { Description = "default or pissa.", DefaultValueFactory = _ => "default" };
        var dora = new Option<bool>("--dora") { Description = "Learns the lengths of the weight's rows apart (DoRA)." };
        var rslora = new Option<bool>("--rslora") { Description = "Scales by alpha / sqrt(rank)." };
        var checkpointing = new Option<string>("--checkpointing") { Description = "on computes a layer's activations again in the backward pass, off keeps them, offload keeps even their inputs in the memory of the host; auto is what memory allows.", DefaultValueFactory = _ => "auto" };
        var packing = new Option<bool>("--packing") { Description = "Fills batches best fit instead of by similar length." };
        var neftune = new Option<double>("--neftune") { Description = "Alpha of the noise on embeddings; 0 is none." };
        var replay = new Option<double>("--replay") { Description = "Tokens of plain text about .NET beside each token of the corpus, on which the model is held to what it said before, so that less is forgotten; 0 is none." };
        var replayWeight = new Option<double>("--replay-weight") { Description = "Weight of that text's loss beside the corpus's.", DefaultValueFactory = _ => 1 };
        var decay = new Option<double>("--weight-decay") { Description = "Decoupled weight decay of the adapter's matrices; 0 is none." };
        var plus = new Option<double>("--lora-plus") { Description = "Factor of the learning rate of B.", DefaultValueFactory = _ => 1 };
        var patience = new Option<int>("--patience") { Description = "Validations without improvement after which training ends; 0 is never." };
        var best = new Option<bool>("--keep-best") { Description = "Takes the parameters of the lowest validation loss." };
        var validate = new Option<int>("--eval-every") { Description = "Steps between validations; 0 is none.", DefaultValueFactory = _ => 100 };
        foreach (var (option, values) in ((Option<string>, string[])[])[(scheduler, ["cosine", "linear", "constant"]), (optimizer, [.. SftOptions.Optimizers]), (checkpointing, [.. SftOptions.CheckpointingModes]), (init, ["default", "pissa"])]) option.AcceptOnlyFromAmong(values);
        var command = new Command("#!train", "Trains a QLoRA adapter.") { rank, alpha, rate, epochs, batch, accumulation, steps, minutes, dropout, scheduler, optimizer, init, dora, rslora, checkpointing, packing, neftune, replay, replayWeight, decay, plus, patience, best, validate };
        command.SetCellAction((p, cell) =>
        {
            var history = new List<TrainingStep>();
            var status = cell.Display("preparing …");
            DisplayHandle? chart = null;
            var last = Stopwatch.StartNew();
            var result = lab.Train(
                new LoraConfig { Rank = p.GetValue(rank), Alpha = p.GetValue(alpha), Dropout = p.GetValue(dropout), UseDora = p.GetValue(dora), UseRsLora = p.GetValue(rslora), Initialization = p.GetValue(init)! },
                new SftOptions
                {
                    Seed = lab.Seed, LearningRate = p.GetValue(rate), Epochs = p.GetValue(epochs), BatchTokens = p.GetValue(batch), MaxSteps = p.GetValue(steps), MaxDuration = TimeSpan.FromMinutes(p.GetValue(minutes)),
                    GradientAccumulation = p.GetValue(accumulation), Scheduler = p.GetValue(scheduler)!, Optimizer = p.GetValue(optimizer)!, Packing = p.GetValue(packing), GradientCheckpointing = p.GetValue(checkpointing)!, NeftuneAlpha = p.GetValue(neftune), ReplayShare = p.GetValue(replay), ReplayWeight = p.GetValue(replayWeight), WeightDecay = p.GetValue(decay),
                    LoraPlusRatio = p.GetValue(plus), EarlyStoppingPatience = p.GetValue(patience), KeepBest = p.GetValue(best), EvalEvery = p.GetValue(validate),
                },
                step =>
                {
                    history.Add(step);
                    if (chart is not null && last.Elapsed < TimeSpan.FromSeconds(3) && step.Step != step.TotalSteps) return;
                    last.Restart();
                    status.Update($"step {step.Step}/{step.TotalSteps}, loss {step.Loss:F3}, {step.TokensPerSecond:F0} tokens/s, {step.ShareOfPeak:P0} of the matmul peak, {step.Remaining:mm\\:ss} left");
                    var mime = Charts.Mime(cell, Charts.Dashboard(history));
                    if (chart is null) chart = cell.DisplayMime(mime);
                    else chart.UpdateMime(mime);
                }, cell.CancellationToken);
            chart?.UpdateMime(Charts.Mime(cell, Charts.Dashboard(history)));
            status.Update($"{result.Steps} steps, {result.Tokens:N0} tokens in {result.Elapsed:mm\\:ss}; loss {result.FinalLoss:F3}, validation {result.BestEvalLoss:F3}; adapter in {System.IO.Path.GetRelativePath(Environment.CurrentDirectory, result.AdapterDirectory)}");
            foreach (var warning in result.Warnings) cell.Display(warning);
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
