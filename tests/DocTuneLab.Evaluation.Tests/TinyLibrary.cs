using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>A private library of one type, compiled once per test run.</summary>
public static class TinyLibrary
{
    private const string Source = """
        using System;
        using System.Collections.Generic;
        using System.Threading.Tasks;
        namespace Brine;
        /// <summary>A vessel of brine.</summary>
        public sealed class Vat
        {
            private readonly List<double> doses = new();
            /// <summary>A vat of a capacity in litres.</summary>
            public Vat(double capacity) { if (capacity <= 0) throw new ArgumentOutOfRangeException(nameof(capacity)); Capacity = capacity; }
            /// <summary>Litres.</summary>
            public double Capacity { get; }
            /// <summary>Adds a dose in grams.</summary>
            public Vat Dose(double grams) { doses.Add(grams); return this; }
            /// <summary>Grams per litre.</summary>
            public double Salinity() { double sum = 0; foreach (var d in doses) sum += d; return sum / Capacity; }
            /// <summary>The doses.</summary>
            public IReadOnlyList<double> Doses => doses;
            /// <summary>Waits until settled.</summary>
            public async Task<int> SettleAsync() { await Task.Yield(); return doses.Count; }
        }
        """;

    private static readonly Lazy<string> s_built = new(Build);

    /// <summary>Path of the compiled assembly; its XML documentation lies beside it.</summary>
    public static string Path_ => s_built.Value;

    private static readonly Lazy<ReferenceSet> s_loaded = new(() => ReferenceSet.Load(Path_));

    private static readonly Lazy<Evaluator> s_shared = new(() => new Evaluator(new CSharpJudge(s_loaded.Value)));

    public static ReferenceSet References => s_loaded.Value;

    public static ApiModel Api => ApiModel.Load(References);

    public static Evaluator Evaluator() => s_shared.Value;

    public static Sandbox Sandbox(ExecutionOptions? options = null) =>
        new(References, options ?? new ExecutionOptions { AllowUntrustedCode = true, AllowWithoutIsolation = true });

    public static CodeTask Task(string id = "salinity", string document = "vat.md") => new()
    {
        Id = id,
        Instruction = "Return the salinity of a vat of the given capacity after the given doses.",
        Signature = "public static double Mix(double capacity, double[] doses)",
        Context = "",
        Usings = ["Brine"],
        GoldSymbols = ["M:Brine.Vat.#ctor(System.Double)", "M:Brine.Vat.Dose(System.Double)", "M:Brine.Vat.Salinity"],
        Reference = "var vat = new Vat(capacity);\nforeach (var d in doses) vat.Dose(d);\nreturn vat.Salinity();",
        Stub = "return 0;",
        Tests =
        [
            "Check.Equal(3.0, Solution.Mix(2, [2, 4]), tolerance: 1e-9);",
            "Check.Throws<ArgumentOutOfRangeException>(() => Solution.Mix(0, []));",
        ],
        Documents = [document],
        Split = Split.Test,
    };

    private static string Build()
    {
        var folder = Directory.CreateTempSubdirectory("doctune-tiny-").FullName;
        var path = Path.Combine(folder, "Brine.dll");
        var compilation = CSharpCompilation.Create(
            "Brine",
            [CSharpSyntaxTree.ParseText(Source, new CSharpParseOptions(documentationMode: DocumentationMode.Diagnose))],
            ReferenceSet.Load().References,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var dll = File.Create(path);
        using var xml = File.Create(Path.ChangeExtension(path, ".xml"));
        var result = compilation.Emit(dll, xmlDocumentationStream: xml);
        return result.Success ? path : throw new InvalidOperationException(string.Join('\n', result.Diagnostics));
    }
}
