using System.Text;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Library;
using DocTuneLab.Prompts;
using DocTuneLab.Tokenization;
using ICSharpCode.Decompiler;
using ICSharpCode.Decompiler.CSharp;
using ICSharpCode.Decompiler.Metadata;
using ICSharpCode.Decompiler.Util;

namespace DocTuneLab.Training.Datasets;

/// <summary>
/// Text that every machine with the .NET SDK has, to pre-train a small C# model on: documentation of the framework's
/// reference pack, C# decompiled from the framework's (MIT-licensed) assemblies, and questions and small tasks about the
/// framework's own members, made by the corpus generator.
/// </summary>
public static class PretrainingText
{
    // Their texts are held out, to measure what tuning forgets: System.Net.Http, System.Net.Mail, System.Security.Cryptography and others
    // are in neither list.
    private static readonly string[] s_documented =
    [
        "System.Runtime", "System.Collections", "System.Linq", "System.Console", "System.Text.RegularExpressions", "System.Threading",
        "System.Collections.Concurrent",
        "System.Net.Primitives", "System.ObjectModel", "System.Runtime.Numerics", "System.Text.Json", "System.IO.Compression",
        "System.Threading.Channels", "System.Xml.ReaderWriter",
        "System.Collections.Immutable", "System.Linq.AsyncEnumerable", "System.Threading.Tasks.Dataflow", "System.Xml.XDocument",
        "System.Diagnostics.DiagnosticSource", "System.Drawing.Primitives",
        "System.Collections.Specialized", "System.Formats.Asn1", "System.IO.Pipes", "System.Net.Requests",
        "System.ComponentModel.Annotations", "System.Diagnostics.TraceSource", "System.Transactions.Local",
        "System.Net.NetworkInformation", "System.Memory", "System.Formats.Tar", "System.Net.Ping", "System.ComponentModel.TypeConverter",
        "System.Net.HttpListener", "System.Net.WebSockets",
        "System.IO.IsolatedStorage", "System.Web.HttpUtility", "System.Net.Security", "System.Text.Encoding.Extensions",
        "System.IO.Pipelines", "System.Runtime.InteropServices",
    ];

    private static readonly string[] s_decompiled =
    [
        "System.Collections", "System.Linq", "System.Collections.Concurrent", "System.Collections.Immutable", "System.Text.Json",
        "System.Text.RegularExpressions",
        "System.Threading.Channels", "System.Private.Uri", "System.Net.Primitives", "System.ObjectModel", "System.IO.Pipelines",
        "System.Formats.Asn1", "System.Private.CoreLib",
        // Packages under the MIT licence are those that the project itself restores, in the versions of Directory.Packages.props.
        "System.Linq.AsyncEnumerable", "System.Threading.Tasks.Dataflow", "System.Private.Xml", "System.Private.Xml.Linq",
        "System.Diagnostics.DiagnosticSource", "System.Net.Requests", "System.Net.Security",
        "System.Reflection.Metadata", "System.ComponentModel.TypeConverter", "System.ComponentModel.Annotations",
        "System.Transactions.Local", "System.Linq.Parallel", "System.Net.HttpListener", "System.Formats.Tar",
        "System.Runtime.Numerics", "System.Net.WebSockets", "System.Net.WebSockets.Client", "System.Threading.Tasks.Parallel",
        "System.IO.Pipes", "System.Console", "System.Private.DataContractSerialization",
        "Microsoft.CodeAnalysis", "Microsoft.CodeAnalysis.CSharp", "ICSharpCode.Decompiler", "YamlDotNet", "LiteDB",
        "Microsoft.Data.Sqlite", "Microsoft.ML.Tokenizers", "Microsoft.Extensions.AI",
        "Microsoft.Extensions.AI.Abstractions", "Fluid", "Humanizer", "CommunityToolkit.HighPerformance", "Parquet", "TorchSharp",
        "System.CommandLine", "Spectre.Console", "OllamaSharp",
    ];

    /// <summary>Documentation and twice as much source, which is forgotten sooner, drawn at random:
    /// what a model knew before tuning.</summary>
    /// <param name="characters">About this many.</param>
    /// <param name="seed">Seed of the choice and the order.</param>
    /// <param name="cancel">Stops between types.</param>
    public static IReadOnlyList<string> Replay(int characters, int seed, CancellationToken cancel = default)
    {
        var random = new Random(seed);
        var names = Decompiled();
        random.Shuffle(names);
        names = names[..Enough(names, characters)];
        var source = new IReadOnlyList<string>[names.Length];
        Parallel.For(0, names.Length, new ParallelOptions { CancellationToken = cancel },
            i => source[i] = Source(names[i], characters / 3 * 2 / names.Length, new Random(unchecked(seed * 31 + i)), cancel));
        string[] texts = [.. Documentation(characters / 3, random), .. source.SelectMany(t => t)];
        random.Shuffle(texts);
        return texts;
    }

    /// <summary>Documentation of the framework's public members as C# declarations with comments.</summary>
    /// <param name="characters">Stops after about this many.</param>
    /// <param name="order">Takes types in random order; default their own.</param>
    public static IReadOnlyList<string> Documentation(int characters, Random? order = null)
    {
        var texts = new List<string>();
        var total = 0;
        var groups = Symbols().Where(s => s.Summary is not null).GroupBy(s => (s.Namespace, Type: s.ContainingType ?? s.Name)).ToArray();
        order?.Shuffle(groups);
        foreach (var group in groups)
        {
            if (total > characters) break;
            var text = new StringBuilder($"// {group.Key.Namespace}.{group.Key.Type}\n");
            foreach (var symbol in group.Take(24))
            {
                text.Append("/// <summary>").Append(symbol.Summary).Append("</summary>\n");
                foreach (var parameter in symbol.Parameters.Where(p => p.Documentation is not null))
                    text.Append("/// <param name=\"").Append(parameter.Name).Append("\">").Append(parameter.Documentation).Append(
                        "</param>\n");
                if (symbol.Returns is not null) text.Append("/// <returns>").Append(symbol.Returns).Append("</returns>\n");
                text.Append(symbol.Signature).Append(";\n");
            }
            texts.Add(text.ToString());
            total += text.Length;
        }
        return texts;
    }

    /// <summary>Types of the framework's implementation and of the project's MIT-licensed packages as C#, one text a
    /// type, none twice.</summary>
    /// <param name="characters">Stops after about this many, drawn from all assemblies, of large ones no more than an eighth each.</param>
    /// <param name="seed">Seed of the choice.</param>
    /// <param name="cancel">Stops between types.</param>
    public static IReadOnlyList<string> Source(int characters, int seed = 1, CancellationToken cancel = default)
    {
        var names = Decompiled();
        if (Enough(names, characters) is var enough && enough < names.Length)
        {
            new Random(seed).Shuffle(names);
            names = names[..enough];
        }
        // A small assembly is not taken to its last type: text of at most three times its size, about half of what it holds.
        var sizes = names.Select(n => Math.Min(new FileInfo(PathOf(n)).Length * 3, characters / 8)).ToArray();
        var source = new IReadOnlyList<string>[names.Length];
        var options = new ParallelOptions { CancellationToken = cancel };
        Parallel.For(0, names.Length, options,
            i => source[i] = Source(names[i], (int)Math.Min(sizes[i], sizes[i] / (double)sizes.Sum() * characters),
                new Random(unchecked(seed * 31 + i)), cancel));
        return [.. source.SelectMany(t => t).DistinctBy(Skeleton)];
    }

    // Two types that differ in nothing but names of types and numbers are one.
    private static string Skeleton(string code) =>
        string.Concat(code.Where(c => !char.IsAsciiLetterUpper(c) && !char.IsAsciiDigit(c) && !char.IsWhiteSpace(c)));

    // Opening an assembly costs as much as a few of its types.
    private static int Enough(string[] names, int characters) => Math.Clamp(characters / 30_000, 1, names.Length);

    // Not every program carries every package.
    private static string[] Decompiled() => [.. s_decompiled.Where(n => File.Exists(PathOf(n)))];

    private static string PathOf(string assembly) =>
        Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, assembly + ".dll") is var path && File.Exists(path)
            ? path
            : Path.Combine(Path.GetDirectoryName(typeof(PretrainingText).Assembly.Location)!, assembly + ".dll");

    // Tables of numbers and lines that no one writes teach little.
    private static bool IsPlain(string code)
    {
        var lines = code.Split('\n');
        return code.Count(char.IsAsciiDigit) < code.Length / 12
            && lines.Max(l => l.Length) < 400
            && !code.Contains("goto IL_", StringComparison.Ordinal);
    }

    private static List<string> Source(string assembly, int characters, Random? order, CancellationToken cancel)
    {
        var path = PathOf(assembly);
        if (!File.Exists(path))
            throw new LabException($"{path}: no such file; the pre-training text is made from the .NET runtime's own assemblies");
        using var file = new PEFile(path);
        var decompiler = new CSharpDecompiler(file, new UniversalAssemblyResolver(path, throwOnError: false, targetFramework: null),
            new DecompilerSettings { ThrowOnAssemblyResolveErrors = false });
        var handles = file.Metadata.TypeDefinitions.ToArray();
        order?.Shuffle(handles);
        var (texts, total) = (new List<string>(), 0);
        foreach (var handle in handles)
        {
            cancel.ThrowIfCancellationRequested();
            if (total > characters) break;
            var type = file.Metadata.GetTypeDefinition(handle);
            if (!type.GetDeclaringType().IsNil || file.Metadata.GetString(type.Name).Contains('<', StringComparison.Ordinal)) continue;
            string code;
            try
            {
                code = decompiler.DecompileTypeAsString(handle.GetFullTypeName(file.Metadata));
            }
            catch (DecompilerException)
            {
                continue; // A type that the decompiler cannot render is no loss among thousands.
            }
            if (code.Length is < 400 or > 60_000 || !IsPlain(code)) continue;
            texts.Add(code.ReplaceLineEndings("\n").Replace("\t", "    ", StringComparison.Ordinal));
            total += code.Length;
        }
        return texts;
    }

    /// <summary>Sentences in Chinese: the messages of the SDK's compilers and build (MIT-licensed), gathered into texts
    /// of some lines.</summary>
    /// <param name="characters">Stops after about this many.</param>
    public static IReadOnlyList<string> Chinese(int characters)
    {
        var sdk = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", "..", "sdk"));
        if (!Directory.Exists(sdk))
            throw new LabException($"{sdk}: no such folder; the Chinese text is made from the .NET SDK's own messages");
        var lines = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(sdk, "*.resources.dll", SearchOption.AllDirectories)
            .Where(p => Path.GetFileName(Path.GetDirectoryName(p)) == "zh-Hans"))
        {
            using var file = new PEFile(path);
            foreach (var resource in file.Resources.Where(r => r.Name.EndsWith(".resources", StringComparison.Ordinal)))
            {
                using var reader = new ResourcesFile(resource.TryOpenStream()!);
                foreach (var entry in reader)
                    if (entry.Value is string { Length: >= 12 and <= 400 } text
                        && text.Count(c => c is >= '\u4e00' and <= '\u9fff') > text.Length / 4)
                        lines.Add(text.ReplaceLineEndings(" "));
            }
        }
        var all = lines.ToArray();
        new Random(1).Shuffle(all);
        var total = 0;
        return [.. all.TakeWhile(l => (total += l.Length) < characters).Chunk(6).Select(c => string.Join('\n', c))];
    }

    /// <summary>Conversations about the framework's members in the format that tuning later uses, as chat text.</summary>
    /// <param name="template">Renders them.</param>
    /// <param name="tokenizer">Measures them.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">Seed of the generator.</param>
    /// <param name="cancel">Stops between samples.</param>
    public static IReadOnlyList<string> Conversations(ChatTemplate template, ITokenizer tokenizer, int count, int seed,
        CancellationToken cancel = default)
    {
        var references = ReferenceSet.Load();
        var generator = new StructuralGenerator(Symbols(references), new BatchedJudge(new CSharpJudge(references)));
        var (code, questions) = (PromptLibrary.Default.OfKind(PromptLibrary.CodeTask), PromptLibrary.Default.OfKind(PromptLibrary.DocQa));
        var texts = new List<string>();
        // Every wording that tuning may choose from is known to the base model.
        var rounds = Math.Max(code.Count, questions.Count);
        for (var round = 0; round < rounds; round++)
        {
            var options = new CorpusOptions
            {
                Count = count / rounds,
                Seed = unchecked(seed * 31 + round),
                Tokenizer = tokenizer,
                LibraryName = ".NET",
                CodeTemplate = code[round % code.Count],
                QaTemplate = questions[round % questions.Count],
            };
            var corpus = generator.With(options).Generate([], null, cancel);
            texts.AddRange(corpus.Samples.Select(s => template.Render(s.Messages, addGenerationPrompt: false)));
        }
        return texts;
    }

    private static IReadOnlyList<ApiSymbol> Symbols(ReferenceSet? references = null)
    {
        references ??= ReferenceSet.Load();
        return ApiModel.Load(references, [.. s_documented.Select(references.FrameworkAssembly)]).Symbols;
    }
}
