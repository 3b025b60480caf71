using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DocTuneLab.Jupyter;

/// <summary>The folder by which Jupyter knows the kernel.</summary>
public static class KernelSpec
{
    /// <summary>Name of the kernel, as in <c>jupyter console --kernel doctune</c>.</summary>
    public const string Name = "doctune";

    /// <summary>Where the specification goes: the user's Jupyter folder, or <c>share/jupyter</c> under a prefix.</summary>
    public static string Folder(string? prefix)
    {
        if (prefix is not null)
            return Path.Combine(Path.GetFullPath(prefix), "share", "jupyter", "kernels", Name);
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var data = Environment.GetEnvironmentVariable("JUPYTER_DATA_DIR") is { Length: > 0 } set ? set
            : RuntimeInformation.IsOSPlatform(OSPlatform.Windows)
                ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "jupyter")
            : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? Path.Combine(home, "Library", "Jupyter")
            : Path.Combine(
                Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } xdg ? xdg : Path.Combine(home, ".local", "share"),
                "jupyter");
        return Path.Combine(data, "kernels", Name);
    }

    /// <summary>Where a copy of the tool that belongs to the specification goes: it is removed with it.</summary>
    public static string CopyFolder(string? prefix) => Path.Combine(Folder(prefix), "bin");

    /// <summary>Writes the specification and returns its folder.
    /// <paramref name="command"/> starts the tool (program and first arguments).</summary>
    public static string Install(string? prefix, IEnumerable<string> command)
    {
        var folder = Folder(prefix);
        Directory.CreateDirectory(folder);
        var spec = new JsonObject
        {
            ["argv"] = new JsonArray([.. command.Concat(["kernel", "start", "-f", "{connection_file}"]).Select(part => (JsonNode)part)]),
            ["display_name"] = "C# (DocTuneLab)",
            ["language"] = "C#",
            // The kernel is interrupted by a message; a signal would have to be told from the user's Ctrl-C.
            ["interrupt_mode"] = "message",
            ["metadata"] = new JsonObject { ["debugger"] = false },
        };
        File.WriteAllText(Path.Combine(folder, "kernel.json"),
            spec.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })
                + "\n");
        foreach (var logo in (string[])["logo-svg.svg", "logo-32x32.png", "logo-64x64.png"])
        {
            using var source = typeof(KernelSpec).Assembly.GetManifestResourceStream(logo)!;
            using var target = File.Create(Path.Combine(folder, logo));
            source.CopyTo(target);
        }
        return folder;
    }

    /// <summary>Removes the specification. Returns its folder, or null if there was none.</summary>
    public static string? Uninstall(string? prefix)
    {
        var folder = Folder(prefix);
        if (!Directory.Exists(folder))
            return null;
        Directory.Delete(folder, recursive: true);
        return folder;
    }
}
