// Gives one truth value for everything.
// task: truth
// first lock: WrongAnswer
// refused: no
return true;
