namespace DocTuneLab.Corpus.Kinds;

/// <summary>What the answers of a kind hold.</summary>
public enum AnswerForm
{
    /// <summary>Text for people; code in it is quoted.</summary>
    Prose,
    /// <summary>The body of the method that is asked for, as a code block.</summary>
    MethodBody,
    /// <summary>What belongs into the gap of the code that is shown.</summary>
    Gap,
}
