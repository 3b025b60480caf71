using System.CommandLine;
using System.Diagnostics;
using DocTuneLab.Experiments;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Extension.Views;
using DocTuneLab.Notebooks;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Recipes;
using DocTuneLab.Training.Telemetry;

namespace DocTuneLab.Extension.Magics;

/// <summary>Magics of models and training.</summary>
internal static class TrainMagics
{
    public static void AddTo(IExtensionHost host, LabSession lab)
    {
        host.AddMagic(BaseCommand(lab));
        host.AddMagic(TrainCommand(lab));
        host.AddMagic(AdapterCommand(lab));
        host.AddMagic(ExportCommand(lab));
    }

    private static Command BaseCommand(LabSession lab)
    {
        var directory = new Argument<string>("DIR")
        {
            Description = "Model folder in Hugging Face layout, a .gguf file, or owner/name on the hub."
        };
        var loading = ModelArguments.Loading();
        var command = new Command("#!base", "Loads the base model, quantised to NF4 unless told otherwise.") { directory };
        loading.AddTo(command);
        command.SetCellAction((p, cell) =>
        {
            var model = lab.LoadBase(NotebookPaths.Of(cell, p.GetValue(directory)!), loading.LoadOf(p));
            cell.Display($"{model.ParameterCount:N0} parameters, {model.WeightBytes / 1048576.0:F1} MB in {model.WeightFormat}, "
                + $"computed in {model.ComputeType}{(model.Device == "cpu" ? "" : " on " + model.Device)}");
        });
        return command;
    }

    private static Command TrainCommand(LabSession lab)
    {
        // The lab says what it is trained on, with which seed, and where the run goes.
        var arguments = new TrainingArguments([
            nameof(TrainingConfig.Base), nameof(TrainingConfig.Corpus), nameof(TrainingConfig.Lab),
            .. ModelLoadOptions.Settings.Select(s => s.Property),
            nameof(SftOptions.Seed), nameof(SftOptions.OutputDirectory), nameof(SftOptions.Resume), nameof(SftOptions.Overwrite)]);
        var command = new Command("#!train", "Trains a QLoRA adapter.");
        arguments.AddTo(command);
        command.SetCellAction((p, cell) =>
        {
            var stage = lab.TrainingStage;
            var history = new List<TrainingStep>();
            var status = cell.Display("preparing …");
            DisplayHandle? chart = null;
            var last = Stopwatch.StartNew();
            var config = arguments.Apply(p, new TrainingConfig { Options = new SftOptions { Seed = lab.Seed } });
            if (config.Adapter is { } start) config = config with { Adapter = NotebookPaths.Of(cell, start) };
            var result = stage.Run(config, keepOutput: false, onPrepared: null, step =>
            {
                history.Add(step);
                if (chart is not null && last.Elapsed < TimeSpan.FromSeconds(3) && step.Step != step.TotalSteps) return;
                last.Restart();
                status.Update($"step {step.Step}/{step.TotalSteps}, loss {step.Loss:F3}, {step.TokensPerSecond:F0} tokens/s, "
                    + $"{step.ShareOfPeak:P0} of the matmul peak, {step.Remaining:mm\\:ss} left");
                var mime = Charts.Mime(cell, DashboardChart.Of(history));
                if (chart is null) chart = cell.DisplayMime(mime);
                else chart.UpdateMime(mime);
            }, cell.CancellationToken);
            chart?.UpdateMime(Charts.Mime(cell, DashboardChart.Of(history)));
            status.Update($"{result.Steps} steps, {result.Tokens:N0} tokens in {result.Elapsed:mm\\:ss}; loss {result.FinalLoss:F3}, "
                + $"validation {result.BestEvalLoss:F3}; "
                + $"adapter in {System.IO.Path.GetRelativePath(Environment.CurrentDirectory, result.AdapterDirectory)}");
            foreach (var warning in result.Warnings) cell.Display(warning);
            if (!result.Interrupted)
                cell.Display("What next: #!evaluate, #!ask, or #!export for llama.cpp, Ollama, transformers and PEFT.");
            if (result.Interrupted && cell.CancellationToken.IsCancellationRequested)
                throw new OperationCanceledException("training was stopped; a checkpoint was written");
        });
        return command;
    }

    private static Command ExportCommand(LabSession lab)
    {
        var (adapter, export) = (CommonOptions.Adapter(), new ExportArguments(required: false));
        var command = new Command("#!export",
            "Writes the base model with the adapter that was trained last for other tools. Without --format it says what can be done.")
        {
            adapter
        };
        export.AddTo(command);
        command.SetCellAction((p, cell) =>
        {
            var model = lab.Model ?? throw new LabException("no base model yet: run #!base DIR first");
            var tuned = p.GetValue(adapter) is { } given ? NotebookPaths.Of(cell, given) : lab.Training?.AdapterDirectory
                ?? throw new LabException("no adapter was trained in this lab yet: run #!train first, or give --adapter DIR");
            if (!export.AreGiven(p))
            {
                cell.Display(NextSteps.Text(model.Directory, tuned, lab.Storage.Directory));
                return;
            }
            var status = cell.Display("exporting …");
            var (_, words) = export.Write(p, new()
            {
                Model = model.Directory,
                Target = NotebookPaths.Of(cell, export.Output(p)),
                Adapter = tuned,
                Progress = (done, total) => status.Update($"{done} of {total} tensors"),
            }, cell.CancellationToken);
            status.Update(string.Join('\n', words));
        });
        return command;
    }

    private static Command AdapterCommand(LabSession lab)
    {
        var directory = new Argument<string?>("DIR")
        {
            Description = "Adapter folder in PEFT layout. Without it, the one that was trained last in the lab.",
            Arity = ArgumentArity.ZeroOrOne
        };
        var command = new Command("#!adapter", "Loads an adapter that was trained before.") { directory };
        command.SetCellAction((p, cell) =>
        {
            var adapter = lab.LoadAdapter(p.GetValue(directory) is { } given ? NotebookPaths.Of(cell, given)
                : lab.Training?.AdapterDirectory ?? throw new LabException("no adapter was trained in this lab yet: expected #!adapter "
                    + "DIR, or run #!train first"));
            cell.Display($"adapter of rank {adapter.Config.Rank}, {adapter.ParameterCount:N0} parameters");
        });
        return command;
    }
}
