using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Settings;
using DocTuneLab.Training.Adapters;

namespace DocTuneLab.Training.Recipes;

/// <summary>The fields of another tool's configuration that mean what one of ours means.</summary>
internal sealed class ForeignFields
{
    private readonly ConfigDialect _dialect;
    private readonly string _lengthField, _rowsField;
    private readonly Dictionary<string, Func<TrainingConfig, JsonNode, TrainingConfig>> _fields = new(StringComparer.Ordinal);

    private ForeignFields(ConfigDialect dialect, string lengthField, string rowsField) =>
        (_dialect, _lengthField, _rowsField) = (dialect, lengthField, rowsField);

    public static ForeignFields LlamaFactory { get; } =
        new ForeignFields(ConfigDialect.LlamaFactory, "cutoff_len", "per_device_train_batch_size")
        .Top("model_name_or_path", (c, v) => c with { Base = (string?)v })
        .Lora("lora_rank", (l, v) => l with { Rank = (int)v })
        .Lora("use_rslora", (l, v) => l with { UseRsLora = (bool)v })
        .Lora("use_dora", (l, v) => l with { UseDora = (bool)v })
        .Lora("pissa_init", (l, v) => l with { Initialization = (bool)v ? AdapterInitialization.Pissa : AdapterInitialization.Default })
        .Lora("lora_target", (l, v) => l with { TargetModules = Targets(v) })
        .Sft("num_train_epochs", (o, v) => o with { Epochs = Number(v) })
        .Sft("lr_scheduler_type", (o, v) => o with { Scheduler = Schedule(v) })
        .Sft("optim", (o, v) => o with { Optimizer = OptimizerOf(v) })
        .Sft("packing", (o, v) => o with { Packing = (bool)v }).Sft("neat_packing", (o, v) => o with { Packing = (bool)v })
        .Sft("early_stopping_steps", (o, v) => o with { EarlyStoppingPatience = (int)v })
        .Sft("mask_history", (o, v) => o with { Turns = (bool)v ? TrainedTurns.Last : TrainedTurns.All })
        .Top("val_size", (c, v) => c with { Validation = Number(v) })
        .Shared();

    public static ForeignFields Axolotl { get; } = new ForeignFields(ConfigDialect.Axolotl, "sequence_len", "micro_batch_size")
        .Top("base_model", (c, v) => c with { Base = (string?)v })
        .Lora("lora_r", (l, v) => l with { Rank = (int)v })
        .Lora("peft_use_rslora", (l, v) => l with { UseRsLora = (bool)v })
        .Lora("peft_use_dora", (l, v) => l with { UseDora = (bool)v })
        .Lora("lora_target_modules", (l, v) => l with { TargetModules = Targets(v) })
        .Lora("lora_target_linear", (l, v) => (bool)v ? l with { TargetModules = new LoraConfig().TargetModules } : l)
        .Sft("num_epochs", (o, v) => o with { Epochs = Number(v) })
        .Sft("lr_scheduler", (o, v) => o with { Scheduler = Schedule(v) }).Sft("optimizer", (o, v) => o with { Optimizer = OptimizerOf(v) })
        .Sft("sample_packing", (o, v) => o with { Packing = (bool)v })
        .Sft("early_stopping_patience", (o, v) => o with { EarlyStoppingPatience = (int)v })
        .Sft("loss_watchdog_threshold", (o, v) => o with { LossLimit = Number(v) })
        .Top("val_set_size", (c, v) => c with { Validation = Number(v) })
        .Sft("gradient_checkpointing", (o, v) => o with { GradientCheckpointing = Checkpointing(v) })
        .Top("load_in_4bit", (c, v) => c with { Model = c.Model with { Quantization = (bool)v ? "nf4" : "none" } })
        .Shared();

    /// <summary>Takes what is known; the rest is named in <see cref="TrainingConfig.Ignored"/>.</summary>
    /// <exception cref="LabException">A known field has a value that has no meaning here.</exception>
    public TrainingConfig Read(string path, IReadOnlyList<TrainingConfig.Field> fields)
    {
        // What a file leaves out has the usual value of these tools, not ours, which suits small models.
        var config = new TrainingConfig
        {
            Dialect = _dialect,
            Lora = new LoraConfig { Rank = 16, Alpha = 32 },
            Options = new SftOptions { LearningRate = 2e-4, Scheduler = Scheduler.Cosine, WarmupRatio = 0, Turns = TrainedTurns.All },
        };
        var (ignored, length, rows) = (new List<string>(), 2048, 1);
        foreach (var field in fields)
        {
            try
            {
                if (field.Name == _lengthField) length = (int)field.Json!;
                else if (field.Name == _rowsField) rows = (int)field.Json!;
                else if (!_fields.TryGetValue(field.Name, out var take)) ignored.Add(field.Name);
                else if (field.Json is { } value) config = take(config, value);
            }
            catch (Exception e) when (e is InvalidOperationException or FormatException or LabException)
            {
                throw new LabException(
                    $"{path}:{field.Line}: the field '{field.Name}' of a {SettingNames.Of(_dialect)} file: {e.Message}", e);
            }
        }
        return config with { Ignored = ignored, Options = config.Options with { MaxLength = length, BatchTokens = length * rows } };
    }

    private ForeignFields Shared() => Top("output_dir", (c, v) => c with { Options = c.Options with { OutputDirectory = (string)v! } })
        .Lora("lora_alpha", (l, v) => l with { Alpha = Number(v) }).Lora("lora_dropout", (l, v) => l with { Dropout = Number(v) })
        .Sft("gradient_accumulation_steps", (o, v) => o with { GradientAccumulation = (int)v })
        .Sft("learning_rate", (o, v) => o with { LearningRate = Number(v) })
        .Sft("max_steps", (o, v) => o with { MaxSteps = (int)v > 0 ? (int)v : null })
        .Sft("warmup_ratio", (o, v) => o with { WarmupRatio = Number(v) })
        .Sft("max_grad_norm", (o, v) => o with { MaxGradNorm = Number(v) })
        .Sft("weight_decay", (o, v) => o with { WeightDecay = Number(v) })
        .Sft("seed", (o, v) => o with { Seed = (int)v })
        .Sft("eval_steps", (o, v) => o with { EvalEvery = (int)v })
        .Sft("save_steps", (o, v) => o with { SaveEvery = (int)v })
        .Sft("save_total_limit", (o, v) => o with { KeepCheckpoints = (int)v })
        .Sft("neftune_noise_alpha", (o, v) => o with { NeftuneAlpha = Number(v) })
        .Sft("loraplus_lr_ratio", (o, v) => o with { LoraPlusRatio = Number(v) })
        .Sft("load_best_model_at_end", (o, v) => o with { KeepBest = (bool)v });

    private ForeignFields Top(string name, Func<TrainingConfig, JsonNode, TrainingConfig> take)
    {
        _fields.Add(name, take);
        return this;
    }

    private ForeignFields Lora(string name, Func<LoraConfig, JsonNode, LoraConfig> take) =>
        Top(name, (c, v) => c with { Lora = take(c.Lora, v) });

    private ForeignFields Sft(string name, Func<SftOptions, JsonNode, SftOptions> take) =>
        Top(name, (c, v) => c with { Options = take(c.Options, v) });

    private static double Number(JsonNode value) =>
        value.GetValueKind() == JsonValueKind.Number ? value.Deserialize<double>() : throw new LabException($"'{value}' is no number");

    private static IReadOnlyList<string> Targets(JsonNode value)
    {
        var names = value is JsonArray array
            ? [.. array.Select(v => (string)v!)]
            : ((string)value!).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return names is ["all"] or ["all-linear"] ? new LoraConfig().TargetModules : names;
    }

    private static GradientCheckpointing Checkpointing(JsonNode value) =>
        value.GetValueKind() == JsonValueKind.String && (string?)value is "offload" or "offload_disk"
            ? GradientCheckpointing.Offload : (bool)value ? GradientCheckpointing.On : GradientCheckpointing.Off;

    private static Scheduler Schedule(JsonNode value) => (string?)value switch
    {
        "cosine" => Scheduler.Cosine,
        "linear" => Scheduler.Linear,
        "constant" or "constant_with_warmup" => Scheduler.Constant,
        var other => throw new LabException($"'{other}' is not supported; expected cosine, linear or constant"),
    };

    private static Optimizer OptimizerOf(JsonNode value) => (string?)value switch
    {
        "adamw" or "adamw_torch" or "adamw_torch_fused" or "adamw_hf" => Optimizer.AdamW,
        "adamw_8bit" or "adamw_bnb_8bit" => Optimizer.AdamW8Bit,
        "paged_adamw_32bit" or "paged_adamw" => Optimizer.PagedAdamW,
        "paged_adamw_8bit" => Optimizer.PagedAdamW8Bit,
        var other =>
            throw new LabException($"'{other}' is not supported; expected adamw_torch, adamw_8bit, paged_adamw_32bit or paged_adamw_8bit"),
    };
}
