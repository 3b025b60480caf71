using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Corpus.Validation;

/// <summary>
/// Judges many pieces with few compilations: pieces of the same namespaces become nested classes of one compilation, and
/// errors and uses go back to their piece by line. What compiles was part of a compilation that emitted without any error:
/// failing pieces are taken out and the rest is compiled again. Pieces that do not parse are judged alone.
/// </summary>
/// <param name="judge">Judges one piece; must be safe to call from several threads.</param>
/// <param name="batchSize">Pieces in one compilation; default 48.</param>
/// <param name="parallelism">Compilations at a time; 0 takes the number of processors.</param>
public sealed partial class BatchedJudge(Func<CodeToJudge, Verdict> judge, int batchSize = 48, int parallelism = 0) : ICodeJudge
{
    /// <summary>Batches for the lab's judge of C#.</summary>
    public BatchedJudge(CSharpJudge judge) : this(piece => judge.Judge(piece.Code, piece.Form, piece.Usings)) { }

    /// <inheritdoc/>
    public IReadOnlyList<Verdict> Judge(IReadOnlyList<CodeToJudge> pieces, CancellationToken cancel)
    {
        var verdicts = new Verdict[pieces.Count];
        var batches = new List<List<int>>();
        // What is alike in namespaces and shape compiles together; the order of pieces decides nothing else.
        foreach (var group in Enumerable.Range(0, pieces.Count)
            .GroupBy(i => CanShare(pieces[i]) ? string.Join(',', pieces[i].Usings) : $"alone {i}", StringComparer.Ordinal))
            batches.AddRange(group.Chunk(batchSize).Select(c => c.ToList()));
        var options = new ParallelOptions
        {
            CancellationToken = cancel,
            MaxDegreeOfParallelism = parallelism > 0 ? parallelism : Environment.ProcessorCount
        };
        Parallel.ForEach(batches, options, batch => Together(pieces, batch, verdicts));
        return verdicts;
    }

    private void Together(IReadOnlyList<CodeToJudge> pieces, List<int> batch, Verdict[] verdicts)
    {
        while (batch.Count > 0)
        {
            if (batch.Count == 1)
            {
                verdicts[batch[0]] = judge(pieces[batch[0]]);
                return;
            }
            var text = new StringBuilder();
            var starts = new int[batch.Count];
            var line = 1;
            for (var i = 0; i < batch.Count; i++)
            {
                var code = pieces[batch[i]].Code;
                text.Append(CultureInfo.InvariantCulture, $"public static class Piece__{i}\n{{\n{code}\n}}\n");
                starts[i] = line + 2;
                line += 4 + code.AsSpan().Count('\n');
            }
            var whole = judge(new CodeToJudge(text.ToString(), CodeForm.Members, pieces[batch[0]].Usings));
            int PieceAt(int at) => Array.FindLastIndex(starts, s => s <= at);
            var errors = whole.Errors.ToLookup(e => PieceAt(e.Line));
            var uses = whole.Uses.ToLookup(u => PieceAt(u.Line));
            var failing = batch.Where((_, i) => errors.Contains(i)).ToList();
            if (!whole.Compiles && (failing.Count == 0 || errors.Contains(-1)))
            {
                // An error that belongs to no piece says nothing about any: ask one by one.
                foreach (var i in batch) verdicts[i] = judge(pieces[i]);
                return;
            }
            for (var i = 0; i < batch.Count; i++)
            {
                var own = errors[i].Select(e => e with { Line = e.Line - starts[i] + 1, Message = Wrapper().Replace(e.Message, "") })
                    .ToList();
                verdicts[batch[i]] = new Verdict(true, own.Count == 0, own,
                    [.. uses[i].Select(u => u with { Line = u.Line - starts[i] + 1 })]);
            }
            if (whole.Compiles) return;
            batch = [.. batch.Except(failing)];
        }
    }

    [GeneratedRegex(@"Piece__\d+\.")]
    private static partial Regex Wrapper();

    private static bool CanShare(CodeToJudge piece)
    {
        if (piece.Form != CodeForm.Members) return false;
        var unit = SyntaxFactory.ParseCompilationUnit($"class C\n{{\n{piece.Code}\n}}");
        return unit.Members.Count == 1
            && !unit.ContainsDiagnostics
            && !unit.DescendantTokens().Any(t => t.IsKind(SyntaxKind.ThisKeyword) && t.Parent.IsKind(SyntaxKind.Parameter));
    }
}
