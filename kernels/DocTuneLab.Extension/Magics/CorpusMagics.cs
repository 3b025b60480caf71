using System.CommandLine;
using System.Diagnostics;
using DocTuneLab.Notebooks;

namespace DocTuneLab.Extension.Magics;

/// <summary>Magics of the training corpus.</summary>
internal static class CorpusMagics
{
    public static void AddTo(IExtensionHost host, LabSession lab)
    {
        host.AddMagic(CorpusCommand(lab));
    }

    private static Command CorpusCommand(LabSession lab)
    {
        var count = new Option<int>("--count") { Description = "Accepted samples wanted.", DefaultValueFactory = _ => 4000 };
        var generate = new Command("generate", "Writes grounded samples, compiled and checked.") { count };
        generate.SetCellAction((p, cell) =>
        {
            var live = cell.Display("generating …");
            var clock = Stopwatch.StartNew();
            var corpus = lab.GenerateCorpus(p.GetValue(count), new Follow<Corpus.CorpusProgress>(s => live.Update($"{s.Kind}: {s.Accepted}/{s.Wanted} accepted of {s.Drafts} drafts")), cell.CancellationToken);
            live.Update($"{corpus.Samples.Count:N0} accepted samples, {corpus.Tokens:N0} tokens, {corpus.Rejected.Count:N0} rejected, in {clock.Elapsed.TotalSeconds:F1} s");
            cell.Display(corpus.Accounts.Select(a => new { Kind = a.Kind.ToString(), a.Wanted, a.Drafts, a.Accepted, Rejected = string.Join(", ", a.Rejected.Select(r => $"{r.Key} {r.Value}")), a.Closes }).ToArray());
            Charts.Show(cell, Charts.Corpus(corpus));
            cell.DisplayMime(new Dictionary<string, object> { ["text/html"] = Summary.Samples(corpus.Samples), ["text/plain"] = "one sample of each kind" });
        });
        return new Command("#!corpus", "The training corpus.") { generate };
    }
}
