using DocTuneLab.Notebooks.Cells;

namespace DocTuneLab.Cli;

/// <summary>Shows what cells show as plain text: values to the standard output, errors to the standard error.</summary>
internal static class CellPrinter
{
    public static void Print(CellOutput output)
    {
        switch (output)
        {
            case StreamOutput { IsError: true } stream:
                Console.Error.Write(stream.Text);
                break;
            case StreamOutput stream:
                Console.Out.Write(stream.Text);
                break;
            case DisplayOutput { Data: var data }:
                Console.Out.WriteLine(data["text/plain"]?.ToString() ?? $"({string.Join(", ", data.Select(pair => pair.Key))})");
                break;
            case ResultOutput { Data: var data }:
                Console.Out.WriteLine(data["text/plain"]?.ToString());
                break;
            case ErrorOutput error:
                Console.Error.WriteLine(string.Join('\n', error.Traceback));
                break;
        }
    }
}
