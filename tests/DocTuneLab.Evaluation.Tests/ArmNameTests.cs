using DocTuneLab.Evaluation.Results;
using DocTuneLab.Library.Guidance;

namespace DocTuneLab.Evaluation.Tests;

public sealed class ArmNameTests
{
    [Theory]
    [InlineData("tuned", "tuned", false, null, "tuned")]
    [InlineData("tuned+docs+compiler", "tuned", true, "compiler", "tuned+docs")]
    [InlineData("base+names", "base", false, "names", "base")]
    [InlineData("my+model", "my+model", false, null, "my+model")]
    [InlineData("compiler", "compiler", false, null, "compiler")]
    [InlineData("my+model+docs", "my+model", true, null, "my+model+docs")]
    [InlineData("my+names+v2", "my+names+v2", false, null, "my+names+v2")]
    [InlineData("tuned+compiler (earlier)", "tuned", false, "compiler", "tuned (earlier)")]
    public void A_name_tells_the_model_from_what_is_added(string arm, string model, bool hasDocuments, string? guided, string unguided)
    {
        var name = ArmName.Of(arm);
        Assert.Equal((model, hasDocuments, guided, unguided), (name.Model, name.HasDocuments, name.Guided?.Name, name.Unguided));
    }

    [Fact]
    public void An_arm_is_guided_in_one_way() => Assert.Contains("not by both",
        Assert.Throws<LabException>(() => ArmName.Of("tuned+compiler+names")).Message);

    [Fact]
    public void Arms_of_an_ablation_look_at_one_thing_more_each_and_the_last_at_what_the_settings_say()
    {
        var layers = GuidedArm.All.Select(g => g.Layers ?? GuideLayers.All).ToList();
        Assert.All(layers.Zip(layers.Skip(1)), pair =>
        {
            Assert.Equal(pair.First, pair.First & pair.Second);
            Assert.True(System.Numerics.BitOperations.IsPow2((uint)(pair.Second & ~pair.First)));
        });
        Assert.Equal(GuideLayers.All, layers[^1]);
        Assert.Null(GuidedArm.All[^1].Layers);
    }
}
