namespace DocTuneLab.Tests;

public sealed class RegistryTests
{
    private sealed record Part(string Name, int Version = 1);

    private readonly Registry<Part> _parts = new("part", p => p.Name, [new("one"), new("two")]);

    [Fact]
    public void What_is_added_stands_behind_what_ships_and_is_found_by_name()
    {
        _parts.Add(new("three"));
        Assert.Equal(["one", "two", "three"], _parts.Names);
        Assert.Equal("three", _parts["three"].Name);
        Assert.Null(_parts.Find("four"));
        Assert.Equal("part 'four' is unknown; expected one, two, three", Assert.Throws<LabException>(() => _parts["four"]).Message);
    }

    [Fact]
    public void A_cell_that_adds_a_part_can_be_run_again()
    {
        _parts.Add(new("three"));
        _parts.Add(new("three", 2));
        Assert.Equal(2, _parts["three"].Version);
        Assert.Equal(3, _parts.All.Count);
    }

    [Fact]
    public void What_ships_is_not_replaced_and_a_part_has_a_name()
    {
        Assert.Equal("there is a part 'one' already, and it ships; give yours another name",
            Assert.Throws<LabException>(() => _parts.Add(new("one", 2))).Message);
        Assert.Equal("the part Part has no name; expected a short one that no other part has",
            Assert.Throws<LabException>(() => _parts.Add(new(" "))).Message);
        Assert.Equal(1, _parts["one"].Version);
    }
}
