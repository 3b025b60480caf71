// Throws in its static constructor.
// task: value
// first lock: Exception
// refused: no
public static class Solution
{
    static Solution() { Environment.ExitCode = 0; throw new InvalidOperationException("x"); }
    public static int F(int n) => 0;
}
