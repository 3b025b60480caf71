using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Simd;

/// <summary>A tensor's memory as the kernels see it.</summary>
internal static unsafe class TensorMemory
{
    /// <summary>Address of the first element of a float32 tensor on the CPU.</summary>
    public static float* Pointer(this Tensor tensor)
    {
        if (tensor.dtype != ScalarType.Float32) throw new ArgumentException($"a kernel needs float32, not {tensor.dtype}", nameof(tensor));
        return (float*)tensor.Address();
    }

    /// <summary>Address of the first element of a tensor on the CPU.</summary>
    public static void* Address(this Tensor tensor) =>
        tensor.device_type == TorchSharp.DeviceType.CPU
            ? (void*)Data(tensor.Handle)
            : throw new ArgumentException("a kernel needs a tensor on the CPU", nameof(tensor));

    /// <summary>Rows of a float32 matrix whose elements within a row are adjacent.</summary>
    public static RowSpan Rows(this Tensor matrix) => new(matrix.Pointer(), (int)matrix.size(0), (int)matrix.stride(0));

    [DllImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static extern nint Data(nint tensor);
}
