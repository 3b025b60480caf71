// Ends the process with success.
// task: value
// first lock: Exception
// refused: no
Environment.Exit(0); return 0;
