using System.CommandLine;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Cli.Repl;
using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Experiments.Asking;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Prompts;
using DocTuneLab.Storage;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Models;
using Spectre.Console;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune chat</c>: a conversation with a local model in a terminal.</summary>
internal static class Chat
{
    private const string Words = """
        /who ARM...        who answers: {0}
        /method HEADER     asks for the body of a method; /method alone asks questions again
        /prompt            what the model read last
        /pages             the pages that it read last
        /good, /bad        votes on the last answer (kept in the lab)
        /again             asks the last question again
        /set NAME VALUE    {1}
        /new               begins anew
        /exit              ends, as Ctrl-D does
        """;

    public static Command Command()
    {
        var (source, load, known) = (ModelArguments.Base(), ModelArguments.Loading(), new KnownLibrary());
        var (adapter, arms, signature) = (CommonOptions.Adapter(), AskArguments.Arms(), CommonOptions.Signature());
        var sampling = new SettingOptions(SamplingOptions.Settings);
        var command = new Command("chat",
            "A conversation with a local model: base and tuned answer one after the other, as they were trained to be asked. With --lab or "
                + "--assembly the compiler looks at all C# in the answers; the adapter is that which the lab trained last, unless "
                + "another is given. /help lists what can be said besides.")
        {
            adapter, arms, signature
        };
        source.AddTo(command, required: true);
        load.AddTo(command);
        known.AddTo(command);
        sampling.AddTo(command);
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            using var library = known.Find(parsed);
            using var model = BaseModel.Load(ModelFolder.Of(source.BaseOf(parsed)!, cancel: cancel), load.LoadOf(parsed));
            using var lora = (parsed.GetValue(adapter) ?? library?.AdapterOver(model)) is { } folder
                ? LoraAdapter.Load(model, folder) : null;
            var wordings = new Wordings();
            if (library is not null) (wordings.Code, wordings.Qa) = library.Knowledge.Wording;
            var talk = new Conversation(model, lora,
                library is null ? null : new PrivateLibrary(library.Knowledge.Api, library.Knowledge.Judge, library.Knowledge.Name),
                library?.Knowledge.Search is { } search ? query => [.. search(query, Passages.Candidates).Select(h => h.Chunk)] : null,
                wordings);
            var session = new Session(talk, AskArguments.Chosen(parsed.GetValue(arms) ?? [], talk), parsed.GetValue(signature),
                sampling.Apply(parsed, SamplingOptions.Settings, AskedQuestion.Usual),
                library?.Lab is { } lab ? new AnswerVotes(lab, TimeProvider.System).Add : null);
            return session.Run(cancel);
        }, CancellationToken.None));
        return command;
    }

    private sealed class Session(
        Conversation talk, IReadOnlyList<string> who, string? header, SamplingOptions sampling, Action<AnswerVote>? keep)
    {
        private readonly IAnsiConsole _console = Terminal.Create();
        private List<AskedAnswer> _last = [];
        private string? _question;

        public int Run(CancellationToken cancel)
        {
            var isTerminal = !Console.IsInputRedirected && !Console.IsOutputRedirected;
            var editor = new LineEditor(() => Console.ReadKey(intercept: true), Console.Out, () => Console.WindowWidth,
                (_, at) => (at, at, []), _ => true);
            List<string> history = [];
            if (isTerminal) Console.WriteLine($"{string.Join(", ", who)} answer. /help says what can be said besides; Ctrl-D ends.");
            while (!cancel.IsCancellationRequested && (isTerminal ? Typed(editor, history) : Console.In.ReadLine()) is { } line)
            {
                line = line.Trim();
                if (line is "/exit" or "/quit") break;
                if (line.Length == 0) continue;
                history.Add(line);
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                Interruption.OnInterrupt = () => _ = stop.CancelAsync();
                try
                {
                    if (line[0] == '/') Command(line, stop.Token);
                    else Ask(line, stop.Token);
                }
                catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
                {
                    Console.WriteLine("\n(stopped)");
                }
                catch (LabException e) when (isTerminal)
                {
                    Console.Error.WriteLine(e.Message);
                }
                finally
                {
                    Interruption.OnInterrupt = null;
                }
            }
            return cancel.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Ok;
        }

        private void Command(string line, CancellationToken cancel)
        {
            var (word, rest) = line.Split(' ', 2, StringSplitOptions.TrimEntries) is [var first, var second] ? (first, second) : (line, "");
            switch (word)
            {
                case "/help":
                    Console.WriteLine(Words, string.Join(", ", talk.Arms),
                        string.Join(", ", SamplingOptions.Settings.Select(s => s.Option[2..])));
                    break;
                case "/who":
                    who = rest.Length == 0 ? who : [.. rest.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries)];
                    Console.WriteLine(string.Join(", ", who));
                    break;
                case "/method":
                    header = rest.Length == 0 ? null : rest;
                    Console.WriteLine(header is null ? "questions" : $"the body of: {header}");
                    break;
                case "/prompt":
                    foreach (var answer in Last()) Console.WriteLine($"{answer.Arm}:\n{answer.Prompt}");
                    break;
                case "/pages":
                    foreach (var chunk in Last().SelectMany(a => a.Sources).DistinctBy(c => c.Id))
                        Console.WriteLine($"{chunk.DocumentPath}: {string.Join(" > ", chunk.HeadingPath)}\n{chunk.Text.Trim()}\n");
                    break;
                case "/good" or "/bad":
                    Vote(Last()[^1], word == "/good");
                    break;
                case "/again":
                    Ask(_question ?? throw new LabException("nothing was asked yet."), cancel);
                    break;
                case "/set":
                    Set(rest);
                    break;
                case "/new":
                    talk.Clear();
                    Console.WriteLine("a new conversation");
                    break;
                default:
                    throw new LabException($"there is no '{word}'; /help lists what there is.");
            }
        }

        private void Ask(string question, CancellationToken cancel)
        {
            // A vote is on what was answered to this.
            (_question, _last) = (question, []);
            foreach (var arm in who)
            {
                if (Console.IsOutputRedirected) Console.WriteLine($"{arm}:");
                else _console.Write(new Rule(Markup.Escape(arm)) { Justification = Justify.Left });
                var streamed = false;
                AskedAnswer Answer(Action<int>? onDecoded) => talk.Ask(arm, new(question, header) { Sampling = sampling }, piece =>
                {
                    streamed = true;
                    Console.Write(piece);
                }, onDecoded, cancel);
                // A guided answer comes as a whole, and takes its time.
                var answer = ArmName.Of(arm).Guided is null || Console.IsOutputRedirected ? Answer(null)
                    : _console.Status().Start("searching", s => Answer(n => s.Status($"searching: {n} tokens decoded")));
                Console.WriteLine(streamed ? "" : answer.Text);
                foreach (var code in answer.Code)
                    _console.Write(new Spectre.Console.Text(code + "\n", new(code.Compiles ? Color.Green : Color.Red)));
                if (answer.Sources.Count > 0)
                    Console.WriteLine($"read: {string.Join("; ", answer.Sources.Select(s =>
                        $"{s.DocumentPath} {string.Join(" > ", s.HeadingPath)}"))}");
                _last.Add(answer);
            }
        }

        private List<AskedAnswer> Last() => _last.Count > 0 ? _last : throw new LabException("nothing was answered yet.");

        private void Vote(AskedAnswer answer, bool isGood)
        {
            if (keep is null) throw new LabException("votes are kept in a lab: start with --lab DIR.");
            keep(new(answer.Arm, header is null ? _question! : $"{_question}\n{header}", answer.Text, isGood,
                [.. answer.Code.Select(c => c.Compiles)]));
            Console.WriteLine($"kept: {answer.Arm} was {(isGood ? "good" : "bad")}");
        }

        private void Set(string rest)
        {
            if (rest.Split(' ', 2, StringSplitOptions.TrimEntries) is not [var name, var value]
                || SamplingOptions.Settings.Find(name) is not { } setting)
                throw new LabException("expected /set NAME VALUE with one of "
                    + $"{string.Join(", ", SamplingOptions.Settings.Select(s => s.Option[2..]))}.");
            sampling = SamplingOptions.Settings.With(sampling, [(setting, setting.Parse(value))]);
            Console.WriteLine($"{name} is {value}");
        }

        private static string? Typed(LineEditor editor, IReadOnlyList<string> history)
        {
            Console.TreatControlCAsInput = true;
            try
            {
                return editor.Read("> ", history);
            }
            finally
            {
                Console.TreatControlCAsInput = false;
            }
        }
    }
}
