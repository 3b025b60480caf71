namespace DocTuneLab.Cli.Tests;

public sealed class UsageTests : IDisposable
{
    private readonly Doctune doctune = new();

    public void Dispose() => doctune.Dispose();

    [Theory]
    [InlineData("doctune: There is no verb 'rnu' here. Did you mean 'run'?\n'doctune --help' shows what there is.\n", "rnu", "nb.ipynb")]
    [InlineData("doctune: There is no option '--reprot' here. Did you mean '--report'?\n'doctune run --help' shows what there is.\n", "run", "nb.ipynb", "--reprot", "x.html")]
    [InlineData("doctune: There is no verb 'instal' here. Did you mean 'install'?\n'doctune kernel --help' shows what there is.\n", "kernel", "instal")]
    [InlineData("doctune: -p takes a name and a value; 'steps' has no value. Put quotes around a value with blanks.\n", "run", "nb.ipynb", "-p", "steps")]
    [InlineData("doctune: --timeout takes a positive number of seconds, not -1.\n", "run", "nb.ipynb", "--timeout", "-1")]
    public void Wrong_usage_is_one_message_and_exit_code_2(string message, params string[] arguments)
    {
        var result = doctune.Run(arguments);
        Assert.Equal((2, message, ""), (result.Code, result.Error, result.Out));
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
        var result = doctune.Run(arguments);
        Assert.Equal(0, result.Code);
        Assert.Contains("Usage:\n  doctune", result.Out);
    }

    [Fact]
    public void A_missing_notebook_is_named()
    {
        var result = doctune.Run("run", "no.ipynb");
        Assert.Equal((1, "doctune: no.ipynb: there is no such notebook. Give the path of an .ipynb or .dib file.\n"), (result.Code, result.Error));
    }

    [Fact]
    public void Broken_json_is_named_with_its_line()
    {
        doctune.Write("bad.ipynb", "{\n \"cells\": [\n");
        var result = doctune.Run("run", "bad.ipynb");
        Assert.Equal(1, result.Code);
        Assert.StartsWith("doctune: bad.ipynb, line 3: not valid JSON", result.Error);
        Assert.DoesNotContain("   at ", result.Error);
    }
}
