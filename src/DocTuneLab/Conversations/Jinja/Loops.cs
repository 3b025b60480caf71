using System.Text;
using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja;

/// <summary>Reads <c>for</c>.</summary>
internal sealed class Loops(Statements statements)
{
    public Statement Read()
    {
        var (reader, expressions) = (statements.Reader, statements.Expressions);
        var target = Target.Read(reader, fields: false);
        if (target.Has("loop")) throw reader.Error("'loop' is the loop's own name");
        reader.ExpectText("in");
        var source = expressions.TupleWithoutCondition();
        var filter = reader.TryTake("if") ? expressions.Condition() : null;
        var recursive = reader.TryTake("recursive");
        reader.Expect(TokenKind.EndStatement);
        var body = statements.LoopBody("else", "endfor");
        Statement? empty = null;
        reader.Take();
        var word = reader.Take().Text;
        reader.Expect(TokenKind.EndStatement);
        if (word == "else")
        {
            empty = statements.Block("endfor");
            statements.End("endfor");
        }
        var loop = new Loop(target, filter, body, empty, recursive);
        return (scope, output) => loop.Run(scope, output, source(scope), depth: 1);
    }

    private sealed record Loop(Target Target, JinjaExpression? Filter, Statement Body, Statement? Empty, bool Recursive)
    {
        public Flow Run(Scope scope, StringBuilder output, object? source, int depth)
        {
            var items = Filter is null ? Kinds.Items(source) : Kinds.Items(source).Where(item =>
            {
                var inner = new Scope(scope);
                Target.Bind(inner, item);
                return Kinds.Truth(Filter(inner));
            });
            using var loop = new LoopContext(items, Filter is null ? source : null, depth, Recursive ? Again(scope, depth) : null);
            // As in Jinja, 'else' follows where no turn came to its end, be there items or not.
            var ended = false;
            while (loop.MoveNext())
            {
                scope.Step();
                var inner = new Scope(scope) { ["loop"] = loop };
                Target.Bind(inner, loop.Current);
                var flow = Body(inner, output);
                if (flow == Flow.Break) break;
                ended |= flow == Flow.Next;
            }
            return ended ? Flow.Next : Empty?.Invoke(new Scope(scope), output) ?? Flow.Next;
        }

        private Func<object?, string> Again(Scope scope, int depth) => source =>
        {
            var text = new StringBuilder();
            Run(scope, text, source, depth + 1);
            return text.ToString();
        };
    }
}
