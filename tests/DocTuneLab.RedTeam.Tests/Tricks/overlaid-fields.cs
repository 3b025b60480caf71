// Takes one object for another through fields at one place.
// task: value
// first lock: WrongAnswer
// refused: System.Runtime.InteropServices.FieldOffsetAttribute
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Explicit)]
public struct Two
{
    [System.Runtime.InteropServices.FieldOffset(0)] public object Any;
    [System.Runtime.InteropServices.FieldOffset(0)] public int[] Numbers;
}
public static class Solution { public static int F(int n) => new Two { Any = new object() }.Numbers?.Length > 0 ? 1 : 0; }
