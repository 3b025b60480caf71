using DocTuneLab.Documents.Parsing;

namespace DocTuneLab.Tests.Documents;

public sealed class LanguageDetectorTests
{
    // The first article of the Universal Declaration of Human Rights, of which official translations exist.
    [Theory]
    [InlineData("en",
        "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and should act "
            + "towards one another in a spirit of brotherhood.")]
    [InlineData("zh",
        "人人生而自由，在尊严和权利上一律平等。"
            + "他们赋有理性和良心，并应以兄弟关系的精神相对待。")]
    [InlineData("ja",
        "すべての人間は、生まれながらにして自由であり、"
            + "かつ、尊厳と権利とについて平等である。")]
    [InlineData("ko", "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.")]
    [InlineData("ru",
        "Все люди рождаются свободными и равными "
            + "в своем достоинстве и правах. Они наделены разумом и совестью "
            + "и должны поступать в отношении друг друга в духе братства.")]
    [InlineData("de",
        "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und sollen einander "
            + "im Geist der Brüderlichkeit begegnen. Das ist nicht für die, die es nicht wollen, und auch nicht für den, der es kann.")]
    [InlineData("fr",
        "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de conscience et doivent "
            + "agir les uns envers les autres dans un esprit de fraternité. Chacun peut se prévaloir de tous les droits et de toutes les "
            + "libertés proclamés dans la présente Déclaration, sans distinction aucune, notamment de race, de couleur, "
            + "de sexe, de langue.")]
    [InlineData("es",
        "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón y conciencia, "
            + "deben comportarse fraternalmente los unos con los otros. Toda persona tiene los derechos y libertades proclamados en esta "
            + "Declaración, sin distinción alguna de raza, color, sexo, idioma, religión, opinión política o de cualquier "
            + "otra índole.")]
    [InlineData("it",
        "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di ragione e di coscienza e devono agire "
            + "gli uni verso gli altri in spirito di fratellanza. Ad ogni individuo spettano tutti i diritti e tutte le libertà enunciate "
            + "nella presente Dichiarazione, senza distinzione alcuna, per ragioni di razza, di colore, di sesso, di lingua, di religione, "
            + "che non è del paese e con il suo.")]
    [InlineData("ar", "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق")]
    [InlineData("en", "")]
    public void Prose_is_told_apart(string language, string text) => Assert.Equal(language, LanguageOf(text));

    [Fact]
    public void A_few_foreign_names_change_nothing() =>
        Assert.Equal("en",
            LanguageOf("The Café de la Paix and the Hotel de Ville are in Paris; this is for people who like it, and that is "
                + "all that you need to know of 储罐."));

    [Theory]
    [InlineData(2_480, "en")]
    [InlineData(2_520, "zh")]
    public void On_a_long_page_the_share_of_a_script_is_still_that_of_all_its_letters(int chinese, string language)
    {
        // A fifth of 12,500 letters is the border; words are looked at only in the first thousand.
        var lines = Enumerable.Repeat("  Fill the tank, then read Level 7 of VALVE no. 42: it is shown!", 250).ToList();
        var letters = 250 * "FillthetankthenreadLevelofVALVEnoitisshown".Length;
        for (var i = 0; i < chinese * letters / 10_000; i += 3) lines.Add("水位 9 位");
        Assert.Equal(language, LanguageOf(string.Join('\n', lines)));
    }

    private static string LanguageOf(string page) => MarkdownParser.Parse("p.md", page).Language;
}
