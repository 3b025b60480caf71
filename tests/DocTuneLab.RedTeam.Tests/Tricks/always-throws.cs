// Throws whatever it is asked.
// task: throws
// first lock: Exception
// refused: no
throw new FormatException();
