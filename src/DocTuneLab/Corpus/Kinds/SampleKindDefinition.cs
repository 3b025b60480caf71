using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Kinds;

/// <summary>
/// All that decides what a kind of sample is: how it is drafted from the library alone, how hosted models are asked for it, and what its
/// answers hold. One definition serves both generators, so that a new kind is one class and one line: in <see cref="SampleKinds.BuiltIn"/>,
/// or in the options of the program that has it. A definition keeps nothing between samples; what must be kept for a corpus is kept by
/// <see cref="DraftingContext.Kept"/>. Hosted models write many samples at once.
/// </summary>
public abstract class SampleKindDefinition
{
    /// <summary>The kind's name.</summary>
    public abstract SampleKind Kind { get; }

    /// <summary>What its answers hold; default prose.</summary>
    public virtual AnswerForm Answer => AnswerForm.Prose;

    /// <summary>Whether its prompt is an instruction or a question in words, which must read as somebody would write it. Default false.
    /// </summary>
    public virtual bool IsAskedInWords => false;

    /// <summary>Whether an answer may repeat what the prompt says, as a fix repeats what was right. Default false.</summary>
    public virtual bool MayRepeatPrompt => false;

    /// <summary>Whether an answer may speak of "the document" or "the text above", as code about documents does. Default false: to
    /// whoever reads the answer there is no such thing.</summary>
    public virtual bool MaySpeakOfPassages => false;

    /// <summary>Relative share of samples drafted from the library alone, unless a mix says otherwise. 0: only where a mix asks for them.
    /// Null, the default: the kind cannot be drafted.</summary>
    public virtual double? StructuralShare => null;

    /// <summary>Relative share of samples that hosted models are asked for, unless a mix says otherwise. 0: only where a mix asks for them.
    /// Null, the default: the kind cannot be asked for.</summary>
    public virtual double? HostedShare => null;

    /// <summary>When drafts of this kind are made: kinds of a lower turn come first, those of the same turn as they are listed. Default
    /// 100, which is after all built-in kinds but code, which takes the rest.</summary>
    public virtual int Turn => 100;

    /// <summary>Whether the kind comes after all others and takes over what they could not fill. Default false.</summary>
    public virtual bool TakesTheRest => false;

    /// <summary>Whether anything can be drafted at all; default: where there are members to draft from.</summary>
    public virtual bool CanDraft(DraftingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.HasMembers;
    }

    /// <summary>The next draft from the library alone; null where this attempt found nothing to say. Every choice comes from
    /// <see cref="DraftingContext.Random"/>, so that a seed gives the same corpus again.</summary>
    public virtual Draft? Draft(DraftingContext context) => null;

    /// <summary>Names of the templates that a hosted model is always asked with; default none.</summary>
    public virtual IReadOnlyList<string> Templates => [];

    /// <summary>Members that a hosted sample is about, at most; default 3.</summary>
    public virtual int MostMembers => 3;

    /// <summary>Whether a hosted sample is about one obsolete member, and cannot be asked for where there is none. Default false.</summary>
    public virtual bool IsAboutObsolete => false;

    /// <summary>Whether an accepted hosted sample may also be asked for in other words. Default false.</summary>
    public virtual bool MayBeParaphrased => false;

    /// <summary>Whether methods in accepted hosted samples serve other samples, which complete, explain or fuse them.
    /// Default false.</summary>
    public virtual bool GivesMethods => false;

    /// <summary>Names of the templates that one sample is asked with.</summary>
    /// <param name="task">Template of code tasks, where those come from signatures; null where a model invents them.</param>
    public virtual IReadOnlyList<string> AskedWith(PromptTemplate? task) => Templates;

    /// <summary>Whether the template of that name has a part in samples of this kind.</summary>
    public virtual bool Uses(string name) => Templates.Contains(name, StringComparer.Ordinal);

    /// <summary>Asks a hosted model for one sample.</summary>
    /// <exception cref="Dialogue.NoAnswerException">No sample came of it.</exception>
    /// <exception cref="LabException">The kind cannot be asked for.</exception>
    public virtual Task<Draft> WriteAsync(WritingContext context) =>
        throw new LabException($"Samples of the kind {Kind.FieldName} cannot be asked for: their definition has no WriteAsync.");
}
