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

    private static readonly string[] s_defaultUsings =
    [
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Text", "System.Text.Json",
        "System.Threading", "System.Threading.Tasks", "DocTuneLab.Notebooks",
    ];

    private readonly ReferenceSet _references;
    private readonly CellSources _sources;
    private readonly SubmissionChain _chain;
    private readonly SubmissionOutline _outline = new();
    private readonly Queue<(string Name, string Declaration)> _pendingValues = new();
    private readonly Dictionary<string, object?> _pendingByName = [];
    // Held until there is a first submission: the symbols of the references live as long as something uses them.
    private CSharpCompilation? _warm;
    private readonly List<MetadataReference> _newReferences = [];
    private readonly List<string> _newImports = [.. s_defaultUsings, typeof(CellFunctions).FullName!];
    private readonly List<MetadataReference> _allReferences = [];
    private readonly List<string> _allImports = [];

    public CSharpSession(string baseDirectory)
    {
        _references = new ReferenceSet(baseDirectory);
        _sources = new CellSources(baseDirectory);
        _chain = new SubmissionChain(_sources, _references);
        _newReferences.AddRange(AssemblyFiles.Framework());
        AddReferences([typeof(CellFunctions).Assembly]);
    }

    /// <summary>All that cells may use, in no order.</summary>
    public IReadOnlyList<MetadataReference> References => [.. _allReferences, .. _newReferences];

    /// <summary>Namespaces, and types whose members are imported.</summary>
    public IReadOnlyList<string> Imports => [.. _allImports, .. _newImports];

    /// <summary>What cells have declared, as text for completion; with values of the host that the next cell will see.</summary>
    public string Declarations
    {
        get
        {
            lock (_pendingValues)
                return _outline.Text + string.Concat(_pendingValues.Select(value => value.Declaration + "\n"));
        }
    }

    public void AddReferences(IEnumerable<Assembly> assemblies) => _newReferences.AddRange(assemblies.SelectMany(_references.Add));

    public void AddReferenceFiles(IEnumerable<string> paths) => _newReferences.AddRange(paths.SelectMany(_references.Add));

    public void AddUsings(IEnumerable<string> namespaces) => _newImports.AddRange(namespaces.Select(name =>
        name.StartsWith("static ", StringComparison.Ordinal) ? name["static ".Length..].Trim() : name));

    public void SetValue(string name, object? value, Type type)
    {
        var typeName = CSharpNames.Of(type);
        var nullable = value is null && !type.IsValueType && typeName != "dynamic" ? "?" : "";
        var key = SessionValues.Put(value);
        lock (_pendingValues)
        {
            _pendingByName[name] = value;
            _pendingValues.Enqueue((name,
                $"{typeName}{nullable} {CSharpNames.Identifier(name)} = global::DocTuneLab.Notebooks.Languages.CSharp.SessionValues.Take"
                    + $"<{typeName}{nullable}>(\"{key}\");"));
        }
    }

    public bool TryGetValue(string name, out object? value)
    {
        lock (_pendingValues)
        {
            if (_pendingByName.TryGetValue(name, out value))
                return true;
        }
        foreach (var (field, owner) in _chain.Variables().Where(variable => variable.Field.Name == name))
        {
            value = field.GetValue(owner);
            return true;
        }
        return false;
    }

    public IReadOnlyList<CellVariable> Variables() => [.. _chain.Variables().DistinctBy(variable => variable.Field.Name).Reverse()
        .Select(variable => new CellVariable(variable.Field.Name, variable.Field.FieldType, variable.Field.GetValue(variable.Owner)))];

    /// <summary>Runs a part. Returns whether it has a value, and the value.</summary>
    /// <exception cref="CellFailure">It does not compile.</exception>
    /// <exception cref="ScriptFailure">It threw.</exception>
    public async Task<(bool HasValue, object? Value)> RunAsync(string code, string label, int firstLine, CancellationToken cancellation)
    {
        await DeclarePendingAsync(cancellation);
        var tree = CSharpSyntaxTree.ParseText(code, ParseOptions, cancellationToken: cancellation);
        var submission = Create(Prologue(label, firstLine) + Guarded(code, tree));
        if (_chain.Emit(submission, out var run, cancellation) is { Length: > 0 } guardedErrors)
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
        _warm = Create(Prologue("", 1) + LoopGuard.Apply(tree));
        _chain.Emit(_warm, out _, CancellationToken.None);
    }

    private static string Prologue(string label, int firstLine) => $"#nullable enable\n#line {firstLine} \"{label}\"\n";

    private CSharpCompilation Create(string code) => _chain.Create(code, _newReferences, _newImports);

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
        _sources.Guarded = false;
        try
        {
            return _chain.Emit(Create(code), out _, cancellation);
        }
        finally
        {
            _sources.Guarded = true;
        }
    }

    private async Task<object?> ExecuteAsync(CSharpCompilation submission, Func<object?[], Task<object?>>? code)
    {
        _warm = null;
        _allReferences.AddRange(_newReferences);
        _allImports.AddRange(_newImports);
        // What #r brought is the compiler's already; only completion has to be told.
        _allReferences.AddRange(submission.DirectiveReferences.Except(_allReferences));
        _newReferences.Clear();
        _newImports.Clear();
        _outline.Add(submission);
        try
        {
            return await _chain.RunAsync(submission, code);
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
        lock (_pendingValues)
        {
            if (_pendingValues.Count == 0)
                return;
            // One declaration a name: the last value wins, as it would with one submission each.
            code = string.Join('\n', _pendingValues.Reverse().DistinctBy(value => value.Name).Reverse().Select(value => value.Declaration));
            _pendingValues.Clear();
            _pendingByName.Clear();
        }
        var submission = Create("#nullable enable\n" + code);
        if (_chain.Emit(submission, out var run, cancellation) is [var error, ..])
            throw new NotebookException($"A value could not be given to C#: {error.GetMessage()}");
        await ExecuteAsync(submission, run);
    }
}
