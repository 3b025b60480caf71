using System.Reflection;
using System.Runtime.Loader;

namespace DocTuneLab.Notebooks.Hosting;

/// <summary>Loads extensions into a session, each that comes from an assembly once.</summary>
internal sealed class ExtensionLoader(IExtensionHost host)
{
    private readonly HashSet<Type> _loaded = [];

    /// <exception cref="NotebookException">It failed to load.</exception>
    public void Load(INotebookExtension extension)
    {
        ArgumentNullException.ThrowIfNull(extension);
        try
        {
            extension.Load(host);
        }
        catch (Exception exception) when (exception is not NotebookException)
        {
            throw new NotebookException($"The extension '{extension.Name}' failed to load: {exception.Message}", exception);
        }
    }

    /// <summary>Loads the extensions in an assembly and returns their names.</summary>
    /// <exception cref="NotebookException">It is not an assembly, or an extension failed to load.</exception>
    public IReadOnlyList<string> LoadAll(string path)
    {
        Assembly assembly;
        try
        {
            assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(path);
        }
        catch (Exception exception) when (exception is BadImageFormatException or FileLoadException)
        {
            throw new NotebookException($"{path}: not a .NET assembly that can be loaded here: {exception.Message}", exception);
        }
        host.AddReferences(assembly);
        var extensions = assembly.GetExportedTypes().Where(IsExtension)
            .Select(type => (INotebookExtension)Activator.CreateInstance(type)!)
            .Where(extension => _loaded.Add(extension.GetType())).ToList();
        foreach (var extension in extensions)
            Load(extension);
        return [.. extensions.Select(extension => extension.Name)];
    }

    private static bool IsExtension(Type type) => type is { IsClass: true, IsAbstract: false }
        && type.IsAssignableTo(typeof(INotebookExtension)) && type.GetConstructor([]) is not null;
}
