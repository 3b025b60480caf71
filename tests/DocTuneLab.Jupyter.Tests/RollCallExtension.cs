using DocTuneLab.Notebooks;

namespace DocTuneLab.Jupyter.Tests;

/// <summary>Brings a language whose code is a list of names.</summary>
internal sealed class RollCallExtension : INotebookExtension
{
    public string Name => "roll call";

    public void Load(IExtensionHost host) => host.AddLanguage(new RollCall());

    private sealed class RollCall : ICellLanguage
    {
        private static readonly string[] s_names = ["Ada", "Alan", "Grace"];

        public string Name => "rollcall";

        public string Description => "Names.";

        public Task<CellValue?> RunAsync(CellCode code, CellContext cell) => Task.FromResult<CellValue?>(new CellValue($"'{code.Text}'"));

        public Task<CellCompletions> CompleteAsync(string code, int position, CancellationToken cancellation)
        {
            var start = code.LastIndexOf(' ', position - 1) + 1;
            var found = s_names.Where(name => name.StartsWith(code[start..position], StringComparison.Ordinal));
            return Task.FromResult(new CellCompletions(start, position, [.. found.Select(name => new CompletionEntry(name, "Name"))]));
        }

        public Task<string?> InspectAsync(string code, int position, CancellationToken cancellation) => Task.FromResult<string?>("a name");

        public CodeCompleteness Completeness(string code) => code.EndsWith(',') ? CodeCompleteness.Incomplete : CodeCompleteness.Complete;
    }
}
