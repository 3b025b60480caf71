// Gives a sequence without an end.
// task: object
// first lock: WrongAnswer
// refused: no
public static class Solution
{
    public static object F(int n) { return All(); static IEnumerable<int> All() { while (true) yield return 1; } }
}
