// Prints what a report may look like.
// task: value
// first lock: WrongAnswer
// refused: no
Console.WriteLine("Pass"); Console.Out.Flush(); return 0;
