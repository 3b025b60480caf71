namespace DocTuneLab.Evaluation.Metrics;

/// <summary>Names of the metrics, as in files.</summary>
public static class MetricNames
{
    /// <summary>Answers in which the extraction rule finds code.</summary>
    public const string ExtractionRate = "extraction_rate";
    /// <summary>Answers without a syntax error.</summary>
    public const string ParseRate = "parse_rate";
    /// <summary>Answers that compile against the library.</summary>
    public const string CompileRate = "compile_rate";
    /// <summary>Missing over resolved, misused and missing library names.</summary>
    public const string HallucinationRate = "hallucination_rate";
    /// <summary>Answers with code that invent at least one name.</summary>
    public const string HallucinatingAnswers = "hallucinating_answers";
    /// <summary>Misused over resolved, misused and missing library names.</summary>
    public const string MisuseRate = "misuse_rate";
    /// <summary>Mean share of a task's gold symbols that the answer uses.</summary>
    public const string ApiRecall = "api_recall";
    /// <summary>Greedy answers that pass the hidden tests.</summary>
    public const string Pass1 = "pass@1";
    /// <summary>Unbiased pass@1 of sampled answers.</summary>
    public const string SampledPass1 = "pass@1_sampled";
    /// <summary>Unbiased pass@5 of sampled answers.</summary>
    public const string Pass5 = "pass@5";
    /// <summary>Closed questions answered right.</summary>
    public const string QaAccuracy = "qa_accuracy";
    /// <summary>Existing members that the answer says do not exist, asked in wordings of the corpus.</summary>
    public const string FalseDenials = "false_denials";
    /// <summary>Invented members that the answer treats as existing, asked in wordings of the corpus.</summary>
    public const string FalseAcceptances = "false_acceptances";
    /// <summary>Existing members that the answer says do not exist, asked in wordings that no corpus uses.</summary>
    public const string FalseDenialsOtherWording = "false_denials_other_wording";
    /// <summary>Invented members that the answer treats as existing, asked in wordings that no corpus uses.</summary>
    public const string FalseAcceptancesOtherWording = "false_acceptances_other_wording";
    /// <summary>Bits per byte of the reference code given the prompt.</summary>
    public const string CodeBitsPerByte = "code_bits_per_byte";
    /// <summary>Bits per byte of the accepted answers given the prompt.</summary>
    public const string QaBitsPerByte = "qa_bits_per_byte";
    /// <summary>Mean share of a rubric's facts that an open answer states, by the judge.</summary>
    public const string OpenScore = "open_score";
    /// <summary>Gaps filled with what stood there.</summary>
    public const string CompletionExact = "completion_exact";
    /// <summary>Gaps filled so that the code compiles.</summary>
    public const string CompletionCompiles = "completion_compiles";
    /// <summary>Mean edit similarity of gaps.</summary>
    public const string CompletionSimilarity = "completion_similarity";
    /// <summary>Bits per byte of what stood in the gaps.</summary>
    public const string CompletionBitsPerByte = "completion_bits_per_byte";
    /// <summary>Tasks in plain C# whose greedy answer passes.</summary>
    public const string GeneralPass1 = "general_pass@1";
    /// <summary>Bits per byte of frozen prose.</summary>
    public const string TextBitsPerByte = "text_bits_per_byte";
    /// <summary>Bits per byte of frozen C#.</summary>
    public const string CSharpBitsPerByte = "csharp_bits_per_byte";
}
