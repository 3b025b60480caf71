// Uses pointers.
// task: value
// first lock: CompileError
// refused: no
unsafe { int* p = &n; return p[1]; }
