using System.Reflection;
using System.Text;
using DocTuneLab.Notebooks.Cells;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Scripting;

namespace DocTuneLab.Notebooks.CSharp;

/// <summary>The C# of a session: a chain of script submissions that carries variables, types and usings from part to part.</summary>
internal sealed class CSharpSession
{
    internal static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.Latest, kind: SourceCodeKind.Script);

    private static readonly string[] DefaultUsings =
    [
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Text", "System.Text.Json",
        "System.Threading", "System.Threading.Tasks", "DocTuneLab.Notebooks",
    ];

    private readonly ReferenceSet references = new();
    private readonly Queue<(string Name, string Declaration)> pendingValues = new();
    private readonly Dictionary<string, object?> pendingByName = [];
    private ScriptOptions options;
    private ScriptState<object?>? state;
    private Script<object?>? last;

    public CSharpSession(string baseDirectory)
    {
        options = ScriptOptions.Default
            .WithReferences(ReferenceSet.Framework())
            .WithOptimizationLevel(OptimizationLevel.Release)
            .WithEmitDebugInformation(true)
            .WithFileEncoding(Encoding.UTF8)
            .WithLanguageVersion(LanguageVersion.Latest)
            .WithAllowUnsafe(true)
            .WithMetadataResolver(ScriptMetadataResolver.Default.WithBaseDirectory(baseDirectory))
            .WithSourceResolver(ScriptSourceResolver.Default.WithBaseDirectory(baseDirectory))
            .WithImports([.. DefaultUsings, typeof(CellFunctions).FullName!]);
        AddReferences([typeof(CellFunctions).Assembly]);
    }

    /// <summary>The last submission that compiled: what completion builds on.</summary>
    public Script<object?>? LastScript => last;

    public ScriptOptions Options => options;

    /// <summary>Sources of all submissions that ran, oldest first.</summary>
    public List<string> History { get; } = [];

    public void AddReferences(IEnumerable<Assembly> assemblies) => options = options.AddReferences(assemblies.SelectMany(references.Add));

    public void AddReferenceFiles(IEnumerable<string> paths) => options = options.AddReferences(paths.SelectMany(references.Add));

    public void AddUsings(IEnumerable<string> namespaces) => options = options.AddImports(namespaces.Select(name =>
        name.StartsWith("static ", StringComparison.Ordinal) ? name["static ".Length..].Trim() : name));

    public void SetValue(string name, object? value, Type type)
    {
        var typeName = CSharpNames.Of(type);
        var nullable = value is null && !type.IsValueType && typeName != "dynamic" ? "?" : "";
        var key = SessionValues.Put(value);
        lock (pendingValues)
        {
            pendingByName[name] = value;
            pendingValues.Enqueue((name, $"{typeName}{nullable} {CSharpNames.Identifier(name)} = global::DocTuneLab.Notebooks.CSharp.SessionValues.Take<{typeName}{nullable}>(\"{key}\");"));
        }
    }

    public bool TryGetValue(string name, out object? value)
    {
        lock (pendingValues)
        {
            if (pendingByName.TryGetValue(name, out value))
                return true;
        }
        var variable = state?.GetVariable(name);
        value = variable?.Value;
        return variable is not null;
    }

    public IReadOnlyList<(string Name, Type Type, object? Value)> Variables() =>
        state is null ? [] : [.. state.Variables.Reverse().DistinctBy(v => v.Name).Reverse().Select(v => (v.Name, v.Type, (object?)v.Value))];

    /// <summary>Runs a part. Returns whether it has a value, and the value.</summary>
    /// <exception cref="CellFailure">It does not compile.</exception>
    /// <exception cref="ScriptFailure">It threw.</exception>
    public async Task<(bool HasValue, object? Value)> RunAsync(string code, string label, int firstLine, CancellationToken cancellation)
    {
        await DeclarePendingAsync(cancellation);
        var tree = CSharpSyntaxTree.ParseText(code, ParseOptions, cancellationToken: cancellation);
        var script = Compile(Prologue(label, firstLine) + LoopGuard.Apply(tree));
        if (Errors(script).Count > 0)
        {
            // Once more as the user wrote it, for columns and texts without our insertions.
            var errors = Errors(Compile(Prologue(label, firstLine) + code));
            throw CSharpErrors.Failure(errors.Count > 0 ? errors : Errors(script), label, firstLine, code);
        }
        var hasValue = HasValue(script);
        var next = await RunAsync(script, cancellation);
        // The variables declared before an exception stay usable, as in every notebook.
        (state, last) = (next, script);
        History.Add(code);
        if (next.Exception is { } exception)
            throw new ScriptFailure(exception);
        return (hasValue, next.ReturnValue);
    }

    private static string Prologue(string label, int firstLine) => $"#nullable enable\n#line {firstLine} \"{label}\"\n";

    private static List<Diagnostic> Errors(Script<object?> script) =>
        [.. script.GetCompilation().GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)];

    /// <summary>Null and "no value" look the same in the script's result: ask the syntax for a last expression without a semicolon.</summary>
    private static bool HasValue(Script<object?> script)
    {
        var compilation = script.GetCompilation();
        var tree = compilation.SyntaxTrees.Last();
        if (tree.GetCompilationUnitRoot().Members.LastOrDefault() is not GlobalStatementSyntax { Statement: ExpressionStatementSyntax { SemicolonToken.IsMissing: true } statement })
            return false;
        return compilation.GetSemanticModel(tree).GetTypeInfo(statement.Expression).Type is not { SpecialType: SpecialType.System_Void };
    }

    private Script<object?> Compile(string code) =>
        last is null ? CSharpScript.Create<object?>(code, options) : last.ContinueWith<object?>(code, options);

    private Task<ScriptState<object?>> RunAsync(Script<object?> script, CancellationToken cancellation) =>
        state is null ? script.RunAsync(null, _ => true, cancellation) : script.RunFromAsync(state, _ => true, cancellation);

    private async Task DeclarePendingAsync(CancellationToken cancellation)
    {
        string code;
        lock (pendingValues)
        {
            if (pendingValues.Count == 0)
                return;
            // One declaration a name: the last value wins, as it would with one submission each.
            code = string.Join('\n', pendingValues.Reverse().DistinctBy(value => value.Name).Reverse().Select(value => value.Declaration));
            pendingValues.Clear();
            pendingByName.Clear();
        }
        var script = Compile("#nullable enable\n" + code);
        if (Errors(script) is [var error, ..])
            throw new NotebookException($"A value could not be given to C#: {error.GetMessage()}");
        (state, last) = (await RunAsync(script, cancellation), script);
        if (state.Exception is { } exception)
            throw new ScriptFailure(exception);
    }
}

/// <summary>Carries the exception that a cell's code threw.</summary>
internal sealed class ScriptFailure(Exception inner) : Exception(inner.Message, inner);
