using DocTuneLab.Cli.Output;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Cli.Arguments;

/// <summary>A model as it is named on the command line:
/// a folder, a GGUF file, or <c>owner/name[@revision]</c> on a hub, downloaded with a bar.</summary>
internal static class ModelFolder
{
    public static string Of(string model, bool quiet = false, CancellationToken cancel = default) =>
        Directory.Exists(model) || File.Exists(model)
            ? model
            : Work.Show(model, quiet, bar => ModelFiles.Resolve(model, bar is null ? null : new Megabytes(bar), cancel));

    private sealed class Megabytes(IProgress<(int Done, int Total)> bar) : IProgress<ModelDownload>
    {
        public void Report(ModelDownload value) => bar.Report(((int)(value.Done >> 20), (int)(value.Total >> 20)));
    }
}
