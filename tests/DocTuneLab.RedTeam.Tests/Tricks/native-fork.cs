// Forks, so that two processes write one record. (A child of a process with many threads may hang on a lock that another one held.)
// task: value
// first lock: WrongAnswer or Exception or Timeout
// refused: System.Runtime.InteropServices.DllImportAttribute
public static class Native { [System.Runtime.InteropServices.DllImport("libc")] public static extern int fork(); }
public static class Solution { public static int F(int n) => Native.fork() == 0 ? 0 : 1; }
