namespace DocTuneLab.Cli.Tests;

public sealed class UsageTests : IDisposable
{
    private readonly Doctune _doctune = new();

    public void Dispose() => _doctune.Dispose();

    [Theory]
    [InlineData("doctune: There is no verb 'rnu' here. Did you mean 'run'?\n'doctune --help' shows what there is.\n", "rnu", "nb.ipynb")]
    [InlineData("doctune: There is no option '--reprot' here. Did you mean '--report'?\n'doctune run --help' shows what there is.\n", "run",
        "nb.ipynb", "--reprot", "x.html")]
    [InlineData("doctune: There is no verb 'instal' here. Did you mean 'install'?\n'doctune kernel --help' shows what there is.\n",
        "kernel", "instal")]
    [InlineData("doctune: -p takes a name and a value; 'steps' has no value. Put quotes around a value with blanks.\n", "run", "nb.ipynb",
        "-p", "steps")]
    [InlineData("doctune: --timeout takes a positive number of seconds, not -1.\n", "run", "nb.ipynb", "--timeout", "-1")]
    [InlineData("doctune: There is no option '--asembly' here. Did you mean '--assembly'?\n'doctune parse --help' shows what there is.\n",
        "parse", "docs", "--asembly", "a.dll")]
    [InlineData("doctune: There is no option '--sarf' here. Did you mean '--sarif'?\n'doctune audit --help' shows what there is.\n",
        "audit", "docs", "-a", "a.dll", "--sarf", "x")]
    [InlineData("doctune: --passage-tokens is 'x'; expected a whole number of at least 1.\n'doctune parse --help' shows what there is.\n",
        "parse", "docs", "--passage-tokens", "x")]
    [InlineData("doctune: --fail-on takes one of error, warning, note, none, not 'x'.\n'doctune audit --help' shows what there is.\n",
        "audit", "docs", "-a", "a.dll", "--fail-on", "x")]
    [InlineData("doctune: import needs <file>. File that 'doctune lab export' wrote.\n'doctune lab import --help' shows what there is.\n",
        "lab", "import")]
    [InlineData("doctune: audit needs --assembly <DLL>. Assembly of the library; its XML documentation lies beside it. "
        + "May be repeated.\n'doctune audit --help' shows what there is.\n", "audit", "docs")]
    [InlineData("doctune: --timeout takes a number, not 'x'.\n'doctune run --help' shows what there is.\n", "run", "nb.ipynb", "--timeout",
        "x")]
    [InlineData("doctune: lab needs one of: verify, gc, stats, export, import.\n'doctune lab --help' shows what there is.\n", "lab")]
    [InlineData("doctune: There is no option '--rnak' here. Did you mean '--rank'?\n'doctune train --help' shows what there is.\n", "train",
        "--rnak", "4")]
    [InlineData("doctune: There is no option '--rnak' here. Did you mean '--rank'?\n'doctune train --help' shows what there is.\n", "train",
        "--rnak")]
    [InlineData("doctune: --rank is '0'; expected a whole number from 1 to 1024.\n'doctune train --help' shows what there is.\n", "train",
        "--rank", "0")]
    [InlineData("doctune: which library? Give --docs DIR and --assembly DLL, or --lab L of a lab that knows it: artifacts/lab does not.\n",
        "corpus", "generate")]
    [InlineData("doctune: --blind takes a number of pairs above 0, not '-3'.\n'doctune evaluate --help' shows what there is.\n", "evaluate",
        "--blind", "-3")]
    [InlineData("doctune: missing: --suite DIR: the held-out tasks; --assembly DLL: the private library that answers are compiled "
        + "against.\n", "evaluate", "--base", "m")]
    [InlineData("doctune: --device is 'gpu'; expected auto, cpu, cuda or cuda:N.\n'doctune train --help' shows what there is.\n", "train",
        "--base", "m", "--corpus", "c", "--device", "gpu")]
    public void Wrong_usage_is_one_message_and_exit_code_2(string message, params string[] arguments)
    {
        var result = _doctune.Run(arguments);
        Assert.Equal((2, message, ""), (result.Code, result.Error, result.Out));
    }

    [Theory]
    [InlineData("--dry-run", "doctune: --dry-run: only for a hosted model")]
    [InlineData("--kinds code --batch", "doctune: --kinds, --batch: only for a hosted model")]
    public void What_only_a_hosted_model_can_do_is_not_ignored(string options, string message)
    {
        var result = _doctune.Run(["corpus", "generate", "--docs", "d", "--assembly", "a.dll", "--suite", "s", .. options.Split(' ')]);
        Assert.Equal((1, ""), (result.Code, result.Out));
        Assert.StartsWith(message, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lab_where_none_can_be_made_is_said()
    {
        var result = _doctune.Run("parse", Path.Combine(Doctune.Root, "data/private-library/docs"), "--lab",
            Path.Combine(Doctune.Root, "README.md", "lab"));
        Assert.Equal(1, result.Code);
        Assert.Contains("no lab can be made here", result.Error, StringComparison.Ordinal);
        Assert.Contains("Give a folder that you may write to: --lab L.", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("run", "--help")]
    [InlineData("kernel", "start", "--help")]
    [InlineData("audit", "diff", "--help")]
    [InlineData("lab", "import", "--help")]
    [InlineData("runs", "show", "--help")]
    public void Help_is_there_for_every_verb(params string[] arguments)
    {
        var result = _doctune.Run(arguments);
        Assert.Equal(0, result.Code);
        Assert.Contains("Usage:\n  doctune", result.Out);
    }

    [Fact]
    public void Help_names_an_option_before_its_aliases()
    {
        var help = _doctune.Run("evaluate", "--help").Out;
        Assert.Contains("  --assembly, -a <DLL> ", help);
        Assert.Contains("  --base, --model <DIR> ", help);
        Assert.Contains("  --help, -?, -h ", help);
    }

    [Theory]
    [InlineData("train")]
    [InlineData("generate")]
    [InlineData("score")]
    [InlineData("serve")]
    [InlineData("evaluate")]
    [InlineData("prompts", "tune")]
    public void Every_verb_that_loads_a_model_takes_a_device(params string[] verb) =>
        Assert.Contains("--device <D>", _doctune.Run([.. verb, "--help"]).Out, StringComparison.Ordinal);

    [Fact]
    public void A_device_that_is_not_there_is_said()
    {
        Assert.SkipWhen(TorchSharp.torch.cuda.is_available(), "this machine has a CUDA device");
        var result = _doctune.Run("score", "--model", Path.Combine(Doctune.Root, "data/models/nano"), "--device", "cuda:1", "--text",
            "return");
        Assert.Equal((1, ""), (result.Code, result.Out));
        Assert.StartsWith("doctune: there is no device 'cuda:1': ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_notebook_is_named()
    {
        var result = _doctune.Run("run", "no.ipynb");
        Assert.Equal((1, "doctune: no.ipynb: there is no such notebook. Give the path of an .ipynb or .dib file.\n"),
            (result.Code, result.Error));
    }

    [Fact]
    public void Broken_json_is_named_with_its_line()
    {
        _doctune.Write("bad.ipynb", "{\n \"cells\": [\n");
        var result = _doctune.Run("run", "bad.ipynb");
        Assert.Equal(1, result.Code);
        Assert.StartsWith("doctune: bad.ipynb, line 3: not valid JSON", result.Error);
        Assert.DoesNotContain("   at ", result.Error);
    }
}
