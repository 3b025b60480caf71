// Gives a value that is nested without an end.
// task: object
// first lock: WrongAnswer
// refused: no
public class Node { public object? Next; }
public static class Solution
{
    public static object F(int n) { var all = new Node(); for (var i = 0; i < 100_000; i++) all = new Node { Next = all }; return all; }
}
