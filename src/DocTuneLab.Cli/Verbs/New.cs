using System.CommandLine;
using DocTuneLab.Cli.Arguments;
using DocTuneLab.Cli.Output;
using DocTuneLab.Documents.Sources;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Extension.Setup;
using DocTuneLab.Notebooks.Packages;
using Spectre.Console;

namespace DocTuneLab.Cli.Verbs;

/// <summary><c>doctune new</c>: a lab of one's own.</summary>
internal static class New
{
    public static Command Command()
    {
        var folder = new Argument<string>("DIR") { Description = "The lab's folder; made where it is missing. What lies in it stays." };
        LabArguments.RefuseOptions(folder);
        var (docs, assembly, reference, source) =
            (CommonOptions.Docs(), CommonOptions.Assembly(), CommonOptions.Reference(), CommonOptions.Source());
        var package = new Option<string?>("--package")
        {
            Description = "The library as a package: a .nupkg, or a name on a feed of this machine's nuget.config. "
                + "What it needs is restored.",
            HelpName = "FILE|NAME[@VERSION]"
        };
        var project = new Option<string?>("--project")
        {
            Description = "The library as a project, which is built in Release.",
            HelpName = "FILE"
        };
        var model = ModelArguments.Base();
        var run = new Option<bool>("--run") { Description = "Run the notebook to its report, which lies beside it." };
        var (parameters, json) = (Parameters.Option(), CommonOptions.Json());
        var command = new Command("new",
            "Makes a lab of a library: finds its assemblies, what they need and its documentation, and writes a library.yaml and a "
                + "notebook that need no edit. Without options, of what lies in DIR: assemblies in bin, pages in docs, a package or a "
                + "project. Nothing is overwritten.")
        {
            folder, docs, package, assembly, project, reference, source, run, parameters, json
        };
        model.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            if (parsed.GetValue(parameters) is { Length: > 0 } && !parsed.GetValue(run))
                throw new UsageException("-p sets a parameter of a run: it needs --run.");
            if (new object?[] { parsed.GetValue(package), parsed.GetValue(project), parsed.GetValue(assembly)?.FirstOrDefault() }
                .Count(o => o is not null) > 1)
                throw new UsageException("which is the library? Give one of --package, --project and --assembly; what it needs is "
                    + "--reference.");
            var (file, needed) = parsed.GetValue(package) is { } named ? await PackageAsync(named, cancel) : (null, []);
            var lab = LabMaker.Make(new()
            {
                Folder = parsed.GetRequiredValue(folder),
                Docs = parsed.GetValue(docs),
                Package = file,
                Project = parsed.GetValue(project),
                Assemblies = parsed.GetValue(assembly) ?? [],
                References = [.. parsed.GetValue(reference) ?? [], .. needed],
                Sources = parsed.GetValue(source) ?? [],
                Base = model.BaseOf(parsed),
            }, cancel);
            var notebook = LabNotebook.Write(lab);
            if (parsed.GetValue(json)) JsonOutput.Write(new { lab.Library, notebook, lab.Base, lab.Found, lab.Warnings });
            else Describe(lab, notebook, isNext: !parsed.GetValue(run));
            if (!parsed.GetValue(run)) return ExitCodes.Ok;
            var (executed, report) = (Path.Combine(lab.Library.Folder, "lab.run.ipynb"), Path.Combine(lab.Library.Folder, "report.html"));
            return await Run.RunAsync(
                new(notebook, Parameters.Of([], [], parsed.GetValue(parameters) ?? []), executed, report, null, false, false), cancel);
        });
        return command;
    }

    /// <summary>The package's file, and the assemblies that it needs.</summary>
    internal static async Task<(string File, IReadOnlyList<string> Needed)> PackageAsync(string named, CancellationToken cancel)
    {
        var isFile = named.EndsWith(".nupkg", StringComparison.OrdinalIgnoreCase);
        if (isFile && !File.Exists(named))
            throw new LabException($"{named}: package not found. Expected a .nupkg file, or a name on a feed, as NAME or NAME@VERSION.");
        var (name, version) = named.Split('@', 2) is [var id, var exact] ? (id, exact) : (named, "*");
        if (!isFile && !PackageRestore.IsVersion(version))
            throw new UsageException($"--package: '{version}' is not a package version. Expected one such as 1.2.3 or 1.2.*.");
        var wanted = isFile
            ? DocumentSource.Open(named).Site.Needs.ToDictionary(n => n.Id, n => n.Version, StringComparer.OrdinalIgnoreCase)
            : new(StringComparer.OrdinalIgnoreCase) { [name] = version };
        IReadOnlyList<RestoredPackage> restored;
        try
        {
            restored = wanted.Count == 0 ? [] : await PackageRestore.RestoreAsync(wanted, cancellation: cancel);
        }
        catch (PackageException fault) when (isFile)
        {
            // What is missing then is said by name.
            await Console.Error.WriteLineAsync($"warning: what {named} needs could not be restored: {fault.Message}");
            return (named, []);
        }
        catch (PackageException fault)
        {
            throw new LabException($"--package {named}: {string.Join(" ", fault.More.Prepend(fault.Message))}", fault);
        }
        if (isFile) return (named, [.. restored.SelectMany(p => p.Libraries)]);
        var own = restored.Single(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        var file = Directory.GetFiles(own.Folder, "*.nupkg") is [var only] ? only
            : throw new LabException($"{own.Folder}: the package itself is not in the cache. Give its .nupkg as --package FILE.nupkg.");
        return (file, [.. restored.Where(p => p != own).SelectMany(p => p.Libraries)]);
    }

    private static void Describe(MadeLab lab, string notebook, bool isNext)
    {
        var console = Terminal.Create();
        foreach (var line in lab.Found) console.WriteLine(line);
        console.WriteLine($"wrote      {Path.Combine(lab.Library.Folder, LibraryFolder.FileName)}");
        console.WriteLine($"wrote      {notebook}");
        foreach (var warning in lab.Warnings) console.WriteLine($"warning: {warning}");
        if (isNext)
            console.WriteLine($"next       doctune run {notebook} --report {Path.Combine(lab.Library.Folder, "report.html")}");
    }
}
