using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Normalizers;

/// <summary>The normalizers that a <c>tokenizer.json</c> may name.</summary>
internal static class NormalizerKinds
{
    public static StepKinds<Normalizer> All { get; } = new("normalizers", new Dictionary<string, Func<StepFields, Normalizer>>
    {
        ["NFC"] = _ => new UnicodeForm("NFC", compose: true, compatible: false),
        ["NFD"] = _ => new UnicodeForm("NFD", compose: false, compatible: false),
        ["NFKC"] = _ => new UnicodeForm("NFKC", compose: true, compatible: true),
        ["NFKD"] = _ => new UnicodeForm("NFKD", compose: false, compatible: true),
        ["Lowercase"] = _ => new Lowercase(),
        ["Strip"] = Strip.Read,
        ["StripAccents"] = _ => new StripAccents(),
        ["Replace"] = Replace.Read,
        ["Prepend"] = Prepend.Read,
        ["BertNormalizer"] = BertNormalizer.Read,
        ["ByteLevel"] = _ => new ByteLevelNormalizer(),
        ["Precompiled"] = Precompiled.Read,
    });
}
