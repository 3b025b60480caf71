using System.Diagnostics;

namespace DocTuneLab.Cli.Tests;

public sealed class RunTests : IDisposable
{
    private readonly Doctune _doctune = new();

    public void Dispose() => _doctune.Dispose();

    [Fact]
    public void A_run_saves_the_notebook_and_the_report_and_says_where()
    {
        _doctune.Write("nb.dib", "#!markdown\n\n# Hello\n\n#!csharp\n\nConsole.WriteLine(40 + x);\n");
        _doctune.Write("nb.ipynb", """
            {"cells": [
              {"cell_type": "markdown", "metadata": {}, "source": "# Hello"},
              {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "int x = 1; string s = \"\";", "outputs": [], "execution_count": null},
              {"cell_type": "code", "metadata": {}, "source": "Console.WriteLine($\"{40 + x} {s}\");", "outputs": [], "execution_count": null}],
             "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
            """);
        var result = _doctune.Run("run", "nb.ipynb", "-p", "x", "2", "-p", "s", "-a=b c", "--report", "out/r.html");
        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Contains("cell 3/3 Hello", result.Out);
        Assert.Contains(Path.Combine("artifacts", "nb.ipynb"), result.Out);
        Assert.Contains("r.html", result.Out);
        Assert.Contains("\"42 -a=b c\\n\"", _doctune.Read("artifacts/nb.ipynb"));
        Assert.Contains("42 -a=b c", _doctune.Read("out/r.html"));
    }

    [Theory]
    [InlineData("inproc")]
    [InlineData("process")]
    public void Parameters_come_from_files_yaml_and_single_values_in_this_order(string kernel)
    {
        _doctune.Write("nb.dib",
            "#!csharp\n\nint a = 0; double b = 0; string c = \"\"; int[] d = []; bool e = false;\n\n#!csharp\n\ndisplay(1).Update(2);\n"
                + "Console.Write($\"{a} {b} {c} {d.Sum()} {e}\");\n");
        Assert.Equal(0, _doctune.Run("convert", "nb.dib", "nb.ipynb").Code);
        var text = _doctune.Read("nb.ipynb");
        var first = text.IndexOf("\"metadata\": {}", StringComparison.Ordinal);
        _doctune.Write("nb.ipynb",
            text[..first] + "\"metadata\": {\"tags\": [\"parameters\"]}" + text[(first + "\"metadata\": {}".Length)..]);
        _doctune.Write("p.yaml", "a: 1\nb: 1\nc: from file\nd: [1, 2]\n");
        var result = _doctune.Run("run", "nb.ipynb", "-p", "a", "3", "-f", "p.yaml", "-y", "{a: 2, b: 2.5, e: true}", "--kernel", kernel);
        Assert.True(result.Code == 0, result.Out + result.Error);
        Assert.Contains("\"3 2.5 from file 3 True\"", _doctune.Read("artifacts/nb.ipynb"));
        Assert.Matches("\"text/plain\": \\[\\s*\"2\"", _doctune.Read("artifacts/nb.ipynb"));
    }

    [Theory]
    [InlineData("-f", "no.yaml", "doctune: -f: there is no file 'no.yaml'.\n")]
    [InlineData("-y", "[1, 2]", "doctune: -y: expected names with values, such as 'steps: 60'.\n")]
    public void Wrong_parameter_sources_are_named(string option, string value, string message)
    {
        _doctune.Write("nb.dib", "#!csharp\n\n1\n");
        var result = _doctune.Run("run", "nb.dib", option, value);
        Assert.Equal((2, message), (result.Code, result.Error));
    }

    [Fact]
    public void A_kernel_that_dies_gives_exit_code_4_and_what_it_said_last()
    {
        _doctune.Write("nb.dib",
            "#!csharp\n\nConsole.WriteLine(\"before\");\n\n#!csharp\n\nConsole.WriteLine(\"on the way\");\nThread.Sleep(300);\n"
                + "Environment.FailFast(\"the end\");\n\n#!csharp\n\n1\n");
        var result = _doctune.Run("run", "nb.dib", "--kernel", "process");
        Assert.True(result.Code == 4, result.Out + result.Error);
        Assert.Contains("cell 2: the kernel died with exit code", result.Out);
        Assert.Contains("the end", result.Out);
        var saved = _doctune.Read("artifacts/nb.ipynb");
        Assert.Contains("before\\n", saved);
        Assert.Contains("on the way\\n", saved);
        Assert.Contains("\"ename\": \"KernelDied\"", saved);
    }

    [Fact]
    public void A_cell_past_its_limit_is_stopped_in_a_kernel_of_its_own_too()
    {
        _doctune.Write("nb.dib", "#!csharp\n\nThread.Sleep(700);\n\n#!csharp\n\nThread.Sleep(700);\n\n#!csharp\n\nwhile (true) ;\n");
        var result = _doctune.Run("run", "nb.dib", "--timeout", "10", "--kernel", "process");
        Assert.True(result.Code == 3, result.Out + result.Error);
        Assert.Contains("at cell 3 of 3", result.Out);
    }

    [Fact]
    public void A_failing_cell_gives_exit_code_1_its_place_and_a_saved_notebook()
    {
        _doctune.Write("nb.dib", "#!csharp\n\nvar a = 1;\n\n#!csharp\n\n\nthrow new Exception(\"boom\");\n\n#!csharp\n\n\"never\"\n");
        var result = _doctune.Run("run", "nb.dib", "-o", "out.ipynb", "--report", "r.html");
        Assert.Equal(1, result.Code);
        Assert.Contains("Exception: boom", result.Out);
        Assert.Contains("cell 2:line 1", result.Out);
        Assert.Contains("\"ename\": \"Exception\"", _doctune.Read("out.ipynb"));
        Assert.Contains("This run failed", _doctune.Read("r.html"));
    }

    [Fact]
    public void An_unknown_parameter_gives_exit_code_2()
    {
        _doctune.Write("nb.dib", "#!csharp\n\nvar a = 1;\n");
        Assert.Equal(0, _doctune.Run("convert", "nb.dib", "nb.ipynb").Code);
        _doctune.Write("nb.ipynb",
            _doctune.Read("nb.ipynb").Replace("\"metadata\": {},\n   \"outputs\"",
                "\"metadata\": {\"tags\": [\"parameters\"]},\n   \"outputs\"", StringComparison.Ordinal));
        var result = _doctune.Run("run", "nb.ipynb", "-p", "b", "1");
        Assert.Equal((2, "doctune: The notebook has no parameter 'b'. It has: a.\n"), (result.Code, result.Error));
    }

    [Fact]
    public void A_run_past_its_limit_gives_exit_code_3()
    {
        _doctune.Write("nb.dib", "#!csharp\n\nwhile (true) ;\n");
        Assert.Equal(3, _doctune.Run("run", "nb.dib", "--timeout", "2").Code);
    }

    [Fact]
    public void Ctrl_C_stops_a_runaway_cell_saves_and_gives_exit_code_130()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "sends a POSIX signal");
        _doctune.Write("nb.dib", "#!csharp\n\nConsole.WriteLine(\"started\");\nwhile (true) ;\n");
        using var process = _doctune.Start("run", "nb.dib", "--verbose");
        while (process.StandardOutput.ReadLine() is { } line && line != "started")
        {
        }
        using (var kill = Process.Start("kill", ["-INT", process.Id.ToString()]))
            kill.WaitForExit();
        Assert.Equal(130, Doctune.Wait(process).Code);
        Assert.Contains("\"status\": \"interrupted\"", _doctune.Read("artifacts/nb.ipynb"));
    }

    [Fact]
    public void A_script_prints_and_gets_its_arguments()
    {
        _doctune.Write("s.csx", "Console.WriteLine(string.Join('+', args));\n\"last\"");
        var result = _doctune.Run("script", "s.csx", "a", "b");
        Assert.Equal((0, "a+b\nlast\n"), (result.Code, result.Out));
        _doctune.Write("s.csx", "\nnope();");
        result = _doctune.Run("script", "s.csx");
        Assert.Equal(1, result.Code);
        Assert.StartsWith("s.csx:line 2: error CS0103", result.Error);
    }

    [Fact]
    public void A_script_may_hold_the_console_while_it_prints_and_print_much_at_once()
    {
        _doctune.Write("s.csx",
            "lock (Console.Out) { Console.Write(\"a\"); Thread.Sleep(300); Console.WriteLine(\"b\"); "
                + "}\nConsole.WriteLine(new string('x', 70_000));");
        var result = _doctune.Run("script", "s.csx");
        Assert.Equal((0, "ab\n" + new string('x', 70_000) + "\n"), (result.Code, result.Out));
    }

    [Fact]
    public void Conversion_there_and_back_keeps_the_notebook()
    {
        _doctune.Write("a.dib", "#!markdown\n\n# T\n\n#!csharp\n\n1 + 1\n");
        Assert.Equal(0, _doctune.Run("convert", "a.dib", "a.ipynb").Code);
        Assert.Equal(0, _doctune.Run("convert", "a.ipynb", "b.dib").Code);
        Assert.EndsWith("#!markdown\n\n# T\n\n#!csharp\n\n1 + 1\n", _doctune.Read("b.dib"));
        Assert.Equal(1, _doctune.Run("convert", "a.ipynb", "a.txt").Code);
    }
}
