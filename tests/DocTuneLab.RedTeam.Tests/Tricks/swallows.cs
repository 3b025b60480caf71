// Catches whatever its callers throw at it.
// task: value
// first lock: WrongAnswer
// refused: no
try { return 0; } catch { return 0; } finally { try { throw new Exception(); } catch { } }
