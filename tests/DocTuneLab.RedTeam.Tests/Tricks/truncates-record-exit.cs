// Empties the record and ends, so that the run seems never to have begun.
// task: value
// first lock: Exception
// refused: no
using (var file = new FileStream("report", FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) file.SetLength(0);
Environment.Exit(1);
return 0;
