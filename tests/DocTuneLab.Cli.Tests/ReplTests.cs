using System.Text.Json;

namespace DocTuneLab.Cli.Tests;

public sealed class ReplTests : IDisposable
{
    // A terminal of 60 columns, typed into with pauses, and what a screen of it would show in the end.
    private const string Terminal = """
        import fcntl, json, os, pty, select, struct, sys, termios, time
        library, keys = sys.argv[1], json.loads(sys.argv[2])
        pid, fd = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "xterm"
            os.environ["XDG_DATA_HOME"] = os.getcwd()
            os.execvp("dotnet", ["dotnet", library, "repl"])
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 60, 0, 0))
        out = b""
        def read_until(wanted, limit):
            global out
            start, end = len(out), time.time() + limit
            while time.time() < end:
                if select.select([fd], [], [], 0.05)[0]:
                    try: out += os.read(fd, 65536)
                    except OSError: return
                if wanted and wanted.encode() in out[start:]: return
        read_until("[1] > ", 30)
        for text, wanted in keys:
            os.write(fd, text.encode())
            read_until(wanted, 30 if wanted else 0.5)
        read_until("", 1)
        try: status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        except Exception as e: status = str(e)
        print(json.dumps([status, out.decode("utf8", "replace")]))
        """;

    private readonly Doctune _doctune = new();

    public void Dispose() => _doctune.Dispose();

    [Fact]
    public void Piped_input_runs_piece_by_piece_and_feeds_ReadLine()
    {
        using var process = _doctune.StartPiped("repl");
        process.StandardInput.Write("var x = 5;\nint F(int a)\n{\n    return a + x;\n}\nF(2)\nvar n = Console.ReadLine();\nBob\nn + n\n"
            + "throw new Exception(\"boom\");\n\"still here\"\nint G(\n");
        process.StandardInput.Close();
        var result = Doctune.Wait(process);
        Assert.Equal(0, result.Code);
        Assert.Equal("7\nBobBob\nstill here\n", result.Out);
        Assert.Contains("boom", result.Error);
        Assert.Contains("cell 6:line 1", result.Error);
        Assert.Contains("cell 8:line 1: error CS", result.Error);
    }

    [Fact]
    public void In_a_terminal_lines_are_edited_completed_recalled_and_interrupted()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3") && OperatingSystem.IsLinux(), "needs python3 for a pseudo-terminal");
        string[][] keys =
        [
            ["var x = 20;\r", "[2] > "],
            // The code is not complete: Enter begins a line, indented behind a brace.
            ["for (var i = 0; i < 2; i++)\r{\r", "...     "],
            ["Console.Write(i);\r}\r", "[3] > "],
            // Up, and the same input once more with an edit in its middle.
            ["\u001b[A", "Console.Write(i);"],
            ["\r", "[4] > "],
            ["while (true) ;\r", ""],
            ["\u0003", "[5] > "],
            ["x * 2", ""], ["\u0001", ""], ["1 + ", ""], ["\r", "[6] > "],
            ["Console.Wri", ""], ["\t", "Console.Write"], ["Line(\"déjà 学习\");\r", "[7] > "],
            ["nonsense", ""], ["\u0003", "[7] > "],
            ["\u0004", ""],
        ];
        var result = Doctune.Wait(_doctune.StartProgram("/usr/bin/python3", "-c", Terminal, Doctune.Library,
            JsonSerializer.Serialize(keys)));
        Assert.True(result.Code == 0, result.Error);
        using var answer = JsonDocument.Parse(result.Out);
        var screen = answer.RootElement[1].GetString()!;
        Assert.True(answer.RootElement[0].ToString() == "0", screen);
        Assert.Equal(2, screen.Split("\n01").Length - 1);
        Assert.Contains("cell 4 was cancelled", screen);
        Assert.Contains("\n41", screen);
        Assert.Contains("\ndéjà 学习", screen);
        var history = File.ReadAllLines(Path.Combine(_doctune.Folder, "doctune", "history.jsonl"))
            .Select(l => JsonSerializer.Deserialize<string>(l))
            .ToList();
        Assert.Equal(["var x = 20;", "for (var i = 0; i < 2; i++)\n{\n    Console.Write(i);\n}", "while (true) ;", "1 + x * 2",
            "Console.WriteLine(\"déjà 学习\");"], history);
    }
}
