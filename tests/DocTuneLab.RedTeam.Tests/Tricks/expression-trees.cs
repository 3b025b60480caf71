// Calls by name through an expression.
// task: value
// first lock: WrongAnswer
// refused: System.Linq.Expressions.Expression.Call
var call = System.Linq.Expressions.Expression.Call(typeof(Environment), "get_TickCount", null);
return System.Linq.Expressions.Expression.Lambda<Func<int>>(call).Compile()() * 0;
