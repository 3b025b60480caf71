using DocTuneLab.Evaluation.Judging;

namespace DocTuneLab.Evaluation.Tests;

public class QaGraderTests
{
    [Theory]
    [InlineData("Salinity", "Salinity")]
    [InlineData("`Salinity`", "Salinity")]
    [InlineData("`Vat.Salinity()`.", "Vat.Salinity")]
    [InlineData("Salinity()", "Salinity")]
    [InlineData("The answer is `Salinity`.", "Salinity")]
    [InlineData("\n\n**Salinity**\nIt divides grams by litres.", "Salinity")]
    [InlineData("Salinity, which divides the doses by the capacity.", "Salinity")]
    [InlineData("Salinity returns grams per litre", "Salinity")]
    [InlineData("The main lock", "main lock")]
    [InlineData("GRAMS PER LITRE", "grams per litre")]
    [InlineData("30", "30")]
    [InlineData("30.0", "30")]
    [InlineData("1_000", "1000")]
    [InlineData("30 seconds", "30")]
    [InlineData("Yes.", "yes")]
    [InlineData("Yes, it can be reused.", "yes")]
    [InlineData("No, and it throws.", "no")]
    [InlineData("True", "true")]
    [InlineData("Task<int>", "Task<int>")]
    [InlineData("\"brine.settled\"", "brine.settled")]
    [InlineData("答案是 Salinity。", "Salinity")]
    [InlineData("Salinity方法", "Salinity")]
    public void Right(string answer, string accepted) => Assert.True(QaGrader.IsCorrect(answer, [accepted]));

    [Theory]
    [InlineData("", "Salinity")]
    [InlineData("salinity", "Salinity")]
    [InlineData("SalinityOf", "Salinity")]
    [InlineData("Salinity.Value", "Salinity")]
    [InlineData("Vat.Salinity", "Salinity")]
    [InlineData("Dose or Salinity", "Salinity")]
    [InlineData("Salinity or Dose", "Salinity")]
    [InlineData("Salinity, Dose, Capacity", "Salinity")]
    [InlineData("Salinity / Dose", "Salinity")]
    [InlineData("`Salinity` or perhaps `Dose`", "Salinity")]
    [InlineData("It could be Salinity", "Salinity")]
    [InlineData("Dose\nSalinity", "Salinity")]
    [InlineData("300", "30")]
    [InlineData("30.5", "30")]
    [InlineData("30 or 60", "30")]
    [InlineData("30, 60, 90", "30")]
    [InlineData("-30", "30")]
    [InlineData("yes or no", "yes")]
    [InlineData("Task<int>", "Task")]
    [InlineData("Task<string>", "Task<int>")]
    public void Wrong(string answer, string accepted) => Assert.False(QaGrader.IsCorrect(answer, [accepted]));

    [Fact]
    public void Any_accepted_answer_will_do() => Assert.True(QaGrader.IsCorrect("Vat.Salinity", ["Salinity", "Vat.Salinity"]));
}
