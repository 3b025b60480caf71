// Takes one object for another.
// task: value
// first lock: WrongAnswer
// refused: System.Runtime.CompilerServices.Unsafe
object any = "41";
return System.Runtime.CompilerServices.Unsafe.As<object, int>(ref any);
