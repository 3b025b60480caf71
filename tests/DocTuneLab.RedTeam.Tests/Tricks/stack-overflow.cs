// Overflows the stack.
// task: value
// first lock: Exception
// refused: no
return G(1); static int G(int i) => 1 + G(i + 1);
