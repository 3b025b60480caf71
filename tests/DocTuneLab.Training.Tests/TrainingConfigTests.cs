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
        Assert.Equal(["finetuning_type"], config.Ignored);
    }

    [Fact]
    public void A_file_of_Axolotl_too()
    {
        var config = Load("base_model: b\nadapter: qlora\nload_in_4bit: true\nlora_r: 32\nlora_target_modules: "
            + "[q_proj, v_proj]\nsequence_len: 1024\nmicro_batch_size: 1\nsample_packing: true\nnum_epochs: "
            + "3\nloss_watchdog_threshold: 5.0\n");
        Assert.Equal((ConfigDialect.Axolotl, 32, true, 3.0, 5.0),
            (config.Dialect, config.Lora.Rank, config.Options.Packing, config.Options.Epochs, config.Options.LossLimit));
        Assert.Equal(["q_proj", "v_proj"], config.Lora.TargetModules);
        Assert.Equal(["adapter"], config.Ignored);
    }

    [Fact]
    public void Our_own_file_comes_back_as_it_was_and_mistakes_are_named_with_their_line()
    {
        var config = Load("base: models/a\nrank: 8\nuse_dora: true\nbatch_tokens: 512\nlearning_rate: 2e-3\nmax_steps: 5\n");
        Assert.Equal((8, true, 512, 5), (config.Lora.Rank, config.Lora.UseDora, config.Options.BatchTokens, config.Options.MaxSteps));
        var again = Load(config.ToYaml());
        Assert.Equal((config.Base, config.Options, config.Lora.Rank, config.Lora.UseDora),
            (again.Base, again.Options, again.Lora.Rank, again.Lora.UseDora));
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
