[assembly: Xunit.AssemblyFixture(typeof(DocTuneLab.Tests.TemporaryFolder))]

namespace DocTuneLab.Tests;

/// <summary>A folder of its own for what a test project and the programs that it starts write to the system's temporary folder;
/// gone when they are done.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("doctune-tests-").FullName;

    public TemporaryFolder()
    {
        foreach (var name in (string[])["TMPDIR", "TEMP", "TMP"]) Environment.SetEnvironmentVariable(name, _folder);
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A program that is still ending holds a file; what is left is the system's to remove.
        }
    }
}
