using System.Reflection;

namespace DocTuneLab.Evaluation.Suites;

/// <summary>The JSON schema (draft 2020-12) of a suite's lines, for editors and generators.</summary>
public static class SuiteSchema
{
    /// <summary>The schema.</summary>
    public static string Text { get; } = Read();

    private static string Read()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("suite.schema.json")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
