// Ends the process at once.
// task: value
// first lock: Exception
// refused: no
Environment.FailFast("Out of memory."); return 0;
