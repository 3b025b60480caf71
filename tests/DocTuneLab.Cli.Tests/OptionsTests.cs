using System.Collections;
using System.CommandLine;
using System.Data.Common;
using System.Globalization;
using System.Reflection;
using DocTuneLab.Corpus.Hosted;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Experiments.Reference;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension;
using DocTuneLab.Notebooks;
using DocTuneLab.Prompts.Tuning;
using DocTuneLab.Settings;
using DocTuneLab.Storage;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Cli.Tests;

/// <summary>One name of an option means one thing, in every verb and every magic, and what a stage can be told has one.</summary>
public sealed class OptionsTests
{
    /// <summary>Names that mean one thing here and another there, and why that must be.</summary>
    private static readonly Dictionary<string, string> s_homonyms = new(StringComparer.Ordinal)
    {
        ["--out"] = "of training it is a setting with a default, since a run always has a folder",
        ["--format"] = "samples and models are written as different things, and a model's must be said",
        ["--adapter"] = "of training it is a setting, what it goes on from",
        ["--count"] = "of a corpus it is a setting, accepted samples; of a draft it counts questions",
        ["--allow-without-isolation"] = "of a corpus it is about the code of samples, of an evaluation about answers",
        ["--source"] = "an audit points into the library's own C#, a corpus is mined from any, tasks are drafted from tests",
        ["--kind"] = "samples and tasks are of different kinds, and what to draft must be said",
    };

    private const string InPrograms = "an object or a function, which programs give", Elsewhere = "it has a table of its own";

    /// <summary>Properties of options records that are no settings, and why.</summary>
    private static readonly Dictionary<string, string> s_noSettings = new(StringComparer.Ordinal)
    {
        [Name<ParseOptions>(nameof(ParseOptions.Sources))] = "the verb's argument",
        [Name<ParseOptions>(nameof(ParseOptions.Assemblies))] = "--assembly",
        [Name<ParseOptions>(nameof(ParseOptions.References))] = "--reference",
        [Name<ParseOptions>(nameof(ParseOptions.Reading))] = InPrograms,
        [Name<ParseOptions>(nameof(ParseOptions.Chunker))] = InPrograms,
        [Name<PromptTuningOptions>(nameof(PromptTuningOptions.Weights))] = InPrograms,
        [Name<CorpusOptions>(nameof(CorpusOptions.Kinds))] = InPrograms,
        [Name<CorpusOptions>(nameof(CorpusOptions.Mix))] = InPrograms,
        [Name<CorpusOptions>(nameof(CorpusOptions.Tokenizer))] = "the base model's",
        [Name<CorpusOptions>(nameof(CorpusOptions.LibraryName))] = "the library's",
        [Name<CorpusOptions>(nameof(CorpusOptions.CodeTemplate))] = "--template",
        [Name<CorpusOptions>(nameof(CorpusOptions.QaTemplate))] = "--template",
        [Name<CorpusOptions>(nameof(CorpusOptions.HeldOut))] = "--suite",
        [Name<CorpusOptions>(nameof(CorpusOptions.General))] = InPrograms,
        [Name<CorpusOptions>(nameof(CorpusOptions.Passages))] = "the lab's search",
        [Name<CorpusOptions>(nameof(CorpusOptions.MaxReadingTokens))] = "what training takes",
        [Name<CorpusOptions>(nameof(CorpusOptions.Runner))] = "the sandbox of answers",
        [Name<GenerationOptions>(nameof(GenerationOptions.Kinds))] = InPrograms,
        [Name<GenerationOptions>(nameof(GenerationOptions.Mix))] = "--kinds, each with its usual share",
        [Name<GenerationOptions>(nameof(GenerationOptions.About))] = "what reviewers marked",
        [Name<GenerationOptions>(nameof(GenerationOptions.Personas))] = InPrograms,
        [Name<GenerationOptions>(nameof(GenerationOptions.Passages))] = "the lab's search",
        [Name<GenerationOptions>(nameof(GenerationOptions.LibraryName))] = "the library's",
        [Name<GenerationOptions>(nameof(GenerationOptions.CodeTemplate))] = "--template",
        [Name<GenerationOptions>(nameof(GenerationOptions.QaTemplate))] = "--template",
        [Name<GenerationOptions>(nameof(GenerationOptions.Templates))] = "--template",
        [Name<EngineOptions>(nameof(EngineOptions.Seed))] = "the experiment's",
        [Name<TrainingConfig>(nameof(TrainingConfig.Model))] = Elsewhere,
        [Name<TrainingConfig>(nameof(TrainingConfig.Lora))] = Elsewhere,
        [Name<TrainingConfig>(nameof(TrainingConfig.Options))] = Elsewhere,
        [Name<TrainingConfig>(nameof(TrainingConfig.Ignored))] = "what a file held",
        [Name<TrainingConfig>(nameof(TrainingConfig.Dialect))] = "what a file was",
        [Name<EvaluationPlan>(nameof(EvaluationPlan.Options))] = Elsewhere,
        [Name<EvaluationPlan>(nameof(EvaluationPlan.Guidance))] = Elsewhere,
        [Name<EvaluationPlan>(nameof(EvaluationPlan.Training))] = "the lab's accepted samples, or --corpus",
        [Name<EvaluationPlan>(nameof(EvaluationPlan.Others))] = InPrograms,
        [Name<EvaluationPlan>(nameof(EvaluationPlan.Endpoints))] = "--endpoints",
        [Name<EvaluationPlan>(nameof(EvaluationPlan.Engine))] = Elsewhere,
        [Name<EvaluationOptions>(nameof(EvaluationOptions.Arm))] = "the plan's arms",
        [Name<EvaluationOptions>(nameof(EvaluationOptions.MeasureRetention))] = "the arm's",
        [Name<EvaluationOptions>(nameof(EvaluationOptions.ScoreReferences))] = "the suite check's",
        [Name<EvaluationOptions>(nameof(EvaluationOptions.Guide))] = "the plan's guidance, of an arm that is guided",
        [Name<EvaluationOptions>(nameof(EvaluationOptions.Execution))] = Elsewhere,
    };

    [Fact]
    public void An_option_has_the_same_words_and_the_same_default_in_every_verb_and_magic()
    {
        var options = Commands()
            .SelectMany(c => c.Command.Options.SelectMany(o => o.Aliases.Append(o.Name).Select(n => (Name: n, c.Path, Said: Said(o)))))
            .Where(o => o.Name.StartsWith("--", StringComparison.Ordinal) && !s_homonyms.ContainsKey(o.Name))
            .ToList();
        // Both sides were walked.
        Assert.Contains(options, o => o is { Path: "doctune train", Name: "--rank" });
        Assert.Contains(options, o => o is { Path: "#!train", Name: "--rank" });
        var differing = options.GroupBy(o => o.Name, StringComparer.Ordinal)
            .Where(g => g.Select(o => o.Said).Distinct(StringComparer.Ordinal).Count() > 1)
            .Select(g => $"{g.Key}:\n{string.Concat(g.Select(o => $"  {o.Path}: {o.Said}\n"))}");
        Assert.Equal("", string.Concat(differing));
    }

    [Fact]
    public void No_command_has_two_options_of_one_name()
    {
        var twice = Commands()
            .SelectMany(c => c.Command.Options.SelectMany(o => o.Aliases.Append(o.Name)).GroupBy(n => n, StringComparer.Ordinal)
                .Where(g => g.Count() > 1).Select(g => $"{c.Path} {g.Key}"));
        Assert.Empty(twice);
    }

    [Fact]
    public void A_command_that_loads_a_base_model_takes_every_setting_of_how_it_is_loaded()
    {
        // What is exported is read file by file, a new lab's model is only named, and the model of '#!train' was loaded by '#!base'.
        var loading = Commands().Where(c => c.Path is not ("doctune export" or "doctune new")
            && (c.Path == "#!base" || c.Command.Options.Any(o => o.Name == "--base"))).ToList();
        Assert.Equal(["#!base", "doctune chat", "doctune evaluate", "doctune generate", "doctune mcp", "doctune prompts tune",
            "doctune score", "doctune serve", "doctune train"], loading.Select(c => c.Path).Order(StringComparer.Ordinal));
        Assert.All(loading,
            c => Assert.Empty(ModelLoadOptions.Settings.Select(s => s.Option).Except(c.Command.Options.Select(o => o.Name))));
    }

    [Fact]
    public void What_an_options_record_of_a_stage_can_be_told_is_a_setting_or_is_listed_with_a_reason()
    {
        var properties = LabSettings.Groups.SelectMany(g => g.Table.GetType().GetGenericArguments()[0]
            .GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.SetMethod is { IsPublic: true } && g.Table.All(s => s.Property != p.Name))
            .Select(p => $"{p.DeclaringType!.Name}.{p.Name}"));
        Assert.Equal(s_noSettings.Keys.Order(StringComparer.Ordinal), properties.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_table_of_settings_is_in_the_reference()
    {
        var tables = ((Assembly[])[typeof(Setting).Assembly, typeof(SftOptions).Assembly, typeof(EvaluationOptions).Assembly,
            typeof(EvaluationPlan).Assembly]).SelectMany(a => a.GetExportedTypes())
            .SelectMany(t => t.GetProperties(BindingFlags.Public | BindingFlags.Static))
            .Where(p => p.PropertyType.IsAssignableTo(typeof(SettingTable)) && !p.DeclaringType!.IsAssignableTo(typeof(SettingTable)))
            .Select(p => (SettingTable)p.GetValue(null)!);
        Assert.All(tables, t => Assert.Contains(LabSettings.Groups, g => g.Table == t));
    }

    private static string Name<T>(string property) => $"{typeof(T).Name}.{property}";

    private static string Said(Option option) =>
        $"{(option.ValueType == typeof(bool) ? "" : "<…> ")}{option.Description}"
        + (option.HasDefaultValue ? $" [{Text(option.GetDefaultValue())}]" : "");

    private static string Text(object? value) => value is string or not IEnumerable
        ? System.Convert.ToString(value, CultureInfo.InvariantCulture)!
        : string.Join(',', ((IEnumerable)value).Cast<object>());

    private static IEnumerable<(string Path, Command Command)> Commands()
    {
        var magics = new Magics();
        new LabExtension().Load(magics);
        return magics.Commands.SelectMany(c => Within(c, c.Name)).Concat(Within(CommandLine.Root(), "doctune"));
    }

    private static IEnumerable<(string Path, Command Command)> Within(Command command, string path) =>
        command.Subcommands.SelectMany(c => Within(c, $"{path} {c.Name}")).Prepend((path, command));

    /// <summary>Takes the magics of an extension, and nothing else.</summary>
    private sealed class Magics : IExtensionHost
    {
        public List<Command> Commands { get; } = [];

        public void AddMagic(Command command, bool takesBody = false) => Commands.Add(command);

        public void AddLanguage(ICellLanguage language) { }

        public void AddUsings(params string[] namespaces) { }

        public void AddReferences(params Assembly[] assemblies) { }

        public void SetValue<T>(string name, T value) { }

        public void AddSqlConnection(string name, Func<DbConnection> open) { }

        public void AddFormatter<T>(string mimeType, Func<T, string> format) { }
    }
}
