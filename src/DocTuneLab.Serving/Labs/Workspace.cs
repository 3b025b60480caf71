using System.Text.Json;
using System.Text.RegularExpressions;
using DocTuneLab.Experiments.Flow;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Serving.Protocol;
using DocTuneLab.Storage;
using Microsoft.AspNetCore.Http;
using ApiException = DocTuneLab.Serving.Protocol.ApiException;

namespace DocTuneLab.Serving.Labs;

/// <summary>A folder of labs, and what was chosen for each.</summary>
/// <param name="folder">Where they lie; made where it is missing.</param>
/// <param name="restore">Fetches a package by its name: its file, and what it needs.</param>
/// <param name="time">The clock.</param>
public sealed partial class Workspace(string folder,
    Func<string, CancellationToken, Task<(string Package, IReadOnlyList<string> References)>> restore, TimeProvider time)
{
    private const string PlanFile = "plan.json";

    /// <summary>Where the labs lie.</summary>
    public string Folder { get; } = Path.GetFullPath(folder);

    internal TimeProvider Time => time;

    /// <summary>Names of the labs.</summary>
    internal IReadOnlyList<string> Names => !Directory.Exists(Folder) ? []
        : [.. Directory.EnumerateDirectories(Folder).Where(d => File.Exists(Path.Combine(d, LibraryFolder.FileName)))
            .Select(d => Path.GetFileName(d)!).Where(n => NamePattern().IsMatch(n)).Order(StringComparer.Ordinal)];

    /// <summary>The folder of a lab.</summary>
    /// <exception cref="ApiException">There is no such lab.</exception>
    internal string FolderOf(string name) => Names.Contains(name, StringComparer.Ordinal) ? Path.Combine(Folder, name)
        : throw new ApiException(StatusCodes.Status404NotFound, $"There is no lab '{name}' in {Folder}.", "name");

    /// <summary>What a run is made of where nothing is chosen.</summary>
    internal static LabPlan Usual => new() { Base = BaseChoice.Default().Model };

    /// <summary>What was chosen for a lab.</summary>
    internal LabPlan PlanOf(string name) => PlanOf(name, out _);

    /// <summary>What was chosen for a lab; the defaults where its file is damaged, and what is wrong with it.</summary>
    internal LabPlan PlanOf(string name, out string? fault)
    {
        fault = null;
        var path = Path.Combine(FolderOf(name), PlanFile);
        if (!File.Exists(path)) return Usual;
        try
        {
            var plan = JsonSerializer.Deserialize<LabPlan>(File.ReadAllText(path), ApiJson.Options);
            if (plan?.Settings is not null) return Given(plan.Base) is null ? plan with { Base = Usual.Base } : plan;
            fault = "it is empty";
        }
        catch (JsonException e)
        {
            fault = e.Message;
        }
        fault = $"{path}: is no plan of a run ({fault}). The defaults stand in its place: look through the settings and keep them.";
        return Usual;
    }

    /// <summary>Keeps what is chosen for a lab.</summary>
    /// <exception cref="LabException">A setting is wrong; nothing is kept.</exception>
    internal LabPlan Choose(string name, PlanFields? fields)
    {
        var plan = Planned(fields, PlanOf(name));
        WholeFile.Write(Path.Combine(FolderOf(name), PlanFile), JsonSerializer.Serialize(plan, ApiJson.Options));
        return plan;
    }

    /// <summary>Makes a lab.</summary>
    /// <exception cref="LabException">There is nothing to make it of, or a setting is wrong; nothing is left then.</exception>
    internal async Task<(string Name, MadeLab Made)> MakeAsync(NewLabRequest request, CancellationToken cancel)
    {
        if (request.Name is not { } name || !NamePattern().IsMatch(name))
            throw ApiException.Invalid("name",
                "'name' must be 1 to 64 letters, digits, '.', '_' or '-', and begin with a letter or digit.");
        if (Names.Contains(name, StringComparer.OrdinalIgnoreCase))
            throw new ApiException(StatusCodes.Status409Conflict, $"There is a lab '{name}' already. Choose another name.", "name");
        var lab = Path.Combine(Folder, name);
        var plan = Planned(request.Plan, Usual);
        var (library, docs) = (Given(request.Library), Given(request.Docs));
        if (library is null && docs is null)
            throw ApiException.Invalid("library", "Choose a library, or pages, or both: there is nothing to make a lab of.");
        var made = new NewLab { Folder = lab, Docs = docs, Base = plan.Base, Sources = Given(request.Source) is { } code ? [code] : [] };
        made = Path.GetExtension(library)?.ToLowerInvariant() switch
        {
            null => made,
            _ when library is null => made,
            ".dll" or ".exe" => made with { Assemblies = [library] },
            ".csproj" or ".fsproj" or ".vbproj" => made with { Project = library },
            not ".nupkg" when Path.Exists(library) || library.Contains('/', StringComparison.Ordinal) => throw ApiException.Invalid(
                "library", $"{library}: no library. Expected an assembly (.dll), a package (.nupkg or its name) or a project (.csproj)."),
            _ => await RestoredAsync(made, library, cancel),
        };
        Directory.CreateDirectory(Folder);
        var result = await Task.Run(() => LabMaker.Make(made, cancel), cancel);
        Choose(name, request.Plan);
        return (name, result);
    }

    private async Task<NewLab> RestoredAsync(NewLab lab, string package, CancellationToken cancel)
    {
        var (file, references) = await restore(package, cancel);
        return lab with { Package = file, References = references };
    }

    private static LabPlan Planned(PlanFields? fields, LabPlan otherwise)
    {
        if (fields is null) return otherwise;
        var plan = otherwise with
        {
            Base = fields.Base is null ? otherwise.Base : Given(fields.Base) ?? Usual.Base,
            HeldOut = fields.HeldOut ?? otherwise.HeldOut,
            MayRun = fields.MayRun ?? otherwise.MayRun,
            Seed = fields.Seed ?? otherwise.Seed,
            Settings = fields.Settings?.Where(s => s.Value.Trim().Length > 0).ToDictionary(s => s.Key, s => s.Value.Trim(),
                StringComparer.Ordinal) ?? otherwise.Settings,
        };
        plan.Validate();
        return plan;
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex NamePattern();
}
