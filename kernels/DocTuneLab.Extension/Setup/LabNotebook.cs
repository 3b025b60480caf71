using System.Globalization;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Notebooks.Formats;
using DocTuneLab.Notebooks.Running;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Extension.Setup;

/// <summary>The notebook of a lab of one's own: the cells of the sample notebook, about another library.</summary>
public static class LabNotebook
{
    /// <summary>Its name in the lab's folder.</summary>
    public const string FileName = "lab.ipynb";

    // Tag of the cell that opens the lab.
    private const string OpenTag = "open-lab";

    /// <summary>Writes the notebook of a lab into its folder.</summary>
    /// <returns>Its path.</returns>
    /// <exception cref="LabException">It is there already.</exception>
    public static string Write(MadeLab lab)
    {
        ArgumentNullException.ThrowIfNull(lab);
        var path = Path.Combine(lab.Library.Folder, FileName);
        if (File.Exists(path)) throw new LabException($"{path}: is there already, and nothing is overwritten. Move it away.");
        var notebook = Notebook.Parse(Sample(), FileName);
        notebook.Cells[0].Source = Introduction(lab);
        notebook.Cells.Single(c => c.HasTag(ParameterCell.Tag)).Source = Settings(lab);
        notebook.Cells.Single(c => c.HasTag(OpenTag)).Source = "#!lab --path @csharp:labFolder --seed @csharp:seed";
        notebook.Save(path);
        return path;
    }

    private static string Sample()
    {
        using var reader = new StreamReader(typeof(LabNotebook).Assembly.GetManifestResourceStream(FileName)!);
        return reader.ReadToEnd();
    }

    private static string Introduction(MadeLab lab) =>
        $"""
        # {lab.Library.Title}: from documentation to a tuned model

        The whole flow on one library: parse its documentation, choose prompts, write a corpus, train a QLoRA adapter, compare the tuned
        model with the base model on held-out tasks. Every cell does real work on what the cells before it made; change a setting, run
        again, and the figures change.

        `{LibraryFolder.FileName}` beside this notebook says what the library is: its pages, its assemblies, what they need. Tasks in the
        folder `tasks` are held out; where there are none, some are drafted from its unit tests, its pages and its types, and proved.
        """;

    // The sample model is small: what it is trained with is in the sample notebook. Any other starts from the defaults.
    private static string Settings(MadeLab lab)
    {
        var (corpus, lora, recipe) = (CorpusOptions.Settings.Defaults, LoraConfig.Settings.Defaults, SftOptions.Settings.Defaults);
        var sample = lab.IsSampleBase;
        return string.Create(CultureInfo.InvariantCulture, $"""
            // Settings. On the command line: -p seed 2 -p samples 400
            var seed = 1;
            var heldOut = 60;            // programming tasks that are drafted where the library has none; 0 for no tasks
            var samples = {corpus.Count:#_0};         // accepted samples of the corpus
            var rank = {lora.Rank};               // of the adapter
            var alpha = {Real(lora.Alpha)};
            var learningRate = {Real(sample ? 3e-3 : recipe.LearningRate)};{(sample ? "  // above the default: a small model" : "")}
            var epochs = {Real(recipe.Epochs)};
            var replay = {Real(sample ? 0.3 : recipe.ReplayShare)};  // tokens of plain text about .NET beside each token of the corpus
            var replayWeight = {Real(sample ? 2 : recipe.ReplayWeight)};      // of that text's loss beside the samples'
            var weightDecay = {Real(recipe.WeightDecay)};      // of the adapter
            var batchTokens = {recipe.BatchTokens};
            var maxMinutes = 60.0;       // training stops after this long, with a checkpoint
            var maxSteps = 100_000;      // or after this many optimiser steps
            var split = "test";          // of the held-out tasks that are asked
            var arms = "base,tuned,tuned+compiler";  // what is compared, the reference first; base+docs too
            var baseModel = {Quoted(lab.Base)};  // a folder in Hugging Face layout, or owner/name on a hub
            var labFolder = ".";         // this folder: its {LibraryFolder.FileName} says which library
            """);

        static string Real(double value) => value.ToString(value == Math.Floor(value) ? "0.0" : "R", CultureInfo.InvariantCulture);

        static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal)}\"";
    }
}
