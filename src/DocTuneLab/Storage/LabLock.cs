using System.Globalization;
using System.Text.Json;

namespace DocTuneLab.Storage;

/// <summary>
/// The right to write to a lab: <c>lab.lock</c>, locked by the operating system, which frees it when the process ends in
/// whatever way. Who holds it stands in <c>lab.owner</c> beside it, because a locked file cannot be read everywhere.
/// </summary>
internal static class LabLock
{
    /// <summary>Who holds a lock.</summary>
    private sealed record Owner(int Process, string Command, string User, string Machine, DateTimeOffset Since);

    /// <exception cref="LabException">Another process holds it: which one, and since when.</exception>
    public static FileStream Take(string path, TimeProvider time)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(Path.Combine(path, "lab.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new LabException($"{path}: no right to write here. Choose another folder, or open the lab for reading only.", e);
        }
        catch (IOException e) when (!StorageFault.IsDiskFull(e))
        {
            throw new LabException(
                $"{path}: the lab is open for writing in {Holder(path, time)}. Close it there, or open it here for reading only.", e);
        }
        catch (IOException e)
        {
            throw StorageFault.Explain(e, path);
        }
        try
        {
            var command = Path.GetFileName(Environment.GetCommandLineArgs()[0])
                + string.Concat(Environment.GetCommandLineArgs().Skip(1).Take(2).Select(a => " " + a));
            File.WriteAllText(OwnerPath(path),
                JsonSerializer.Serialize(new Owner(Environment.ProcessId, command, Environment.UserName, Environment.MachineName,
                    time.GetUtcNow())));
            return stream;
        }
        catch (IOException e)
        {
            stream.Dispose();
            throw StorageFault.Explain(e, path);
        }
    }

    public static void Release(string path, FileStream stream)
    {
        File.Delete(OwnerPath(path));
        stream.Dispose();
    }

    private static string Holder(string path, TimeProvider time)
    {
        try
        {
            var owner = JsonSerializer.Deserialize<Owner>(File.ReadAllText(OwnerPath(path)))!;
            var held = time.GetUtcNow() - owner.Since;
            var text = held.TotalHours >= 1 ? $"{held.TotalHours:0.#} h"
                : held.TotalMinutes >= 1 ? $"{held.TotalMinutes:0} min"
                : $"{Math.Max(0, held.TotalSeconds):0} s";
            return string.Create(CultureInfo.InvariantCulture,
                $"process {owner.Process} ({owner.Command}) of {owner.User} on {owner.Machine}, for {text} now");
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            // Between taking the lock and writing the name.
            return "another process";
        }
    }

    private static string OwnerPath(string path) => Path.Combine(path, "lab.owner");
}
