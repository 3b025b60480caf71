using static TorchSharp.torch;

namespace DocTuneLab.Training.Checkpoints;

/// <summary>A file of tensors by the names that checkpoints of Hugging Face have.</summary>
internal interface ITensorFile : IDisposable
{
    /// <summary>The file.</summary>
    string Path { get; }

    /// <summary>Tensors by name; of one in blocks the type is that of what is read.</summary>
    IReadOnlyDictionary<string, TensorEntry> Entries { get; }

    /// <summary>All files, where there are several.</summary>
    IReadOnlyList<string> Paths { get; }

    /// <summary>Whether a tensor is stored in blocks.</summary>
    bool IsInBlocks(string name);

    /// <summary>Where a tensor's bytes lie.</summary>
    (string Path, long Begin, long Length) Place(string name);

    /// <summary>Name of a tensor in the file itself, there or not.</summary>
    string OwnName(string name);

    /// <summary>Copies a tensor out of the file; one in blocks as numbers in float32.</summary>
    /// <exception cref="LabException">There is no tensor of that name, or its shape is not the expected one.</exception>
    Tensor Read(string name, long[]? expectedShape = null);

    /// <summary>Copies a tensor in blocks out of the file as it is; null where it is not in blocks.</summary>
    /// <exception cref="LabException">Its shape is not the expected one.</exception>
    BlockMatrix? ReadBlocks(string name, long[] expectedShape);
}
