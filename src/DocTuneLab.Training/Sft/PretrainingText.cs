using System.Text;
using DocTuneLab.Corpus;
using DocTuneLab.Library;
using DocTuneLab.Prompts;
using DocTuneLab.Tokenization;
using ICSharpCode.Decompiler;
using ICSharpCode.Decompiler.CSharp;
using ICSharpCode.Decompiler.Metadata;

namespace DocTuneLab.Training.Sft;

/// <summary>
/// Text that every machine with the .NET SDK has, to pre-train a small C# model on: documentation of the framework's
/// reference pack, C# decompiled from the framework's (MIT-licensed) assemblies, and questions and small tasks about the
/// framework's own members, made by the corpus generator.
/// </summary>
public static class PretrainingText
{
    private static readonly string[] s_documented =
    [
        "System.Runtime", "System.Collections", "System.Linq", "System.Console", "System.Text.RegularExpressions", "System.Threading", "System.Collections.Concurrent",
        "System.Net.Primitives", "System.ObjectModel", "System.Runtime.Numerics", "System.Text.Json", "System.IO.Compression", "System.Threading.Channels", "System.Xml.ReaderWriter",
    ];

    private static readonly string[] s_decompiled =
    [
        "System.Collections", "System.Linq", "System.Collections.Concurrent", "System.Collections.Immutable", "System.Text.Json", "System.Text.RegularExpressions",
        "System.Threading.Channels", "System.Private.Uri", "System.Net.Primitives", "System.ObjectModel", "System.IO.Pipelines", "System.Formats.Asn1", "System.Private.CoreLib",
    ];

    /// <summary>Documentation and half as much again of source, which is forgotten sooner, drawn at random: what a model knew before tuning.</summary>
    /// <param name="characters">About this many.</param>
    /// <param name="seed">Seed of the choice and the order.</param>
    /// <param name="cancel">Stops between types.</param>
    public static IReadOnlyList<string> Replay(int characters, int seed, CancellationToken cancel = default)
    {
        var random = new Random(seed);
        var names = s_decompiled.ToArray();
        random.Shuffle(names);
        // Opening an assembly costs as much as a few of its types.
        names = names[..Math.Clamp(characters / 30_000, 1, names.Length)];
        var source = new IReadOnlyList<string>[names.Length];
        Parallel.For(0, names.Length, new ParallelOptions { CancellationToken = cancel }, i => source[i] = Source(names[i], characters / 5 * 3 / names.Length, new Random(unchecked(seed * 31 + i)), cancel));
        string[] texts = [.. Documentation(characters / 5 * 2, random), .. source.SelectMany(t => t)];
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
                    text.Append("/// <param name=\"").Append(parameter.Name).Append("\">").Append(parameter.Documentation).Append("</param>\n");
                if (symbol.Returns is not null) text.Append("/// <returns>").Append(symbol.Returns).Append("</returns>\n");
                text.Append(symbol.Signature).Append(";\n");
            }
            texts.Add(text.ToString());
            total += text.Length;
        }
        return texts;
    }

    /// <summary>Types of the framework's implementation as C#, one text a type.</summary>
    /// <param name="characters">Stops after about this many.</param>
    /// <param name="cancel">Stops between types.</param>
    public static IReadOnlyList<string> Source(int characters, CancellationToken cancel = default)
    {
        var texts = new List<string>();
        foreach (var name in s_decompiled)
        {
            var left = characters - texts.Sum(t => t.Length);
            if (left < 0) break;
            texts.AddRange(Source(name, left, null, cancel));
        }
        return texts;
    }

    private static List<string> Source(string assembly, int characters, Random? order, CancellationToken cancel)
    {
        var path = Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, assembly + ".dll");
        if (!File.Exists(path)) throw new LabException($"{path}: no such file; the pre-training text is made from the .NET runtime's own assemblies");
        using var file = new PEFile(path);
        var decompiler = new CSharpDecompiler(file, new UniversalAssemblyResolver(path, throwOnError: false, targetFramework: null), new DecompilerSettings { ThrowOnAssemblyResolveErrors = false });
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
            if (code.Length is < 400 or > 60_000) continue;
            texts.Add(code.ReplaceLineEndings("\n").Replace("\t", "    ", StringComparison.Ordinal));
            total += code.Length;
        }
        return texts;
    }

    /// <summary>Conversations about the framework's members in the format that tuning later uses, as chat text.</summary>
    /// <param name="template">Renders them.</param>
    /// <param name="tokenizer">Measures them.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">Seed of the generator.</param>
    /// <param name="cancel">Stops between samples.</param>
    public static IReadOnlyList<string> Conversations(ChatTemplate template, ITokenizer tokenizer, int count, int seed, CancellationToken cancel = default)
    {
        var references = ReferenceSet.Load();
        var symbols = Symbols(references);
        var judge = new BatchedJudge(new CSharpJudge(references));
        var (code, questions) = (PromptLibrary.Default.OfKind(PromptLibrary.CodeTask), PromptLibrary.Default.OfKind(PromptLibrary.DocQa));
        var texts = new List<string>();
        // Every wording that tuning may choose from is known to the base model.
        var rounds = Math.Max(code.Count, questions.Count);
        for (var round = 0; round < rounds; round++)
        {
            var options = new CorpusOptions
            {
                Count = count / rounds, Seed = unchecked(seed * 31 + round), Tokenizer = tokenizer, LibraryName = ".NET",
                CodeTemplate = code[round % code.Count], QaTemplate = questions[round % questions.Count],
            };
            var corpus = new StructuralGenerator(symbols, judge, options).Generate([], null, cancel);
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
