using System.Collections.Concurrent;
using DocTuneLab.Library.Composition;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Library.Guidance;

/// <summary>
/// Says while code is being written whether it can still compile: which names may stand at a place, which members follow a dot, and at the
/// end of each statement what the compiler says of it. It never refuses what compiles. Anchors: monitor-guided decoding (arXiv 2306.10763),
/// type-constrained decoding (arXiv 2504.09246).
/// </summary>
public sealed class CodeGuide
{
    private readonly CSharpJudge _judge;
    private readonly string? _tooDeep;
    private readonly ConcurrentDictionary<string, CodeGuide> _using = new(StringComparer.Ordinal);
    private readonly Lazy<CodeGuide?> _members;
    private readonly Lazy<CompositionSearch> _compositions;
    private readonly ConcurrentDictionary<string, IReadOnlyList<MemberHeaders.Header>> _lacking = new(StringComparer.Ordinal);

    /// <summary>Version of the rules; answers under different ones are different answers.</summary>
    public const int Version = 11;

    /// <summary>A guide for code in a frame.</summary>
    /// <param name="judge">The compiler with the library.</param>
    /// <param name="frame">What stands around the code.</param>
    /// <param name="layers">What is looked at. Default all.</param>
    public CodeGuide(CSharpJudge judge, GuideFrame frame, GuideLayers layers = GuideLayers.All)
    {
        ArgumentNullException.ThrowIfNull(judge);
        ArgumentNullException.ThrowIfNull(frame);
        (_judge, Frame, Layers) = (judge, frame, layers);
        _compositions = new(() => new(judge.Api));
        // The compiler's recursion over such a frame would end the process: it is told, and not read.
        var isTooDeep = CSharpJudge.IsTooDeep($"{frame.Context}\n{frame.Head}");
        var read = isTooDeep ? new GuideFrame("", frame.Usings) : frame;
        Scope = new(judge.Compilation(read.Usings, read.Context), read);
        _tooDeep = isTooDeep ? CSharpJudge.TooDeep : null;
        _members = new(() => frame.HoldsTypes ? null : new CodeGuide(judge,
            GuideFrame.Members(frame.Usings, frame.Context) with { Asked = Scope.Method }, layers));
    }

    /// <summary>What stands around the code.</summary>
    public GuideFrame Frame { get; }

    /// <summary>What is looked at.</summary>
    public GuideLayers Layers { get; }

    /// <summary>Why nothing can be guided: the header or the context does not compile. Null where it can.</summary>
    public string? Problem => _tooDeep ?? Scope.Problem;

    internal GuideScope Scope { get; }

    /// <summary>The guide of an answer that brings the method's header, or types; null where this is it.</summary>
    internal CodeGuide? Members => _members.Value;

    /// <summary>What the library's members make of values.</summary>
    internal CompositionSearch Compositions => _compositions.Value;

    /// <summary>Headers of the members that a class lacks, which many tokens behind the same code ask for.</summary>
    /// <param name="code">Code before a member.</param>
    /// <param name="look">Looks for them.</param>
    internal IReadOnlyList<MemberHeaders.Header> Lacking(string code, Func<string, IReadOnlyList<MemberHeaders.Header>> look) =>
        _lacking.GetOrAdd(code, look);

    /// <summary>The guide of code behind using directives.</summary>
    /// <param name="names">What they name.</param>
    internal CodeGuide Using(IReadOnlyList<string> names) => names.Count == 0 ? this : _using.GetOrAdd(string.Join(';', names),
        _ => new(_judge, Frame with { Usings = [.. Frame.Usings.Concat(names).Distinct(StringComparer.Ordinal)] }, Layers));

    /// <summary>No code yet.</summary>
    public GuidedCode Begin() => new(this);

    /// <summary>The code behind the frame's opening.</summary>
    internal SyntaxTree Tree(string code) => GuideScope.Parse(Scope.Opening + code);
}
