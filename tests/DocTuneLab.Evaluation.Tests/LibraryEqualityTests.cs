using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>What a type itself calls equal is equal, though it holds different things and comes from two processes.</summary>
public sealed class LibraryEqualityTests : IDisposable
{
    private static readonly Lazy<ReferenceSet> s_library = new(() => ReferenceSet.Load(TinyLibrary.Compile("Spans", """
        using System;
        using System.Collections.Generic;
        namespace Spans;
        public enum Unit { Metre, Mile }
        public sealed class Span : IEquatable<Span>
        {
            private readonly double amount; private readonly Unit unit; private readonly List<string> notes = new() { "made" };
            private Span(double amount, Unit unit) => (this.amount, this.unit) = (amount, unit);
            public static Span Metres(double amount) => new(amount, Unit.Metre);
            public static Span Miles(double amount) => new(amount, Unit.Mile);
            public double InMetres => unit == Unit.Mile ? amount * 1609.344 : amount;
            public bool Equals(Span? other) => other is not null && Math.Abs(InMetres - other.InMetres) < 1e-9;
            public override bool Equals(object? other) => Equals(other as Span);
            public override int GetHashCode() => 0;
            public override string ToString() => InMetres + " m";
        }
        public readonly record struct Walk(Span Length, int Steps);
        public sealed class Plain { public int Value { get; init; } }
        """)));

    private readonly Sandbox _sandbox = new(s_library.Value, new() { AllowUntrustedCode = true, AllowWithoutIsolation = true });

    public void Dispose() => _sandbox.Dispose();

    [Theory]
    [InlineData("Span", "Span.Miles(1)", "Span.Metres(1609.344)", true)]
    [InlineData("Span", "Span.Miles(1)", "Span.Metres(1609)", false)]
    [InlineData("Walk", "new Walk(Span.Miles(1), 3)", "new Walk(Span.Metres(1609.344), 3)", true)]
    [InlineData("Walk", "new Walk(Span.Miles(1), 3)", "new Walk(Span.Metres(1609.344), 4)", false)]
    [InlineData("List<Span>", "[Span.Miles(1), Span.Miles(2)]", "[Span.Miles(1), Span.Metres(3218.688)]", true)]
    [InlineData("Dictionary<string, Span>", "new() { [\"a\"] = Span.Miles(1) }", "new() { [\"a\"] = Span.Metres(1609.344) }", true)]
    [InlineData("Plain", "new Plain { Value = 1 }", "new Plain { Value = 1 }", true)]
    [InlineData("Plain", "new Plain { Value = 1 }", "new Plain { Value = 2 }", false)]
    [InlineData("IPAddress", "IPAddress.Parse(\"10.0.0.1\")", "Spoken(IPAddress.Parse(\"10.0.0.1\"))", true)]
    [InlineData("IPAddress", "IPAddress.Parse(\"10.0.0.1\")", "Spoken(IPAddress.Parse(\"10.0.0.2\"))", false)]
    [InlineData("IPAddress", "IPAddress.Parse(\"127.0.0.1\")", "IPAddress.Loopback", true)]
    public void A_types_own_equality_counts(string type, string reference, string answer, bool same)
    {
        // An address that has said what it is keeps its text.
        string Unit(string value) => $"using System.Collections.Generic;\nusing System.Net;\nusing Spans;\n"
            + $"public static class Solution {{ public static {type} F() => {value};"
            + " static IPAddress Spoken(IPAddress a) { _ = a.ToString(); return a; } }";
        var result = _sandbox.Run(new(Unit(answer), ["System.Net", "Spans"],
            [$"{type} wanted = {reference}; Check.Equal(wanted, Solution.F());"], Unit(reference)));
        Assert.True(result.Status == (same ? ExecutionStatus.Pass : ExecutionStatus.WrongAnswer), result.ToString());
    }
}
