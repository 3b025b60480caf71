// Gives nothing to loop over.
// task: list
// first lock: WrongAnswer
// refused: no
return [];
