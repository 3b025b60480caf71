using DocTuneLab.Notebooks.Formatting;
using DocTuneLab.Notebooks.Hosting;
using TorchSharp;

namespace DocTuneLab.Extension.Tests;

public sealed class TensorFormatTests
{
    public TensorFormatTests() => _ = new NotebookSession(new SessionOptions { Extensions = [new LabExtension()] });

    [Fact]
    public void A_tensor_says_its_shape_type_device_and_edges()
    {
        using var scope = torch.NewDisposeScope();
        Assert.Equal("tensor 10, int64, cpu\n           0           1           2           3           …           6           "
            + "7           8           9", Plain(torch.arange(10)));
        Assert.Equal("tensor scalar, float64, cpu, requires grad\n         3.5", Plain(torch.tensor(3.5, requires_grad: true)));
        Assert.Equal("tensor 2 x 1 x 2, bfloat16, cpu; [0, :, :] =\n           1           1",
            Plain(torch.ones(2, 1, 2, dtype: torch.bfloat16)));
        Assert.Equal("tensor 0 x 3, float32, cpu", Plain(torch.zeros(0, 3)));
        Assert.Contains("<td style=\"text-align:right\">true</td>",
            ValueFormatter.Format(torch.tensor(new[] { true }))["text/html"]!.GetValue<string>());
        // 9 x 9 of a large one, whatever its size.
        Assert.Equal(81, ValueFormatter.Format(torch.zeros(1000, 1000))["text/html"]!.GetValue<string>().Split("<td").Length - 1);
    }

    [Fact]
    public void A_tensor_that_is_disposed_of_says_so()
    {
        var tensor = torch.zeros(2);
        tensor.Dispose();
        Assert.Equal("tensor (disposed of)", Plain(tensor));
    }

    private static string Plain(object value) => ValueFormatter.Format(value)["text/plain"]!.GetValue<string>();
}
