// Gives a value that no record can hold.
// task: object
// first lock: WrongAnswer
// refused: no
return new string('x', 20_000_000);
