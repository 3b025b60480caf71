// Prints the runtime's own message on standard error and ends.
// task: value
// first lock: Exception
// refused: no
Console.Error.WriteLine("You must install or update .NET to run this application.");
Environment.Exit(150);
return 0;
