// Starts a program that outlives it.
// task: value
// first lock: WrongAnswer
// refused: System.Diagnostics.Process
try { System.Diagnostics.Process.Start("/bin/sh", ["-c", "sleep 1; echo Pass > report"]); } catch (Exception) { }
return 0;
