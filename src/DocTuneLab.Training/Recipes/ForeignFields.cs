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
    private readonly Func<TrainingConfig, Func<string, string?>, TrainingConfig> _end;
    private readonly TrainingConfig _defaults;
    private readonly int _length, _rows;
    private readonly Dictionary<string, Func<TrainingConfig, JsonNode, TrainingConfig>> _fields = new(StringComparer.Ordinal);

    // Fields that would train something else, and that nothing here follows.
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal)
    {
        "rope_scaling", "modules_to_save", "lr_scheduler_kwargs", "use_galore", "use_badam", "use_apollo",
    };

    private ForeignFields(ConfigDialect dialect, (string Field, int Usual) length, (string Field, int Usual) rows,
        Func<TrainingConfig, Func<string, string?>, TrainingConfig> end, TrainingConfig defaults)
    {
        (_dialect, _end, _defaults) = (dialect, end, defaults);
        (_lengthField, _length) = length;
        (_rowsField, _rows) = rows;
    }

    // What a file leaves out has the usual value of these tools, not ours, which suits small models.
    private static TrainingConfig Usual(ConfigDialect dialect, LoraConfig lora, SftOptions options) => new()
    {
        Dialect = dialect,
        Validation = 0,
        Model = new() { Quantization = "none" },
        Lora = lora,
        Options = options with { Turns = TrainedTurns.All, Seed = 42 },
    };

    public static ForeignFields LlamaFactory { get; } = new ForeignFields(ConfigDialect.LlamaFactory, ("cutoff_len", 2048),
        ("per_device_train_batch_size", 8), EndOfLlamaFactory,
        Usual(ConfigDialect.LlamaFactory, new LoraConfig { Rank = 8, Alpha = double.NaN },
            new SftOptions { LearningRate = 5e-5, Scheduler = Scheduler.Linear, WarmupRatio = 0, SaveEvery = 500 }))
        .Top("model_name_or_path", (c, v) => c with { Base = Text(v) })
        .Top("adapter_name_or_path", (c, v) => c with { Adapter = One(v) })
        .Top("stage", (c, v) => Expect(c, v, "sft")).Top("finetuning_type", (c, v) => Expect(c, v, "lora"))
        .Top("quantization_method", (c, v) => Expect(c, v, "bnb", "bitsandbytes"))
        .Top("quantization_bit", (c, v) => Quantized(c, Whole(v) switch
        {
            4 => "nf4",
            8 => "int8",
            var bits => throw new LabException($"{bits} bits are not supported; expected 4 or 8"),
        }))
        .Top("quantization_type", (c, v) => Expect(c, v, "nf4", "fp4"))
        .Lora("lora_rank", (l, v) => l with { Rank = Whole(v) })
        .Lora("use_rslora", (l, v) => l with { UseRsLora = Truth(v) })
        .Lora("use_dora", (l, v) => l with { UseDora = Truth(v) })
        .Lora("pissa_init", (l, v) => l with { Initialization = Truth(v) ? AdapterInitialization.Pissa : AdapterInitialization.Default })
        .Lora("lora_target", (l, v) => l with { TargetModules = Targets(v) })
        .Sft("num_train_epochs", (o, v) => o with { Epochs = Number(v) })
        .Sft("lr_scheduler_type", (o, v) => o with { Scheduler = Schedule(v) })
        .Sft("optim", (o, v) => o with { Optimizer = OptimizerOf(v) })
        .Sft("packing", (o, v) => o with { Packing = Truth(v) }).Sft("neat_packing", (o, v) => o with { Packing = o.Packing || Truth(v) })
        .Sft("early_stopping_steps", (o, v) => o with { EarlyStoppingPatience = Whole(v) })
        .Sft("mask_history", (o, v) => o with { Turns = Truth(v) ? TrainedTurns.Last : TrainedTurns.All })
        .Top("val_size", (c, v) => c with { Validation = Number(v) })
        .Refuse("train_on_prompt", "additional_target", "create_new_adapter", "use_llama_pro", "shift_attn", "resize_vocab",
            "mixture_of_depths", "use_adam_mini", "use_muon", "use_dft_loss", "moe_aux_loss_coef", "train_from_scratch", "add_tokens",
            "add_special_tokens", "adapter_folder", "freeze_trainable_layers")
        .Shared();

    public static ForeignFields Axolotl { get; } = new ForeignFields(ConfigDialect.Axolotl, ("sequence_len", 512), ("micro_batch_size", 1),
        EndOfAxolotl, Usual(ConfigDialect.Axolotl, new LoraConfig { Rank = 8, Alpha = 16 },
            new SftOptions { LearningRate = 2e-4, Scheduler = Scheduler.Cosine, WarmupRatio = 0.03, Epochs = 1 }))
        .Top("base_model", (c, v) => c with { Base = Text(v) })
        .Top("lora_model_dir", (c, v) => c with { Adapter = One(v) })
        .Top("adapter", (c, v) => Expect(c, v, "lora", "qlora"))
        .Lora("lora_r", (l, v) => l with { Rank = Whole(v) })
        .Lora("peft_use_rslora", (l, v) => l with { UseRsLora = Truth(v) })
        .Lora("peft_use_dora", (l, v) => l with { UseDora = Truth(v) })
        .Lora("lora_target_modules", (l, v) => l with { TargetModules = Targets(v) })
        .Lora("lora_target_linear", (l, v) => l)
        .Sft("num_epochs", (o, v) => o with { Epochs = Number(v) })
        .Sft("lr_scheduler", (o, v) => o with { Scheduler = Schedule(v) }).Sft("optimizer", (o, v) => o with { Optimizer = OptimizerOf(v) })
        .Sft("sample_packing", (o, v) => o with { Packing = Truth(v) })
        .Sft("early_stopping_patience", (o, v) => o with { EarlyStoppingPatience = Whole(v) })
        .Sft("loss_watchdog_threshold", (o, v) => o with { LossLimit = Number(v) })
        .Top("val_set_size", (c, v) => c with { Validation = Number(v) })
        .Sft("gradient_checkpointing", (o, v) => o with { GradientCheckpointing = Checkpointing(v) })
        .Top("load_in_4bit", (c, v) => Truth(v) ? Quantized(c, "nf4") : c)
        .Top("load_in_8bit", (c, v) => Truth(v) ? Quantized(c, "int8") : c)
        .Refuse("rl", "reward_model", "lora_modules_to_save", "lora_fan_in_fan_out", "relora_steps", "train_on_inputs",
            "unfrozen_parameters", "peft_layers_to_transform", "lora_layers_to_transform", "cosine_min_lr_ratio", "lr_groups", "relora",
            "cosine_constant_lr_ratio", "peft_init_lora_weights", "peft_trainable_token_indices", "peft_layer_replication", "peft",
            "lora_target_parameters", "lora_rank_pattern", "lora_alpha_pattern", "lora_exclude_modules", "embedding_lr",
            "process_reward_model")
        .Shared();

    /// <summary>Takes what is known; the rest is named in <see cref="TrainingConfig.Ignored"/>.</summary>
    /// <exception cref="LabException">A known field has a value that has no meaning here, or a field would train something else than is
    /// trained here.</exception>
    public TrainingConfig Read(string path, IReadOnlyList<TrainingConfig.Field> fields)
    {
        var (config, ignored, length, rows) = (_defaults, new List<string>(), _length, _rows);
        foreach (var field in fields)
        {
            try
            {
                if (_refused.Contains(field.Name) && field.Says)
                    throw new LabException("it changes what is trained, and is not followed here; leave it out, or train there");
                if (field.Name == _lengthField) length = field.Json is { } tokens ? Whole(tokens) : length;
                else if (field.Name == _rowsField) rows = field.Json is { } several ? Whole(several) : rows;
                else if (!_fields.TryGetValue(field.Name, out var take)) ignored.Add(field.Name);
                else if (field.Json is { } value) config = take(config, value);
            }
            catch (Exception e) when (e is InvalidOperationException or FormatException or LabException)
            {
                throw new LabException(
                    $"{path}:{field.Line}: the field '{field.Name}' of a {SettingNames.Of(_dialect)} file: {e.Message}", e);
            }
        }
        try
        {
            config = _end(config, name => fields.LastOrDefault(f => f.Name == name)?.Json?.ToString());
            // A starting adapter has settings of its own, before which the file's do not count there either.
            if (config.Adapter is not null)
            {
                ignored.AddRange(fields.Select(f => f.Name).Where(_ofAdapter.Contains));
                config = config with { Lora = new LoraConfig() };
            }
            // A constant rate has no warm-up there, whatever the file says of one.
            if (fields.Any(f => f.Name is "lr_scheduler_type" or "lr_scheduler" && f.Json?.ToString() == "constant"))
                config = config with { Options = config.Options with { WarmupRatio = 0, WarmupSteps = null } };
            config = config with { Ignored = ignored, Options = config.Options with { MaxLength = length, BatchTokens = length * rows } };
            LoraConfig.Settings.Validate(config.Lora, "");
            config.Options.Validate();
            return config;
        }
        catch (LabException e)
        {
            throw new LabException($"{path}, read as a file of {SettingNames.Of(_dialect)}: {e.Message}", e);
        }
    }

    // What follows from several fields, in whatever order they stand.
    private static TrainingConfig EndOfLlamaFactory(TrainingConfig config, Func<string, string?> said) =>
        (config.Model.Quantization == "nf4" && said("quantization_type") == "fp4" ? Quantized(config, "fp4") : config) with
        {
            Lora = double.IsNaN(config.Lora.Alpha) ? config.Lora with { Alpha = 2 * config.Lora.Rank } : config.Lora,
        };

    private static TrainingConfig EndOfAxolotl(TrainingConfig config, Func<string, string?> said)
    {
        if (said("adapter") is null)
            throw new LabException(
                "the field 'adapter' is missing, which trains the whole model there; here an adapter is trained: expected lora or qlora");
        if (said("adapter") == "qlora" && config.Model.Quantization != "nf4")
            throw new LabException("the field 'adapter' is qlora, which needs load_in_4bit: true and no load_in_8bit there as here");
        if (config.Adapter is null && (said("lora_r") is null || said("lora_alpha") is null))
            throw new LabException("the fields 'lora_r' and 'lora_alpha' have no default there; both are expected");
        if (said("learning_rate") is null) throw new LabException("the field 'learning_rate' has no default there; a number is expected");
        return said("lora_target_linear") == "true"
            ? config with { Lora = config.Lora with { TargetModules = new LoraConfig().TargetModules } } : config;
    }

    private ForeignFields Shared() => Top("output_dir", (c, v) => c with { Options = c.Options with { OutputDirectory = Text(v) } })
        .Lora("lora_alpha", (l, v) => l with { Alpha = Number(v) }).Lora("lora_dropout", (l, v) => l with { Dropout = Number(v) })
        .Sft("gradient_accumulation_steps", (o, v) => o with { GradientAccumulation = Whole(v) })
        .Sft("learning_rate", (o, v) => o with { LearningRate = Number(v) })
        .Sft("max_steps", (o, v) => o with { MaxSteps = Whole(v) > 0 ? Whole(v) : null })
        .Sft("warmup_ratio", (o, v) => o with { WarmupRatio = Number(v) })
        // A share where it is below 1, and nothing where it is 0.
        .Sft("warmup_steps", (o, v) => Number(v) switch
        {
            0 => o,
            > 0 and < 1 and var share => o with { WarmupRatio = share },
            var steps => o with { WarmupSteps = (int)steps },
        })
        .Sft("adam_beta1", (o, v) => o with { AdamBeta1 = Number(v) }).Sft("adam_beta2", (o, v) => o with { AdamBeta2 = Number(v) })
        .Sft("adam_epsilon", (o, v) => o with { AdamEpsilon = Number(v) })
        .Sft("label_smoothing_factor", (o, v) => o with { LabelSmoothing = Number(v) })
        .Sft("max_grad_norm", (o, v) => o with { MaxGradNorm = Number(v) })
        .Sft("weight_decay", (o, v) => o with { WeightDecay = Number(v) })
        .Sft("seed", (o, v) => o with { Seed = Whole(v) })
        .Sft("eval_steps", (o, v) => o with { EvalEvery = Whole(v) })
        .Sft("save_steps", (o, v) => o with { SaveEvery = Whole(v) })
        .Sft("save_total_limit", (o, v) => o with { KeepCheckpoints = Whole(v) })
        .Sft("neftune_noise_alpha", (o, v) => o with { NeftuneAlpha = Number(v) })
        .Sft("loraplus_lr_ratio", (o, v) => o with { LoraPlusRatio = Number(v) })
        .Sft("load_best_model_at_end", (o, v) => o with { KeepBest = Truth(v) });

    private ForeignFields Top(string name, Func<TrainingConfig, JsonNode, TrainingConfig> take)
    {
        _fields.Add(name, take);
        return this;
    }

    private readonly HashSet<string> _ofAdapter = new(StringComparer.Ordinal);

    private ForeignFields Lora(string name, Func<LoraConfig, JsonNode, LoraConfig> take)
    {
        _ofAdapter.Add(name);
        return Top(name, (c, v) => c with { Lora = take(c.Lora, v) });
    }

    private ForeignFields Refuse(params string[] names)
    {
        _refused.UnionWith(names);
        return this;
    }

    private static TrainingConfig Quantized(TrainingConfig config, string format) =>
        config with { Model = config.Model with { Quantization = format } };

    private static TrainingConfig Expect(TrainingConfig config, JsonNode value, params string[] expected) =>
        expected.Contains(value.ToString())
            ? config : throw new LabException($"'{value}' is not done here; expected {string.Join(" or ", expected)}");

    private static string One(JsonNode value) => value is JsonArray list
        ? list is [{ } one] ? Text(one) : throw new LabException("one adapter is expected; merge all but the last")
        : Text(value).Contains(',', StringComparison.Ordinal)
            ? throw new LabException("one adapter is expected; merge all but the last") : Text(value);

    private ForeignFields Sft(string name, Func<SftOptions, JsonNode, SftOptions> take) =>
        Top(name, (c, v) => c with { Options = take(c.Options, v) });

    private static int Whole(JsonNode value) =>
        Number(value) is var number && number == Math.Floor(number) && Math.Abs(number) <= int.MaxValue
            ? (int)number : throw new LabException($"{value.ToJsonString()} is no whole number");

    private static bool Truth(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new LabException($"{value.ToJsonString()} is neither true nor false"),
    };

    private static string Text(JsonNode value) => value.GetValueKind() == JsonValueKind.String && value.ToString() is { Length: > 0 } text
        ? text : throw new LabException($"{value.ToJsonString()} is no text");

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
