using System.CommandLine;
using DocTuneLab.Cli.Output;
using DocTuneLab.Conversations;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Library.Guidance;

namespace DocTuneLab.Cli.Arguments;

/// <summary>Options of a verb that lets the compiler guide a model: whether, by which rules, against which library, and what stands around
/// the code.</summary>
internal sealed class GuideOptions
{
    private readonly SettingOptions _settings = new(GuideSettings.Settings);
    private readonly Option<string[]> _assembly = CommonOptions.Assembly();
    private readonly Option<string[]> _reference = CommonOptions.Reference();
    private readonly Option<string?> _signature = CommonOptions.Signature();
    private readonly Option<string[]> _usings = new("--using")
    {
        Description = "Namespace in scope of the guided code. May be repeated. Default: those of the library.",
        HelpName = "NAMESPACE"
    };
    private readonly Option<string?> _context = new("--context")
    {
        Description = "File of C# that stands beside the guided code.",
        HelpName = "FILE.cs"
    };

    public void AddTo(Command command)
    {
        _settings.AddTo(command);
        foreach (var option in (Option[])[_assembly, _reference, _usings, _signature, _context]) command.Add(option);
    }

    /// <summary>What was asked for; null where nothing is guided.</summary>
    /// <exception cref="UsageException">Something is missing, or stands there for nothing.</exception>
    public GuideSettings? Of(ParseResult parsed)
    {
        var settings = _settings.Apply(parsed, GuideSettings.Settings, GuideSettings.Settings.Defaults);
        if (settings.Guide == GuideKind.None)
        {
            var idle = _settings.Names(parsed).Concat(((Option[])[_assembly, _reference, _usings, _signature, _context])
                .Where(o => parsed.GetResult(o) is { Implicit: false }).Select(o => o.Name));
            return idle.FirstOrDefault() is { } option
                ? throw new UsageException($"{option} says how code is guided: it needs --guide.")
                : null;
        }
        return parsed.GetValue(_assembly) is { Length: > 0 } ? settings
            : throw new UsageException("--guide needs --assembly DLL: the library that the code is compiled against.");
    }

    /// <summary>The guide of each answer.</summary>
    /// <param name="parsed">What was parsed.</param>
    /// <param name="settings">What a guide looks at.</param>
    /// <param name="prompts">What is asked, or the code before a gap.</param>
    /// <param name="after">The code after the gap; null where an answer is guided.</param>
    /// <exception cref="LabException">An assembly or file is missing, or what stands around the code does not compile.</exception>
    /// <exception cref="UsageException">A header or context is given for a gap.</exception>
    public IReadOnlyList<IAnswerGuide> Guides(
        ParseResult parsed, GuideSettings settings, IReadOnlyList<PromptLine> prompts, string? after)
    {
        if (after is not null && ((parsed.GetValue(_signature) ?? parsed.GetValue(_context)) is not null
            || prompts.Any(p => (p.Signature ?? p.Context) is not null)))
            throw new UsageException("--suffix fills a gap in the prompt's own code: --signature and --context do not go with it, "
                + "nor do signature and context of a line.");
        var library = PrivateLibrary.Load(parsed.GetValue(_assembly)!, parsed.GetValue(_reference));
        IReadOnlyList<string> usings = parsed.GetValue(_usings) is { Length: > 0 } given ? given : library.Api.Namespaces;
        var context = parsed.GetValue(_context) is not { } file ? ""
            : File.Exists(file) ? File.ReadAllText(file) : throw new LabException($"--context: {file}: no such file");
        return [.. prompts.Select((p, i) => after is null ? Guide(p, i)
            : (IAnswerGuide)settings.Gap(library.Judge, p.Prompt, after, p.Usings ?? usings))];

        AnswerGuide Guide(PromptLine prompt, int index)
        {
            var (scope, beside) = (prompt.Usings ?? usings, prompt.Context ?? context);
            var frame = (prompt.Signature ?? parsed.GetValue(_signature)) is { } header
                ? GuideFrame.Body(header, scope, beside) : GuideFrame.File(scope, beside);
            var code = settings.Code(library.Judge, frame);
            return code.Problem is { } problem
                ? throw new LabException($"--guide: prompt {index + 1}: what stands around the code does not compile, so nothing can be "
                    + $"guided: {problem.TrimEnd('.')}. Look at signature, usings and context.")
                : new AnswerGuide(code);
        }
    }
}
