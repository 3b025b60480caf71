using System.CommandLine;
using DocTuneLab.Conversations;
using DocTuneLab.Experiments;
using DocTuneLab.Experiments.Asking;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Extension.Views;
using DocTuneLab.Notebooks;
using DocTuneLab.Prompts;

namespace DocTuneLab.Extension.Magics;

/// <summary><c>#!ask</c>: a question to the model, before and after tuning.</summary>
internal static class AskMagic
{
    public static void AddTo(IExtensionHost host, LabSession lab)
    {
        var arms = AskArguments.Arms();
        var (signature, again) = (CommonOptions.Signature(), new Option<bool>("--go-on")
        {
            Description = "Goes on from what was asked and answered before, instead of beginning anew.",
        });
        var sampling = new SettingOptions(SamplingOptions.Settings);
        var command = new Command("#!ask",
            "Asks the model what stands below: each arm answers beside the others, as it was trained to be asked, and the compiler looks "
                + "at all C# in the answers.")
        {
            arms, signature, again
        };
        sampling.AddTo(command);
        Conversation? talk = null;
        (object, object?)? with = null;
        command.SetCellAction((p, cell) =>
        {
            if (cell.Body.Trim() is not { Length: > 0 } text) throw new LabException("what is asked? Write it below #!ask.");
            var model = lab.Model ?? throw new LabException("no base model yet: run #!base DIR first");
            // Another model knows nothing of what this one said.
            if (talk is null || !p.GetValue(again) || with != (model, lab.Adapter)) talk = Begin(lab);
            with = (model, lab.Adapter);
            var question = new AskedQuestion(text, p.GetValue(signature))
            {
                Sampling = sampling.Apply(p, SamplingOptions.Settings, AskedQuestion.Usual),
            };
            var asked = AskArguments.Chosen(p.GetValue(arms) ?? [], talk);
            List<AskedAnswer> answers = [];
            var live = cell.Display("…");
            var shown = new Follow<string>(t => live.Update(t));
            foreach (var arm in asked)
            {
                var so = $"{arm}: ";
                answers.Add(talk.Ask(arm, question, piece => shown.Report(so += piece),
                    n => shown.Report($"{arm}: searching, {n} tokens decoded"), cell.CancellationToken));
            }
            live.Update(text);
            cell.DisplayMime(AnswersHtml.Of(answers));
        });
        host.AddMagic(command, takesBody: true);
    }

    private static Conversation Begin(LabSession lab) => new(lab.Model!, lab.Adapter, lab.Library,
        lab.Documents is null ? null : query => [.. lab.Storage.Documents.Search(query, Passages.Candidates).Select(h => h.Chunk)],
        lab.Wordings);
}
