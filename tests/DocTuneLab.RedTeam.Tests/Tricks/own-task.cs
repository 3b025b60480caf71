// Declares types by names that the tests use.
// task: value
// first lock: WrongAnswer
// refused: no
public class Task { public static Task CompletedTask => new(); }
public class Exception { }
public static class Enumerable { }
public static class Solution { public static int F(int n) => 0; }
