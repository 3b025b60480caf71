using System.Text.RegularExpressions;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Drafting;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using DocTuneLab.Tests.Library;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>Questions that are drafted from metadata and documentation comments.</summary>
public sealed class QuestionDraftTests(SampleLibrary library) : IClassFixture<SampleLibrary>
{
    private readonly ApiModel _api = ApiModel.Load(ReferenceSet.Load(Path.Combine(library.Data, "bin", "Fenmark.dll")));

    [Fact]
    public void Closed_questions_are_about_members_that_no_train_page_speaks_of_and_graded_right()
    {
        var pages = DocumentSet.Load(Path.Combine(library.Data, "docs")).Documents;
        var (closed, open) = QuestionDrafts.Draw(_api, pages);
        Assert.InRange(closed.Count, 20, 60);
        Assert.Equal(closed.Count, closed.Select(q => q.Question).Distinct(StringComparer.Ordinal).Count());
        Assert.All(closed, q =>
        {
            Assert.All(q.Answers, a => Assert.True(QaGrader.IsCorrect(a, [a], q.Question), $"{q.Question} {a}"));
            Assert.DoesNotMatch(@"\{\w+\}", q.Question);
            Assert.NotNull(_api.Find(q.Documents[^1]["xml:".Length..]));
            Assert.NotEqual(Split.Train, q.Split);
        });
        // The suite that they make has nothing to object to.
        Assert.Empty(SuiteReading.Problems(new Suite([], closed) { Open = open }, _api, pages));
        Assert.Equal(closed.Select(q => q.Question), QuestionDrafts.Draw(_api, pages).Closed.Select(q => q.Question));
        Assert.NotEqual(closed.Select(q => q.Question), QuestionDrafts.Draw(_api, pages, seed: 2).Closed.Select(q => q.Question));
    }

    [Fact]
    public void Several_kinds_of_facts_are_asked_for_and_each_member_once()
    {
        var (closed, open) = QuestionDrafts.Draw(_api, [], 80);
        var members = closed.Select(q => q.Documents[^1]).Concat(open.Select(o => o.Documents[^1])).ToList();
        Assert.Equal(members.Count, members.Distinct(StringComparer.Ordinal).Count());
        Assert.Contains(closed, q => q.Question.Contains("Assert.Throws", StringComparison.Ordinal)
            || q.Question.Contains("Which exception", StringComparison.Ordinal));
        Assert.Contains(closed, q => q.Question.Contains("var x =", StringComparison.Ordinal));
        Assert.Contains(closed, q => q.Split == Split.Dev);
        Assert.Contains(closed, q => q.Split == Split.Test);
    }

    [Fact]
    public void Of_overloads_one_is_asked_for_and_none_where_they_answer_differently()
    {
        using var saws = new CompiledLibrary("""
            namespace Yard
            {
                /// <summary>A saw.</summary>
                public sealed class Saw
                {
                    /// <summary>Cuts the plank into pieces of one length.</summary>
                    /// <param name="length">Metres.</param>
                    /// <returns>How often the blade went through all of it.</returns>
                    /// <exception cref="System.ArgumentException">when nothing of the wood is left over for the second cut</exception>
                    public int Cut(int length) => length;
                    /// <summary>Cuts the plank into pieces of one length.</summary>
                    /// <param name="name">Its name.</param>
                    /// <returns>How often the blade went through all of it.</returns>
                    /// <exception cref="System.ArgumentException">when nothing of the wood is left over for the second cut</exception>
                    public string Cut(string name) => name;
                }
            }
            """, "Yard");
        var api = ApiModel.Load(ReferenceSet.Load(saws.AssemblyPath));
        foreach (var seed in (int[])[1, 2, 3])
        {
            var (closed, open) = QuestionDrafts.Draw(api, [], 40, seed);
            Assert.Single(open, o => o.Question.Contains("Cut", StringComparison.Ordinal));
            Assert.Empty(SuiteReading.Problems(new Suite([], closed) { Open = open }, api, null));
            // "int" for one and "string" for the other.
            Assert.DoesNotContain(closed, q => !q.Question.Contains("Cut(", StringComparison.Ordinal)
                && (q.Answers.Contains("int") || q.Answers.Contains("string")));
        }
    }

    // The answer must come from knowing the library, not from reading the question.
    [Fact]
    public void No_question_holds_its_answer()
    {
        var (closed, _) = QuestionDrafts.Draw(_api, [], 120);
        var names = closed.Where(q => Regex.IsMatch(q.Answers[0], @"^[A-Z]\w+$"));
        Assert.All(names, q => Assert.DoesNotMatch($@"\b{q.Answers[0]}\b(?!\.)", q.Question.Replace("`", "", StringComparison.Ordinal)));
    }

    [Fact]
    public void Open_questions_have_a_rubric_of_facts_and_a_reference_that_states_them()
    {
        var (_, open) = QuestionDrafts.Draw(_api, [], 100);
        Assert.NotEmpty(open);
        Assert.All(open, q =>
        {
            Assert.InRange(q.Rubric.Count, 2, 4);
            Assert.All(q.Rubric, p => Assert.Contains(p, q.Reference, StringComparison.Ordinal));
        });
    }

    [Fact]
    public void No_sample_states_a_fact_that_is_asked_for()
    {
        var (closed, _) = QuestionDrafts.Draw(_api, [], 40);
        var held = new Decontamination(new Suite([], closed).HeldOut());
        Assert.All(closed, q =>
        {
            string[] member = [q.Documents[^1]["xml:".Length..]];
            Assert.Contains(q.Id, held.FindFact(member, q.Answers[0] + "."), StringComparison.Ordinal);
            Assert.Null(held.FindFact(member, "something else"));
            Assert.Null(held.FindFact(["M:Other"], q.Answers[0]));
        });
        // What pages alone hold, as hand-written questions do, names no member.
        Assert.Null(new Decontamination(new Suite([], [closed[0] with { Documents = ["page.md"] }]).HeldOut())
            .FindFact([closed[0].Documents[^1][4..]], closed[0].Answers[0]));
    }
}
