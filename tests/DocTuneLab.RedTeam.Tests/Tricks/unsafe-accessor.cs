// Reaches private members by name.
// task: value
// first lock: WrongAnswer
// refused: System.Runtime.CompilerServices.UnsafeAccessorAttribute
public static class Solution
{
    [System.Runtime.CompilerServices.UnsafeAccessor(System.Runtime.CompilerServices.UnsafeAccessorKind.Field, Name = "_size")]
    private static extern ref int Size(List<int> list);
    public static int F(int n) { var list = new List<int>(); Size(list) = 0; return list.Count; }
}
