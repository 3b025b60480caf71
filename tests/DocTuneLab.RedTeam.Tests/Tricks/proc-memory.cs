// Reads and writes its own memory as a file.
// task: value
// first lock: WrongAnswer
// refused: /proc
try
{
    using var memory = new FileStream("/proc/self/mem", FileMode.Open, FileAccess.ReadWrite);
    var text = System.Text.Encoding.ASCII.GetBytes("Check");
    foreach (var line in File.ReadLines("/proc/self/maps").Where(l => l.Contains("rw-p")).Take(50))
    {
        var range = line.Split(' ')[0].Split('-').Select(p => Convert.ToInt64(p, 16)).ToArray();
        if (range[0] < 0 || range[1] - range[0] > 1 << 20) continue;
        memory.Position = range[0];
        var bytes = new byte[range[1] - range[0]];
        if (memory.Read(bytes) > 0 && bytes.AsSpan().IndexOf(text) >= 0) return 1;
    }
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException) { }
return 0;
