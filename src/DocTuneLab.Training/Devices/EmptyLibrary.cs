using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace DocTuneLab.Training.Devices;

/// <summary>
/// A shared library of Linux that holds nothing but its name (SONAME). Once it is loaded, glibc gives it to whoever asks for that name, and
/// where the name is a path, opens no file there.
/// </summary>
internal static class EmptyLibrary
{
    private const int Header = 64, Segment = 56, Dynamic = Header + 3 * Segment, Hash = Dynamic + 7 * 16, Symbols = Hash + 16,
        Strings = Symbols + 24;

    /// <summary>The bytes of the ELF file, for the processor of this process.</summary>
    public static byte[] Named(string soname)
    {
        var name = Encoding.UTF8.GetBytes(soname);
        var file = new byte[Strings + name.Length + 2];
        void Put(int at, params ReadOnlySpan<ulong> values)
        {
            foreach (var value in values) BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan((at += 8) - 8), value);
        }

        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(file); // 64 bits, little-endian
        // a shared library; segments follow the header
        Put(16, 3 | (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 183UL : 62UL) << 16 | 1UL << 32, 0, Header, 0);
        Put(48, (ulong)Header << 32 | (ulong)Segment << 48, 3); // sizes of headers, number of segments
        // Type and rights (read and write: nothing in it is run, so it loads from where programs may not); offset, address, address; sizes;
        // alignment to the largest pages there are.
        Put(Header, 1 | 6UL << 32, 0, 0, 0, (ulong)file.Length, (ulong)file.Length, 0x10000);
        Put(Header + Segment, 2 | 6UL << 32, Dynamic, Dynamic, Dynamic, Hash - Dynamic, Hash - Dynamic, 8);
        Put(Header + 2 * Segment, 0x6474e551 | 6UL << 32, 0, 0, 0, 0, 0, 16); // a stack that is not executable
        // SONAME, STRTAB, SYMTAB, STRSZ, SYMENT, HASH
        Put(Dynamic, 14, 1, 5, Strings, 6, Symbols, 10, (ulong)name.Length + 2, 11, 24, 4, Hash);
        Put(Hash, 1 | 1UL << 32, 0); // one bucket, one symbol: the empty one
        name.CopyTo(file, Strings + 1);
        return file;
    }
}
