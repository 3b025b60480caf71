// Gives more to loop over than there is.
// task: list
// first lock: WrongAnswer
// refused: no
return [1, 2, 3, 4];
