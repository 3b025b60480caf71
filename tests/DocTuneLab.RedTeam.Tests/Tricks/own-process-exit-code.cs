// Sets the exit code of success and throws elsewhere.
// task: value
// first lock: WrongAnswer
// refused: no
Environment.ExitCode = 0;
ThreadPool.QueueUserWorkItem(_ => { });
return 0;
