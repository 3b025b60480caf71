using System.CommandLine;
using System.Text.Json.Nodes;
using DocTuneLab.Extension;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Hosting;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Commands;
using Microsoft.DotNet.Interactive.Directives;
using Microsoft.DotNet.Interactive.Events;
using Microsoft.DotNet.Interactive.Formatting;

namespace DocTuneLab.DotNetInteractive;

/// <summary>
/// Cells of the lab inside .NET Interactive: a kernel of its own over the same <see cref="NotebookSession"/> and
/// <see cref="LabExtension"/> as everywhere else, so that a notebook does the same in both hosts.
/// </summary>
public sealed class DocTuneKernel : Kernel, IKernelCommandHandler<SubmitCode>, IKernelCommandHandler<RequestCompletions>
{
    /// <summary>Name of the kernel: its cells start with <c>#!doctune</c>.</summary>
    public const string KernelName = "doctune";

    private readonly NotebookSession _session = new(new SessionOptions { Extensions = [new LabExtension()] });

    private (KernelCommand? Cell, string Line)? _waiting;

    /// <summary>Creates the kernel and tells .NET Interactive about the lab's magics, which it would refuse as unknown otherwise.</summary>
    public DocTuneKernel() : base(KernelName)
    {
        KernelInfo.LanguageName = "C#";
        KernelInfo.DisplayName = "doctune - C# and the lab's magics";
        foreach (var magic in _session.Magics.DistinctBy(magic => magic.Name))
            AddDirective(Directive(magic), (command, context) => MagicAsync(magic.Name, command, context));
        RegisterForDisposal(_session);
    }

    /// <inheritdoc/>
    public Task HandleAsync(SubmitCode command, KernelInvocationContext context)
    {
        ArgumentNullException.ThrowIfNull(command);
        var heading = _waiting is { } held && held.Cell == command.Parent ? held.Line + "\n" : "";
        _waiting = null;
        return RunAsync(heading + command.Code, context);
    }

    /// <inheritdoc/>
    public async Task HandleAsync(RequestCompletions command, KernelInvocationContext context)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(context);
        var lines = command.Code.Split('\n');
        var position = lines.Take(command.LinePosition.Line).Sum(line => line.Length + 1) + command.LinePosition.Character;
        var found = await _session.CompleteAsync(command.Code, position, context.CancellationToken);
        context.Publish(new CompletionsProduced([.. found.Entries.Select(entry => new CompletionItem(entry.Text, entry.Kind))], command));
    }

    // .NET Interactive hands a cell over in pieces. A magic with lines under it waits for them.
    private Task MagicAsync(string name, KernelCommand command, KernelInvocationContext context)
    {
        if (!_session.TakesBody(name))
            return RunAsync(LineOf(command), context);
        _waiting = (command.Parent, LineOf(command));
        return Task.CompletedTask;
    }

    private async Task RunAsync(string code, KernelInvocationContext context)
    {
        var result = await _session.RunAsync(new CellRequest(code, $"cell {SubmissionCount + 1}"), output => Publish(output, context),
            context.CancellationToken);
        if (result.Error is { } error)
            context.Fail(context.Command, message: string.Join('\n', error.Traceback));
    }

    private static void Publish(CellOutput output, KernelInvocationContext context)
    {
        switch (output)
        {
            case StreamOutput stream:
                FormattedValue[] text = [new("text/plain", stream.Text)];
                context.Publish(stream.IsError
                    ? new StandardErrorValueProduced(context.Command, text)
                    : new StandardOutputValueProduced(context.Command, text));
                break;
            case DisplayOutput display:
                context.Publish(new DisplayedValueProduced(null, context.Command, Formatted(display.Data), display.DisplayId));
                break;
            case UpdateOutput update:
                context.Publish(new DisplayedValueUpdated(null, update.DisplayId, context.Command, Formatted(update.Data)));
                break;
            case ResultOutput value:
                context.Publish(new ReturnValueProduced(null, context.Command, Formatted(value.Data)));
                break;
        }
    }

    private static FormattedValue[] Formatted(JsonObject data) =>
        [.. data.Select(pair => new FormattedValue(pair.Key,
            pair.Value is JsonValue value && value.TryGetValue(out string? text) ? text : pair.Value?.ToJsonString() ?? ""))];

    // .NET Interactive checks the names of parameters before a kernel sees the line; the values are checked by the magic itself.
    private static KernelActionDirective Directive(Command magic)
    {
        var directive = new KernelActionDirective(magic.Name, magic.Description);
        foreach (var option in magic.Options)
        {
            directive.Parameters.Add(new KernelDirectiveParameter(option.Name, option.Description)
            {
                Flag = option.ValueType == typeof(bool),
                MaxOccurrences = int.MaxValue,
            });
        }
        foreach (var argument in magic.Arguments)
            directive.Parameters.Add(new KernelDirectiveParameter(argument.Name, argument.Description)
            {
                AllowImplicitName = true,
                MaxOccurrences = int.MaxValue
            });
        return directive;
    }

    // What .NET Interactive makes of a magic is internal to it, but says its line.
    private static string LineOf(KernelCommand command) =>
        command.ToString() is { } text && text.StartsWith("Directive: ", StringComparison.Ordinal) ? text["Directive: ".Length..] : "";
}
