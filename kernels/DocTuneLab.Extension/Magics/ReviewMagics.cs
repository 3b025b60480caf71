using System.CommandLine;
using System.CommandLine.Parsing;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Review;
using DocTuneLab.Experiments;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Extension.Views;
using DocTuneLab.Notebooks;
using DocTuneLab.Settings;

namespace DocTuneLab.Extension.Magics;

/// <summary>Magics with which people look at samples and decide on them.</summary>
internal static class ReviewMagics
{
    public static Command Browse(LabSession lab)
    {
        var status = CommonOptions.Status();
        var kind = CommonOptions.Kind<SampleKind?>("KIND");
        kind.CustomParser = KindOf;
        var search = new Option<string>("--search")
        {
            Description = "Words that must stand in turns, checks, symbols or page.",
            DefaultValueFactory = _ => ""
        };
        var (skip, count) = (new Option<int>("--skip") { Description = "Samples passed over." }, CommonOptions.Show());
        var command = new Command("browse",
            "Samples as cards: search, filter, edit and decide; 'Save decisions' gives a file for 'review FILE --take NAME'.")
        {
            status, kind, search, skip, count
        };
        command.SetCellAction((p, cell) =>
        {
            var asked = p.GetValue(kind);
            var found = SampleBrowser.Find(lab.Storage.Samples, p.Chosen<SampleStanding>(status), asked, p.GetValue(search)!);
            // A lab may hold kinds that another program has defined, so that only an empty answer shows a mistyped one.
            if (found.Count == 0 && asked is { } one && lab.Hooks.Kinds.Find(one.FieldName) is null)
                throw new LabException($"the lab has no such samples of the kind '{one.FieldName}'; the kinds that there are: "
                    + string.Join(", ", lab.Hooks.Kinds.Names));
            var shown = found.Skip(p.GetValue(skip)).Take(p.GetValue(count)).ToList();
            cell.DisplayMime(new Dictionary<string, object>
            {
                ["text/html"] = SamplesHtml.Browser(shown, found.Count),
                ["text/plain"] = string.Join('\n',
                    shown.Select(s => $"{s.Id[..8]} {s.Kind} {SampleBrowser.Of(s)}: {s.Messages[^2].Content.Split('\n')[0]}")
                        .Append($"{shown.Count} of {found.Count} samples")),
            });
        });
        return command;
    }

    private static SampleKind? KindOf(ArgumentResult result)
    {
        if (SampleKind.TryParse(result.Tokens[0].Value, out var kind)) return kind;
        result.AddError($"--kind is '{result.Tokens[0].Value}'; expected the name of a kind of samples, such as code.");
        return null;
    }

    public static Command Decide(LabSession lab)
    {
        var id = new Argument<string>("ID") { Description = "The sample; the first letters of its id will do." };
        var decision = new Argument<string>("DECISION")
        {
            Description = "accept, reject, edit (the new answer stands in the lines below) or regenerate."
        };
        decision.AcceptOnlyFromAmong([.. SettingNames.Of(typeof(ReviewDecision))]);
        var reviewer = CommonOptions.Reviewer();
        var note = new Option<string>("--note") { Description = "Why.", DefaultValueFactory = _ => "" };
        var command = new Command("#!decide", "Takes a decision on one sample into the lab; an edited one is judged again.")
        {
            id, decision, reviewer, note
        };
        command.SetCellAction((p, cell) =>
        {
            var edited = lab.ReviewStage.Decide(p.GetValue(id)!,
                (ReviewDecision)SettingNames.Parse(typeof(ReviewDecision), p.GetValue(decision)!)!, p.GetValue(reviewer)!,
                p.GetValue(note)!,
                cell.Body.Trim() is { Length: > 0 } body ? body : null);
            cell.DisplayMime(new Dictionary<string, object>
            {
                ["text/html"] = SamplesHtml.Browser([edited], 1),
                ["text/plain"] = $"{edited.Id[..8]} {edited.Kind} {SampleBrowser.Of(edited)}"
            });
        });
        return command;
    }

    public static Command Regenerate(LabSession lab)
    {
        var (endpoints, wordings) = (new EndpointArguments(), new SettingOptions(WordingOptions.Settings));
        var command = new Command("regenerate",
            "Writes new samples in the place of all that reviewers marked 'regenerate': of the same kinds, about the same members.");
        wordings.AddTo(command);
        endpoints.AddConnection(command);
        command.SetCellAction(async (p, cell) =>
        {
            lab.Wordings.Use(lab.Storage, wordings.Apply(p, WordingOptions.Settings, WordingOptions.Settings.Defaults));
            var stage = lab.CorpusStage;
            var (marked, written) = endpoints.Of(p) is { } settings
                ? await stage.RegenerateAsync(settings, cell.CancellationToken)
                : stage.Regenerate(cell.CancellationToken);
            cell.Display(
                marked == 0 ? "nothing is marked 'regenerate'" : $"{marked} samples were marked; {written.Count} new ones accepted");
            if (written.Count > 0)
                cell.DisplayMime(new Dictionary<string, object>
                {
                    ["text/html"] = SamplesHtml.Browser(written, written.Count),
                    ["text/plain"] = $"{written.Count} samples"
                });
        });
        return command;
    }

    public static Command Table(LabSession lab)
    {
        var file = new Argument<string>("FILE") { Description = ".csv or .jsonl" };
        var reviewer = new Option<string?>("--take")
        {
            Description = "Take the decisions in the file into the lab, as this reviewer's. Without, the file is written.",
            HelpName = "REVIEWER"
        };
        var command = new Command("review", "Samples as a table for reviewers, and their decisions back.") { file, reviewer };
        command.SetCellAction((p, cell) =>
        {
            if (p.GetValue(reviewer) is { } name)
            {
                cell.Display(lab.ReviewStage.Take(p.GetValue(file)!, name));
                return;
            }
            var samples = lab.Storage.Samples.List(acceptedOnly: false);
            ReviewFile.Write(p.GetValue(file)!, samples);
            cell.Display($"{samples.Count} samples in {p.GetValue(file)}");
        });
        return command;
    }
}
