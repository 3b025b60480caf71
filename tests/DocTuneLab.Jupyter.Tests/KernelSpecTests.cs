using System.Text.Json.Nodes;
using DocTuneLab.Notebooks;

namespace DocTuneLab.Jupyter.Tests;

public class KernelSpecTests
{
    [Fact]
    public void The_specification_is_written_and_removed()
    {
        var prefix = Directory.CreateTempSubdirectory("doctune-spec").FullName;
        try
        {
            var folder = KernelSpec.Install(prefix, ["/opt/doctune"]);
            Assert.Equal(Path.Combine(prefix, "share", "jupyter", "kernels", "doctune"), folder);
            var spec = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "kernel.json")))!;
            Assert.Equal("[\"/opt/doctune\",\"kernel\",\"start\",\"-f\",\"{connection_file}\"]", spec["argv"]!.ToJsonString());
            Assert.Equal("message", spec["interrupt_mode"]!.ToString());
            Assert.All((string[])["logo-svg.svg", "logo-32x32.png", "logo-64x64.png"],
                logo => Assert.True(new FileInfo(Path.Combine(folder, logo)).Length > 300));
            Assert.Equal(folder, KernelSpec.Uninstall(prefix));
            Assert.Null(KernelSpec.Uninstall(prefix));
        }
        finally
        {
            Directory.Delete(prefix, recursive: true);
        }
    }

    [Fact]
    public void A_broken_connection_file_is_named()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, "{}");
        Assert.StartsWith($"{path}: not a Jupyter connection file",
            Assert.Throws<NotebookException>(() => ConnectionInfo.Load(path)).Message);
        File.Delete(path);
    }
}
