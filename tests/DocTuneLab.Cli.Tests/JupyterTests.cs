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

    // Jupyter's own test suite for kernels, as far as it applies: there is no pager.
    private const string Conformance = """"
        import os, unittest
        os.environ["JUPYTER_PATH"] = os.path.join(os.getcwd(), "env", "share", "jupyter")
        import jupyter_kernel_test
        class Conformance(jupyter_kernel_test.KernelTests):
            kernel_name = "doctune"
            language_name = "C#"
            file_extension = ".cs"
            code_hello_world = 'Console.WriteLine("hello, world");'
            code_stderr = 'Console.Error.WriteLine("x");'
            completion_samples = [{"text": "Console.Wri", "matches": {"Write", "WriteLine"}}, {"text": "#!lsma", "matches": {"#!lsmagic"}}]
            complete_code_samples = ["1", "var x = 2;", "int F() { return 1; }"]
            incomplete_code_samples = ["int F() {", 'var s = """']
            invalid_code_samples = ["var = ;"]
            code_inspect_sample = "Console.WriteLine"
            code_execute_result = [{"code": "6 * 7", "result": "42"}]
            code_display_data = [{"code": 'display("<b>1</b>", "text/html");', "mime": "text/html"}]
            code_generate_error = "throw new Exception();"
            code_clear_output = "ClearOutput();"
            code_history_pattern = "6 ? 7*"
            supported_history_operations = ("tail", "range", "search")
        unittest.main(argv=["conformance"])
        """";

    private readonly Doctune _doctune = new();

    public void Dispose() => _doctune.Dispose();

    [Fact]
    public void The_installed_kernel_runs_a_notebook_for_nbclient()
    {
        Assert.SkipUnless(CanImport("jupyter_client, nbclient"), "needs python3 with jupyter_client and nbclient");
        Assert.Equal(0, _doctune.Run("kernel", "install", "--no-compile", "--prefix", "env").Code);
        var result = Doctune.Wait(_doctune.StartProgram("/usr/bin/python3", "-c", Execute));
        Assert.True(result.Code == 0, result.Error);
        Assert.Equal("[[[\"stream\", \"printed\\n\"]], [[\"display_data\", \"21\"], [\"execute_result\", \"42\"]]]", result.Out.Trim());
        Assert.Contains("Removed", _doctune.Run("kernel", "uninstall", "--prefix", "env").Out);
    }

    [Fact]
    public void The_installed_kernel_passes_jupyters_own_tests()
    {
        Assert.SkipUnless(CanImport("jupyter_kernel_test"), "needs python3 with jupyter_kernel_test");
        Assert.Equal(0, _doctune.Run("kernel", "install", "--no-compile", "--prefix", "env").Code);
        var result = Doctune.Wait(_doctune.StartProgram("/usr/bin/python3", "-c", Conformance));
        Assert.True(result.Code == 0, result.Error);
    }

    private bool CanImport(string modules) =>
        File.Exists("/usr/bin/python3") && Doctune.Wait(_doctune.StartProgram("/usr/bin/python3", "-c", $"import {modules}")).Code == 0;
}
