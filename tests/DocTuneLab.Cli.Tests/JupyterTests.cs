namespace DocTuneLab.Cli.Tests;

public sealed class JupyterTests : IDisposable
{
    private const string Execute = """
        import json, os, sys
        os.environ["JUPYTER_PATH"] = os.path.join(os.getcwd(), "env", "share", "jupyter")
        import nbformat
        from nbclient import NotebookClient
        nb = nbformat.v4.new_notebook(cells=[
            nbformat.v4.new_code_cell("var x = 20; Console.WriteLine(\"printed\");"),
            nbformat.v4.new_code_cell("var h = display(1); h.Update(x + 1);\n2 * (x + 1)")])
        NotebookClient(nb, kernel_name="doctune", timeout=60).execute()
        print(json.dumps([[(o.output_type, o.get("text") or o.data["text/plain"]) for o in cell.outputs] for cell in nb.cells]))
        """;

    private readonly Doctune doctune = new();

    public void Dispose() => doctune.Dispose();

    [Fact]
    public void The_installed_kernel_runs_a_notebook_for_nbclient()
    {
        Assert.SkipUnless(HasNbClient(), "needs python3 with jupyter_client and nbclient");
        Assert.Equal(0, doctune.Run("kernel", "install", "--prefix", "env").Code);
        var result = Doctune.Wait(doctune.StartProgram("/usr/bin/python3", "-c", Execute));
        Assert.True(result.Code == 0, result.Error);
        Assert.Equal("[[[\"stream\", \"printed\\n\"]], [[\"display_data\", \"21\"], [\"execute_result\", \"42\"]]]", result.Out.Trim());
        Assert.Contains("Removed", doctune.Run("kernel", "uninstall", "--prefix", "env").Out);
    }

    private bool HasNbClient() =>
        File.Exists("/usr/bin/python3") && Doctune.Wait(doctune.StartProgram("/usr/bin/python3", "-c", "import jupyter_client, nbclient")).Code == 0;
}
