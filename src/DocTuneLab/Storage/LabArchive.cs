using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Storage;

/// <summary>A whole lab as one ZIP file, and back. Both directions end whole or not at all.</summary>
public static class LabArchive
{
    private const int Format = 1;
    private const int LargestManifest = 64 << 20;
    private const string ManifestName = "manifest.json";
    private static readonly string[] s_databases = ["lab.sqlite", "lab.litedb"];
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Writes a lab to a file.</summary>
    /// <param name="path">The lab's folder. It is held for writing meanwhile, so that what is written is one state.</param>
    /// <param name="file">The ZIP file, replaced if there is one.</param>
    /// <param name="progress">Bytes written so far and in all.</param>
    /// <param name="cancellation">Stops and leaves no file behind.</param>
    /// <exception cref="LabException">No lab there, in use, not sound, or the file cannot be written.</exception>
    public static ArchiveManifest Export(string path, string file, IProgress<(long Done, long Total)>? progress = null,
        CancellationToken cancellation = default)
    {
        path = Path.GetFullPath(path);
        file = Path.GetFullPath(file);
        if (!File.Exists(Path.Combine(path, "lab.sqlite")))
            throw new LabException($"{path}: no lab here. Expected a folder with lab.sqlite.");
        if (file.StartsWith(Path.Combine(path, "runs") + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new LabException($"{file}: lies among what is to be written. Choose a place outside the lab.");
        using (var lab = Lab.Open(path))
            if (lab.Maintenance.Verify() is [var problem, ..] problems)
                throw new LabException(
                    $"{path}: {problems.Count} problem(s), the first: {problem} An export must be sound; see 'doctune lab verify'.");
        var temporary = file + ".tmp";
        var @lock = LabLock.Take(path, TimeProvider.System);
        try
        {
            // Closing folded the logs of both databases into their files, and the lock keeps others from opening new ones.
            var files = s_databases.Where(f => File.Exists(Path.Combine(path, f)))
                .Concat(RunFiles(path))
                .Order(StringComparer.Ordinal)
                .ToList();
            var total = files.Sum(f => new FileInfo(Path.Combine(path, f)).Length);
            var done = 0L;
            ArchiveManifest manifest;
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            using (var stream = File.Create(temporary))
            {
                using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
                {
                    var entries = files
                        .Select(name => Add(zip, path, name, bytes => progress?.Report((done += bytes, total)), cancellation))
                        .ToList();
                    manifest = new(Format, LabSchema.Version, TimeProvider.System.GetUtcNow(), CodeVersion.Current, entries);
                    using var target = zip.CreateEntry(ManifestName).Open();
                    JsonSerializer.Serialize(target, manifest, s_json);
                }
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, file, overwrite: true);
            return manifest;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFault.Explain(e, file);
        }
        finally
        {
            File.Delete(temporary);
            LabLock.Release(path, @lock);
        }
    }

    /// <summary>Makes a lab from a file that <see cref="Export"/> wrote. The file is not trusted:
    /// names, sizes, hashes, tables and content are checked before the lab is there.</summary>
    /// <param name="file">The ZIP file.</param>
    /// <param name="path">The lab's folder; must not exist yet, or be empty.</param>
    /// <param name="progress">Bytes unpacked so far and in all.</param>
    /// <param name="cancellation">Stops and leaves nothing behind.</param>
    /// <exception cref="LabException">Damaged or hostile, and why; or there is a lab already.</exception>
    public static ArchiveManifest Import(string file, string path, IProgress<(long Done, long Total)>? progress = null,
        CancellationToken cancellation = default)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (!File.Exists(file)) throw new LabException($"{file}: no such file. Expected a lab that 'doctune lab export' wrote.");
        if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any()))
            throw new LabException($"{path}: is there already. Import into a folder that is new or empty.");
        var temporary = $"{path}.importing";
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var @lock = Claim(temporary + ".lock", path);
        try
        {
            // What an import that was killed left behind.
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
            Directory.CreateDirectory(temporary);
            var manifest = Unpack(file, temporary, progress, cancellation);
            CheckTables(file, Path.Combine(temporary, "lab.sqlite"), manifest.Schema);
            using (var lab = Lab.Open(temporary))
                if (lab.Maintenance.Verify() is [var problem, ..]) throw Refused(file, $"the lab in it is not sound: {problem}");
            cancellation.ThrowIfCancellationRequested();
            File.Delete(Path.Combine(temporary, "lab.lock"));
            if (Directory.Exists(path)) Directory.Delete(path);
            Directory.Move(temporary, path);
            return manifest;
        }
        catch (Exception e) when (e is InvalidDataException or JsonException)
        {
            throw Refused(file, $"it is damaged or no ZIP file ({e.Message})");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFault.Explain(e, path);
        }
        finally
        {
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
            @lock.Dispose();
            File.Delete(temporary + ".lock");
        }
    }

    private static FileStream Claim(string file, string path)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (!StorageFault.IsDiskFull(e))
        {
            throw new LabException($"{path}: another process imports into this folder. Wait for it, or choose another folder.", e);
        }
    }

    private static IEnumerable<string> RunFiles(string path)
    {
        var runs = Path.Combine(path, "runs");
        if (!Directory.Exists(runs)) return [];
        // A link in a run's folder could lead anywhere; an archive holds what is the lab's own.
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        return Directory.EnumerateFiles(runs, "*", options)
            .Select(f => Path.GetRelativePath(path, f).Replace('\\', '/'))
            .Where(f => !f.EndsWith(".tmp", StringComparison.Ordinal));
    }

    private static ArchiveEntry Add(ZipArchive zip, string path, string name, Action<int> written, CancellationToken cancellation)
    {
        // Weights hardly shrink and are large.
        var level = name.EndsWith(".safetensors", StringComparison.Ordinal) ? CompressionLevel.NoCompression : CompressionLevel.Fastest;
        using var source = File.OpenRead(Path.Combine(path, name));
        using var target = zip.CreateEntry(name, level).Open();
        var (bytes, hash) = Copy(source, target, long.MaxValue, written, cancellation);
        return new(name, bytes, hash);
    }

    private static (long Bytes, string Hash) Copy(Stream source, Stream target, long limit, Action<int>? written,
        CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 18];
        var total = 0L;
        while (source.Read(buffer) is > 0 and var read)
        {
            cancellation.ThrowIfCancellationRequested();
            if ((total += read) > limit) throw new InvalidDataException("an entry is longer than it says");
            hash.AppendData(buffer, 0, read);
            target.Write(buffer, 0, read);
            written?.Invoke(read);
        }
        return (total, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static ArchiveManifest Unpack(string file, string target, IProgress<(long Done, long Total)>? progress,
        CancellationToken cancellation)
    {
        using var zip = ZipFile.OpenRead(file);
        var manifest = ReadManifest(file, zip);
        var entries = zip.Entries.Where(e => e.FullName != ManifestName).ToList();
        var expected = new Dictionary<string, ArchiveEntry>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in manifest.Entries)
        {
            if (!IsPlain(entry.Path)) throw Refused(file, $"it names '{entry.Path}', which is no file of a lab");
            if (!expected.TryAdd(entry.Path, entry)) throw Refused(file, $"it names '{entry.Path}' twice");
        }
        if (!expected.ContainsKey("lab.sqlite")) throw Refused(file, "it holds no lab.sqlite");
        if (entries.FirstOrDefault(e => !expected.TryGetValue(e.FullName, out var named) || named.Path != e.FullName) is { } stranger)
            throw Refused(file, $"it holds '{stranger.FullName}', which its manifest does not name");
        if (entries.Count != expected.Count) throw Refused(file, "its manifest names a file that is missing, or one is there twice");
        var free = new DriveInfo(target).AvailableFreeSpace;
        var total = 0L;
        foreach (var entry in manifest.Entries)
        {
            if (entry.Bytes < 0) throw Refused(file, $"it says that '{entry.Path}' has a negative length");
            total += Math.Min(entry.Bytes, long.MaxValue - total);
        }
        if (total > free)
            throw new LabException(
                $"{file}: {total:N0} bytes unpacked, but only {free:N0} are free. Free some space, or import on another disk.");
        var done = 0L;
        foreach (var entry in entries)
        {
            var said = expected[entry.FullName];
            var path = Path.Combine(target, said.Path.Replace('/', Path.DirectorySeparatorChar));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var source = entry.Open();
            using var stream = new FileStream(path, FileMode.CreateNew);
            var (bytes, hash) = Copy(source, stream, said.Bytes, n => progress?.Report((done += n, total)), cancellation);
            if (bytes != said.Bytes || hash != said.Sha256) throw Refused(file, $"'{said.Path}' does not match its hash");
        }
        return manifest;
    }

    private static ArchiveManifest ReadManifest(string file, ZipArchive zip)
    {
        var entry = zip.GetEntry(ManifestName) ?? throw Refused(file, $"it holds no {ManifestName}");
        using var text = new MemoryStream();
        using (var source = entry.Open()) Copy(source, text, LargestManifest, null, default);
        text.Position = 0;
        var manifest = JsonSerializer.Deserialize<ArchiveManifest>(text, s_json);
        if (manifest is not { Format: > 0, Entries: not null } || manifest.Entries.Any(e => e is not { Path: not null, Sha256: not null }))
            throw Refused(file, $"its {ManifestName} is not of the expected form");
        if (manifest.Format > Format || manifest.Schema > LabSchema.Version)
            throw new LabException($"{file}: was written by a newer version ({manifest.Code}). Use a DocTuneLab at least as new.");
        return manifest;
    }

    /// <summary>Files that a lab has, by names that mean the same on every system; nothing that climbs out of the folder.</summary>
    private static bool IsPlain(string name) => name is "lab.sqlite" or "lab.litedb"
        || (name.StartsWith("runs/", StringComparison.Ordinal) && name.Split('/') is var parts && parts.Length > 2 && parts.Length < 32
            && parts.All(p =>
                p is not ("" or "." or "..") && p.Length < 200 && p.IndexOfAny(['\\', ':', '\0', '*', '?', '"', '<', '>', '|']) < 0
                    && !p.Any(char.IsControl) && p.TrimEnd(' ', '.') == p));

    /// <summary>A lab has exactly the tables that its version has: no trigger or view of another's making runs when it is opened.</summary>
    private static void CheckTables(string file, string database, int schema)
    {
        using var blank = new SqliteConnection("Data Source=:memory:");
        blank.Open();
        LabSchema.AddFunctions(blank);
        LabSchema.Migrate(blank, file, schema);
        try
        {
            using var given = new SqliteConnection(
                new SqliteConnectionStringBuilder { DataSource = database, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
            given.Open();
            given.Execute("PRAGMA trusted_schema = OFF; PRAGMA query_only = ON");
            if (given.ExecuteScalar<int>("PRAGMA user_version") != schema
                || LabSchema.Describe(given).Except(LabSchema.Describe(blank)).Any()
                || LabSchema.Describe(blank).Except(LabSchema.Describe(given)).Any())
                throw Refused(file, "its tables are not those of a lab of its version");
        }
        catch (SqliteException e)
        {
            throw Refused(file, $"its lab.sqlite cannot be read ({e.Message})");
        }
    }

    private static LabException Refused(string file, string why) =>
        new($"{file}: {why}. Nothing was imported. Export the lab again where it comes from.");
}
