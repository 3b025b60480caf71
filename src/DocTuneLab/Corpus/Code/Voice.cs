using DocTuneLab.Corpus.Language;

namespace DocTuneLab.Corpus.Code;

/// <summary>How an instruction speaks of members, in which language, and the choices of who writes it.</summary>
internal abstract class Voice(Random random, bool chinese)
{
    /// <summary>Every choice comes from it.</summary>
    public Random Random { get; } = random;

    /// <summary>Whether the instruction is to be in Chinese, which the library's documentation must be, too.</summary>
    public bool IsChinese { get; } = chinese;

    /// <summary>The wording in the language of the instruction.</summary>
    public string Say(string english, string chinese) => IsChinese ? chinese : english;

    /// <summary>What a caller asks of the member, varied.</summary>
    public string Request(MemberEntry m) => IsChinese ? ChineseProse.Request(m, Random) : Prose.Request(m, Random);

    /// <summary>What a caller asks of the member as one step among others: as documented, with another verb now and then.</summary>
    public string Step(MemberEntry m) => IsChinese ? ChineseProse.Plain(m) : Prose.Vary(Prose.Plain(m), Random);

    /// <summary>What a caller asks of the member, as documented.</summary>
    public string Plain(MemberEntry m) => IsChinese ? ChineseProse.Plain(m) : Prose.Plain(m);

    /// <summary>What the member is, as documented.</summary>
    public string Noun(MemberEntry m) => IsChinese ? ChineseProse.Noun(m) : Prose.Noun(m);

    /// <summary>What it does, as it follows "it".</summary>
    public string Does(MemberEntry m) => IsChinese ? ChineseProse.Plain(m) : Prose.ThirdPerson(m);

    public bool Chance(double share) => Random.NextDouble() < share;

    public T Pick<T>(IReadOnlyList<T> items) => items[Random.Next(items.Count)];
}
