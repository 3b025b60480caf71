using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Training.Tests;

public sealed class TrainingConfigTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    [Fact]
    public void A_file_of_LLaMA_Factory_gives_the_fields_that_both_sides_have_and_names_the_others()
    {
        var config = Load("model_name_or_path: models/a\nfinetuning_type: lora\nlora_rank: 8\nlora_target: all\ncutoff_len: "
            + "256\nper_device_train_batch_size: 2\ngradient_accumulation_steps: 4\nlearning_rate: 1.0e-4\noptim: "
            + "paged_adamw_8bit\nval_size: 0.1\n");
        Assert.Equal((ConfigDialect.LlamaFactory, "models/a", 8, 7),
            (config.Dialect, config.Base, config.Lora.Rank, config.Lora.TargetModules.Count));
        Assert.Equal((256, 512, 4, 1e-4, Optimizer.PagedAdamW8Bit),
            (config.Options.MaxLength, config.Options.BatchTokens, config.Options.GradientAccumulation, config.Options.LearningRate,
                config.Options.Optimizer));
        Assert.Empty(config.Ignored);
        // What is not said has that tool's value: alpha twice the rank, nothing held out, no quantisation, another rate.
        var bare = Load("model_name_or_path: models/a\ndo_train: true\nlora_rank: 64\ncutoff_len:\n");
        Assert.Equal((128.0, 0.0, "none", 5e-5, Scheduler.Linear, 2048, 8 * 2048),
            (bare.Lora.Alpha, bare.Validation, bare.Model.Quantization, bare.Options.LearningRate, bare.Options.Scheduler,
                bare.Options.MaxLength, bare.Options.BatchTokens));
        Assert.Equal(["do_train"], bare.Ignored);
        Assert.Equal("int8", Load("model_name_or_path: a\nquantization_bit: 8\n").Model.Quantization);
        Assert.Equal("fp4", Load("model_name_or_path: a\nquantization_type: fp4\nquantization_bit: 4\n").Model.Quantization);
        Assert.Equal("none", Load("model_name_or_path: a\nquantization_type: nf4\n").Model.Quantization);
        var constant = Load("model_name_or_path: a\nwarmup_steps: 9\nlr_scheduler_type: constant\nuse_dora: yes\ntrain_on_prompt: no\n");
        Assert.Equal((Scheduler.Constant, null, 0.0, true),
            (constant.Options.Scheduler, constant.Options.WarmupSteps, constant.Options.WarmupRatio, constant.Lora.UseDora));
    }

    [Theory]
    [InlineData("model_name_or_path: a\nfinetuning_type: full\n", "'finetuning_type' of a LLaMA-Factory file: 'full' is not done here")]
    [InlineData("model_name_or_path: a\nstage: dpo\n", "'stage' of a LLaMA-Factory file: 'dpo'")]
    [InlineData("model_name_or_path: a\ntrain_on_prompt: true\n", "'train_on_prompt' of a LLaMA-Factory file: it changes what is trained")]
    [InlineData("model_name_or_path: a\nquantization_bit: 3\n", "3 bits are not supported")]
    [InlineData("model_name_or_path: a\nadapter_name_or_path: b,c\n", "one adapter is expected; merge all but the last")]
    [InlineData("base_model: a\n", "read as a file of Axolotl: the field 'adapter' is missing")]
    [InlineData("base_model: a\nadapter: qlora\nlora_r: 8\nlora_alpha: 8\n", "needs load_in_4bit: true")]
    [InlineData("base_model: a\nadapter: lora\nlora_r: 8\n", "'lora_r' and 'lora_alpha' have no default there")]
    [InlineData("model_name_or_path: a\nlora_rank: 8.5\n", ":2: the field 'lora_rank' of a LLaMA-Factory file: 8.5 is no whole number")]
    [InlineData("model_name_or_path: a\nuse_dora: 3\n", "3 is neither true nor false")]
    [InlineData("model_name_or_path: a\nadapter_name_or_path: []\n", "one adapter is expected")]
    [InlineData("model_name_or_path: a\nwarmup_steps: -5\n", "warmup_steps is -5")]
    [InlineData("model_name_or_path: a\nquantization_type: foo\n", "'foo' is not done here; expected nf4 or fp4")]
    [InlineData("base_model: a\nadapter: lora\nlora_modules_to_save: [embed_tokens]\n", ":3: the field 'lora_modules_to_save'")]
    [InlineData("base_model: a\nadapter: lora\nrl: dpo\n", ":3: the field 'rl'")]
    public void What_another_tool_would_train_otherwise_is_refused_by_its_field(string yaml, string message) =>
        Assert.Contains(message, Assert.Throws<LabException>(() => Load(yaml)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_optimiser_the_warm_up_and_the_starting_adapter_are_taken_from_files_of_other_tools()
    {
        var config = Load("model_name_or_path: a\nadapter_name_or_path: saves/b\nlora_rank: 4\nadam_beta1: 0.8\nadam_beta2: 0.95\n"
            + "adam_epsilon: 1.0e-6\nlabel_smoothing_factor: 0.1\nwarmup_steps: 20\nwarmup_ratio: 0.3\n");
        Assert.Equal(("saves/b", 0.8, 0.95, 1e-6, 0.1, 20),
            (config.Adapter, config.Options.AdamBeta1, config.Options.AdamBeta2, config.Options.AdamEpsilon, config.Options.LabelSmoothing,
                config.Options.WarmupSteps));
        // The adapter's own rank counts, there as here.
        Assert.Equal(["lora_rank"], config.Ignored);
        Assert.Equal(new LoraConfig().Rank, config.Lora.Rank);
        Assert.Equal("b", Load("base_model: a\nadapter: lora\nload_in_8bit: true\nlora_model_dir: b\nlearning_rate: 0.0002\n").Adapter);
        Assert.Null(Load("model_name_or_path: a\nwarmup_steps: 0\nwarmup_ratio: 0.3\n").Options.WarmupSteps);
        var own = Load("base: a\nadapter: b\nr: 4\nlora_alpha: 8\nlora_dropout: 0.1\nuse_rslora: true\ntarget_modules: all-linear\n");
        Assert.Equal(("b", 4, 8.0, 0.1, true), (own.Adapter, own.Lora.Rank, own.Lora.Alpha, own.Lora.Dropout, own.Lora.UseRsLora));
        Assert.Equal(["all-linear"], own.Lora.TargetModules);
    }

    [Fact]
    public void A_file_of_Axolotl_too()
    {
        var config = Load("base_model: b\nadapter: qlora\nload_in_4bit: true\nlora_r: 32\nlora_alpha: 16\nlearning_rate: 1e-4\n"
            + "lora_target_modules: "
            + "[q_proj, v_proj]\nsequence_len: 1024\nmicro_batch_size: 1\nsample_packing: true\nnum_epochs: "
            + "3\nloss_watchdog_threshold: 5.0\n");
        Assert.Equal((ConfigDialect.Axolotl, 32, true, 3.0, 5.0),
            (config.Dialect, config.Lora.Rank, config.Options.Packing, config.Options.Epochs, config.Options.LossLimit));
        Assert.Equal(["q_proj", "v_proj"], config.Lora.TargetModules);
        Assert.Empty(config.Ignored);
        Assert.Equal("nf4", config.Model.Quantization);
    }

    [Fact]
    public void Our_own_file_comes_back_as_it_was_and_mistakes_are_named_with_their_line()
    {
        var config = Load("base: models/a\nrank: 8\nuse_dora: true\nbatch_tokens: 512\nlearning_rate: 2e-3\nmax_steps: 5\n");
        Assert.Equal((8, true, 512, 5), (config.Lora.Rank, config.Lora.UseDora, config.Options.BatchTokens, config.Options.MaxSteps));
        var again = Load(config.ToYaml());
        Assert.Equal((config.Base, config.Options, config.Lora.Rank, config.Lora.UseDora),
            (again.Base, again.Options, again.Lora.Rank, again.Lora.UseDora));
        var started = Load("base: a\nadapter: runs/b/adapter\nwarmup_steps: 3\nadam_beta2: 0.95\nlabel_smoothing: 0.1\noverwrite: true\n"
            + "target_modules: [q_proj, model.layers.0.mlp.up_proj]\n");
        again = Load(started.ToYaml());
        Assert.True(started.Options.Overwrite);
        Assert.Equal(("runs/b/adapter", started.Options with { Overwrite = false }), (again.Adapter, again.Options));
        Assert.Equal(started.Lora.TargetModules, again.Lora.TargetModules);
        // A share that is given goes before steps that a file has.
        var share = SftOptions.Settings.Single(s => s.Property == nameof(SftOptions.WarmupRatio));
        Assert.Null(started.With([(share, 0.2)]).Options.WarmupSteps);
        Assert.Contains(":2: the field 'rnak' is unknown; did you mean 'rank'?",
            Assert.Throws<LabException>(() => Load("base: a\nrnak: 8\n")).Message);
        Assert.Equal("cuda:1", Load(Load("device: cuda:1\n").ToYaml()).Model.Device);
        Assert.Contains(":2: device is 'gpu'; expected auto, cpu, cuda or cuda:N",
            Assert.Throws<LabException>(() => Load("base: a\ndevice: gpu\n")).Message);
        Assert.Contains(":1: rank is 'many'; expected a whole number from 1 to 1024",
            Assert.Throws<LabException>(() => Load("rank: many\n")).Message);
    }

    public void Dispose() => File.Delete(_path);

    private TrainingConfig Load(string yaml)
    {
        File.WriteAllText(_path, yaml);
        return TrainingConfig.Load(_path);
    }
}
