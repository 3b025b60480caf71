namespace DocTuneLab.Architecture.Tests;

public class CyclesTests
{
    [Fact]
    public void An_order_has_no_cycle() => Assert.Empty(Cycles.Shortest([("A", "B"), ("B", "C"), ("A", "C"), ("A", "A")]));

    [Fact]
    public void The_shortest_way_round_a_knot_is_given() =>
        Assert.Equal([["C", "D"]], Cycles.Shortest([("A", "B"), ("B", "C"), ("C", "D"), ("D", "C"), ("D", "A"), ("E", "A")]));

    [Fact]
    public void Every_knot_is_given_once() =>
        Assert.Equal([["A", "B", "C"], ["X", "Y"]], Cycles.Shortest(
            [("A", "B"), ("B", "C"), ("C", "A"), ("C", "X"), ("X", "Y"), ("Y", "X")]));
}
