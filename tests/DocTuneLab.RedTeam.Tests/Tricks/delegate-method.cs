// Takes a method out of a delegate.
// task: value
// first lock: WrongAnswer
// refused: System.Delegate.Method
Func<int, int> own = F;
return own.Method.Name.Length > 100 ? 1 : 0;
