using DocTuneLab.Notebooks.Cells;

namespace DocTuneLab.Cli.Output;

/// <summary>
/// Shows what cells show as plain text: values to the standard output, errors to the standard error. Made before the session, which puts
/// itself in the console's place: what is printed here is not to go through it once more.
/// </summary>
internal sealed class CellPrinter
{
    private readonly TextWriter _output = Console.Out;
    private readonly TextWriter _error = Console.Error;

    public void Print(CellOutput shown)
    {
        switch (shown)
        {
            case StreamOutput { IsError: true } stream:
                _error.Write(stream.Text);
                break;
            case StreamOutput stream:
                _output.Write(stream.Text);
                break;
            case DisplayOutput { Data: var data }:
                _output.WriteLine(data["text/plain"]?.ToString() ?? $"({string.Join(", ", data.Select(pair => pair.Key))})");
                break;
            case ResultOutput { Data: var data }:
                _output.WriteLine(data["text/plain"]?.ToString());
                break;
            case ErrorOutput failure:
                _error.WriteLine(string.Join('\n', failure.Traceback));
                break;
        }
    }
}
