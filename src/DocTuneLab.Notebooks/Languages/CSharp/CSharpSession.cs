using System.Collections.Immutable;
using System.Reflection;
using DocTuneLab.Notebooks.Cells;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Notebooks.Languages.CSharp;

/// <summary>The C# of a session: a chain of script submissions that carries variables, types and usings from part to part.</summary>
internal sealed class CSharpSession
{
    internal static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.Latest, kind: SourceCodeKind.Script);

    private static readonly string[] DefaultUsings =
    [
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Text", "System.Text.Json",
        "System.Threading", "System.Threading.Tasks", "DocTuneLab.Notebooks",
    ];

    private readonly ReferenceSet references;
    private readonly CellSources sources;
    private readonly SubmissionChain chain;
    private readonly SubmissionOutline outline = new();
    private readonly Queue<(string Name, string Declaration)> pendingValues = new();
    private readonly Dictionary<string, object?> pendingByName = [];
    // Held until there is a first submission: the symbols of the references live as long as something uses them.
    private CSharpCompilation? warm;
    private readonly List<MetadataReference> newReferences = [];
    private readonly List<string> newImports = [.. DefaultUsings, typeof(CellFunctions).FullName!];
    private readonly List<MetadataReference> allReferences = [];
    private readonly List<string> allImports = [];

    public CSharpSession(string baseDirectory)
    {
        references = new ReferenceSet(baseDirectory);
        sources = new CellSources(baseDirectory);
        chain = new SubmissionChain(sources, references);
        newReferences.AddRange(AssemblyFiles.Framework());
        AddReferences([typeof(CellFunctions).Assembly]);
    }

    /// <summary>All that cells may use, in no order.</summary>
    public IReadOnlyList<MetadataReference> References => [.. allReferences, .. newReferences];

    /// <summary>Namespaces, and types whose members are imported.</summary>
    public IReadOnlyList<string> Imports => [.. allImports, .. newImports];

    /// <summary>What cells have declared, as text for completion; with values of the host that the next cell will see.</summary>
    public string Declarations
    {
        get
        {
            lock (pendingValues)
                return outline.Text + string.Concat(pendingValues.Select(value => value.Declaration + "\n"));
        }
    }

    public void AddReferences(IEnumerable<Assembly> assemblies) => newReferences.AddRange(assemblies.SelectMany(references.Add));

    public void AddReferenceFiles(IEnumerable<string> paths) => newReferences.AddRange(paths.SelectMany(references.Add));

    public void AddUsings(IEnumerable<string> namespaces) => newImports.AddRange(namespaces.Select(name =>
        name.StartsWith("static ", StringComparison.Ordinal) ? name["static ".Length..].Trim() : name));

    public void SetValue(string name, object? value, Type type)
    {
        var typeName = CSharpNames.Of(type);
        var nullable = value is null && !type.IsValueType && typeName != "dynamic" ? "?" : "";
        var key = SessionValues.Put(value);
        lock (pendingValues)
        {
            pendingByName[name] = value;
            pendingValues.Enqueue((name,
                $"{typeName}{nullable} {CSharpNames.Identifier(name)} = global::DocTuneLab.Notebooks.Languages.CSharp.SessionValues.Take"
                    + $"<{typeName}{nullable}>(\"{key}\");"));
        }
    }

    public bool TryGetValue(string name, out object? value)
    {
        lock (pendingValues)
        {
            if (pendingByName.TryGetValue(name, out value))
                return true;
        }
        foreach (var (field, owner) in chain.Variables().Where(variable => variable.Field.Name == name))
        {
            value = field.GetValue(owner);
            return true;
        }
        return false;
    }

    public IReadOnlyList<CellVariable> Variables() => [.. chain.Variables().DistinctBy(variable => variable.Field.Name).Reverse()
        .Select(variable => new CellVariable(variable.Field.Name, variable.Field.FieldType, variable.Field.GetValue(variable.Owner)))];

    /// <summary>Runs a part. Returns whether it has a value, and the value.</summary>
    /// <exception cref="CellFailure">It does not compile.</exception>
    /// <exception cref="ScriptFailure">It threw.</exception>
    public async Task<(bool HasValue, object? Value)> RunAsync(string code, string label, int firstLine, CancellationToken cancellation)
    {
        await DeclarePendingAsync(cancellation);
        var tree = CSharpSyntaxTree.ParseText(code, ParseOptions, cancellationToken: cancellation);
        var submission = Create(Prologue(label, firstLine) + Guarded(code, tree));
        if (chain.Emit(submission, out var run, cancellation) is { Length: > 0 } guardedErrors)
            throw CSharpErrors.Failure(
                Unguarded(Prologue(label, firstLine) + code, cancellation) is { Length: > 0 } errors ? errors : guardedErrors, label,
                firstLine, code);
        var value = await ExecuteAsync(submission, run);
        return (value is not null || HasValue(submission), value);
    }

    /// <summary>Loads the compiler and what it reads of the references, by compiling something that does not run.</summary>
    public void WarmUp()
    {
        var tree = CSharpSyntaxTree.ParseText("var x = 1; x", ParseOptions);
        warm = Create(Prologue("", 1) + LoopGuard.Apply(tree));
        chain.Emit(warm, out _, CancellationToken.None);
    }

    private static string Prologue(string label, int firstLine) => $"#nullable enable\n#line {firstLine} \"{label}\"\n";

    private CSharpCompilation Create(string code) => chain.Create(code, newReferences, newImports);

    private string Guarded(string code, SyntaxTree tree)
    {
        if (!LoopGuard.NeedsModel(tree))
            return LoopGuard.Apply(tree);
        var plain = Create(code);
        return LoopGuard.Apply(plain.SyntaxTrees[^1], plain.GetSemanticModel(plain.SyntaxTrees[^1]));
    }

    // The errors as the user wrote the code, for columns and texts without our insertions.
    private ImmutableArray<Diagnostic> Unguarded(string code, CancellationToken cancellation)
    {
        sources.Guarded = false;
        try
        {
            return chain.Emit(Create(code), out _, cancellation);
        }
        finally
        {
            sources.Guarded = true;
        }
    }

    private async Task<object?> ExecuteAsync(CSharpCompilation submission, Func<object?[], Task<object?>>? code)
    {
        warm = null;
        allReferences.AddRange(newReferences);
        allImports.AddRange(newImports);
        // What #r brought is the compiler's already; only completion has to be told.
        allReferences.AddRange(submission.DirectiveReferences.Except(allReferences));
        newReferences.Clear();
        newImports.Clear();
        outline.Add(submission);
        try
        {
            return await chain.RunAsync(submission, code);
        }
        catch (Exception exception)
        {
            throw new ScriptFailure(exception);
        }
    }

    /// <summary>Null and "no value" look the same in the result:
    /// ask the syntax for a last expression without a semicolon that is not void.</summary>
    private static bool HasValue(CSharpCompilation submission)
    {
        var tree = submission.SyntaxTrees[^1];
        return tree.GetCompilationUnitRoot().Members
            .LastOrDefault() is GlobalStatementSyntax { Statement: ExpressionStatementSyntax { SemicolonToken.IsMissing: true } statement }
            && submission.GetSemanticModel(tree).GetTypeInfo(statement.Expression).Type is not { SpecialType: SpecialType.System_Void };
    }

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
        var submission = Create("#nullable enable\n" + code);
        if (chain.Emit(submission, out var run, cancellation) is [var error, ..])
            throw new NotebookException($"A value could not be given to C#: {error.GetMessage()}");
        await ExecuteAsync(submission, run);
    }
}
