using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace DocTuneLab.Tests.Library;

/// <summary>A library made in the test: source to DLL and XML in a temporary folder.</summary>
public sealed class CompiledLibrary : IDisposable
{
    /// <param name="source">C#.</param>
    /// <param name="name">Name of the assembly.</param>
    /// <param name="needs">Paths of assemblies that it refers to.</param>
    public CompiledLibrary(string source, string name = "Acme.Flow", params string[] needs)
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("doctune-test-").FullName;
        AssemblyPath = Path.Combine(Directory, name + ".dll");
        var tree = CSharpSyntaxTree.ParseText(source, new(LanguageVersion.Latest, DocumentationMode.Diagnose));
        var compilation = CSharpCompilation.Create(name, [tree], ReferenceSet.Load(needs).References,
            new(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable, deterministic: true));
        using var dll = File.Create(AssemblyPath);
        using var xml = File.Create(Path.ChangeExtension(AssemblyPath, ".xml"));
        var result = compilation.Emit(dll, xmlDocumentationStream: xml, options: new EmitOptions());
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
    }

    public string Directory { get; }

    public string AssemblyPath { get; }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}

/// <summary>A small library with one of each shape, shared by the tests of this folder.</summary>
public sealed class FlowLibrary : IDisposable
{
    /// <summary>Its namespaces.</summary>
    public static readonly IReadOnlyList<string> Usings = ["Acme.Flow", "Acme.Flow.Extensions"];

    private readonly CompiledLibrary _library = new("""
        using System;
        using System.Collections.Generic;
        using System.Threading;
        using System.Threading.Tasks;

        namespace Acme.Flow
        {
            /// <summary>Holds a liquid; see <see cref="Pipe{T}"/> and <see cref="Fill(double)"/>, never <see langword="null"/>.</summary>
            /// <remarks>First.<para>Second <c>code</c>.</para></remarks>
            public class Tank : IDisposable, IMeasured
            {
                /// <summary>Makes a tank.</summary>
                /// <param name="capacity">Litres.</param>
                /// <exception cref="ArgumentOutOfRangeException">If <paramref name="capacity"/> is negative.</exception>
                public Tank(double capacity) { Capacity = capacity; }
                /// <summary>Litres at most.</summary>
                public double Capacity { get; }
                /// <summary>Name.</summary>
                public string? Label { get; set; }
                /// <inheritdoc/>
                public double Level { get; protected set; }
                /// <summary>Adds liquid.</summary>
                /// <param name="litres">How much.</param>
                /// <returns>The new <see cref="Level"/>.</returns>
                /// <exception cref="OverflowException">Too much: more than <see cref="Capacity"/>.</exception>
                /// <example><code>
                ///     tank.Fill(3);
                ///       tank.Fill(4);
                /// </code></example>
                public double Fill(double litres) => Level += litres;
                /// <summary>Adds liquid slowly.</summary>
                public double Fill(double litres, TimeSpan over) => Level += litres;
                /// <inheritdoc/>
                public void Dispose() { }
                /// <summary>Reads on.</summary>
                public async IAsyncEnumerable<Reading> ReadAllAsync(int max = 10, string unit = "l", Mode mode = Mode.Fast,
                    CancellationToken cancel = default)
                {
                    await Task.Yield();
                    yield return new Reading(1, "l");
                }
                /// <summary>The n-th.</summary>
                public Reading this[int index] => new(index, "l");
                /// <summary>Sums.</summary>
                public static Tank operator +(Tank a, Tank b) => a;
                /// <summary>Raised when full.</summary>
                public event EventHandler? Filled { add { } remove { } }
                /// <summary>To subclasses.</summary>
                protected virtual void OnFilled() { }
                internal void Hidden() { }
                /// <summary>Nested.</summary>
                public sealed class Valve { /// <summary>Opens.</summary>
                    public void Open() { } }
            }
            /// <summary>Can be measured.</summary>
            public interface IMeasured
            {
                /// <summary>Litres now.</summary>
                double Level { get; }
            }
            /// <summary>A measurement.</summary>
            /// <param name="Value">How much.</param>
            /// <param name="Unit">In what.</param>
            public sealed record Reading(double Value, string Unit);
            /// <summary>How.</summary>
            public enum Mode { /// <summary>Slow.</summary>
                Slow = 1, /// <summary>Quick.</summary>
                Fast = 2 }
            /// <summary>Carries.</summary>
            public class Pipe<T> where T : class, new()
            {
                /// <summary>Sends one.</summary>
                public Pipe<T> Send(T item) => this;
                /// <summary>Maps.</summary>
                [Obsolete("Use Send.")]
                public TResult Map<TResult>(Func<T, TResult> map) => map(new T());
            }
            /// <summary>Options.</summary>
            public sealed class FlowOptions { /// <summary>Must be set.</summary>
                public required string Name { get; init; } /// <summary>May.</summary>
                public int Retries { get; set; } = 3; }
        }
        namespace Acme.Flow.Extensions
        {
            /// <summary>Extras.</summary>
            public static class TankExtensions
            {
                /// <summary>Empties it.</summary>
                public static Tank Drain(this Tank tank) => tank;
                /// <summary>Halves.</summary>
                public static IEnumerable<T> Halve<T>(this IReadOnlyList<T> items) where T : notnull => items;
            }
        }
        """);

    public FlowLibrary()
    {
        References = ReferenceSet.Load(_library.AssemblyPath);
        Api = ApiModel.Load(References);
        Judge = new CSharpJudge(References);
    }

    public string AssemblyPath => _library.AssemblyPath;

    public ReferenceSet References { get; }

    public ApiModel Api { get; }

    public CSharpJudge Judge { get; }

    public void Dispose() => _library.Dispose();
}
