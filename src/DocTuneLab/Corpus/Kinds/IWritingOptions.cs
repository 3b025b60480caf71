using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>What kinds need to know of the options of a corpus that hosted models write.</summary>
internal interface IWritingOptions
{
    int RepairRounds { get; }
    double ContextShare { get; }
    double FusionShare { get; }
    double RetrievedShare { get; }
    Passages? Passages { get; }
    int EvidenceTokens { get; }
    bool StructuralQuestions { get; }
    string LibraryName { get; }
    PromptTemplate CodeTemplate { get; }
    PromptTemplate QaTemplate { get; }
}
