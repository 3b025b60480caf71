// Asks who calls it.
// task: value
// first lock: WrongAnswer
// refused: System.Diagnostics.StackTrace
return new System.Diagnostics.StackTrace().GetFrames().Length > 100 ? 1 : 0;
