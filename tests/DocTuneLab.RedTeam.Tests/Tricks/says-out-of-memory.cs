// Prints that memory ran out and ends.
// task: value
// first lock: Exception
// refused: no
Console.Error.WriteLine("Out of memory.\nOutOfMemoryException\nStack overflow.");
Environment.Exit(134);
return 0;
