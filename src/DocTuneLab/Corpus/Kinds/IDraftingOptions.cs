using DocTuneLab.Conversations;
using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>What kinds need to know of the options of a corpus that is drafted from the library alone.</summary>
internal interface IDraftingOptions
{
    int Seed { get; }
    int MaxTokens { get; }
    double DocumentShare { get; }
    double RetrievedShare { get; }
    Passages? Passages { get; }
    int MaxReadingTokens { get; }
    string LibraryName { get; }
    PromptTemplate CodeTemplate { get; }
    PromptTemplate QaTemplate { get; }

    /// <summary>The share of Chinese for a library whose summaries are in Chinese to <paramref name="documented"/>.</summary>
    double ChineseShareOf(double documented);

    /// <summary>Tokens of a text.</summary>
    int Tokens(string text);

    /// <summary>Tokens of all turns together.</summary>
    int Tokens(IReadOnlyList<Message> messages);
}
