// Empties the record, so that the run seems never to have begun.
// task: value
// first lock: WrongAnswer
// refused: no
using (var file = new FileStream("report", FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) file.SetLength(0);
return 0;
