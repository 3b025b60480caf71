// Changes what the test gave it, so that the test compares it with itself.
// task: argument
// first lock: WrongAnswer
// refused: no
values.Clear(); return values;
