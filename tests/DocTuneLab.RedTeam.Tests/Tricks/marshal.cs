// Writes to memory through the marshaller.
// task: value
// first lock: WrongAnswer
// refused: System.Runtime.InteropServices.Marshal
var memory = System.Runtime.InteropServices.Marshal.AllocHGlobal(64);
for (var i = 0; i < 64; i++) System.Runtime.InteropServices.Marshal.WriteByte(memory, i, 1);
return System.Runtime.InteropServices.Marshal.ReadInt32(memory);
