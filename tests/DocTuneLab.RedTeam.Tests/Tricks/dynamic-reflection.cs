// Reflects without naming reflection.
// task: value
// first lock: WrongAnswer
// refused: dynamic.Assembly
dynamic type = typeof(Solution);
return type.Assembly.GetTypes().Length > 100 ? 1 : 0;
