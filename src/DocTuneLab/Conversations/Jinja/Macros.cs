using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja;

/// <summary>Reads <c>macro</c> and <c>call</c>.</summary>
internal sealed class Macros(Statements statements)
{
    public Statement Macro()
    {
        statements.Reader.Expect(TokenKind.Name, out var name);
        var parameters = Parameters();
        statements.Reader.Expect(TokenKind.EndStatement);
        var macro = Read(name, parameters, "endmacro");
        return Statements.Always((scope, _) => scope[name] = macro.In(scope));
    }

    public Statement Call()
    {
        var parameters = statements.Reader.Current.Is("(") ? Parameters() : [];
        Body? body = null;
        var call = statements.Expressions.Operands.CallWith(scope => body!.In(scope));
        statements.Reader.Expect(TokenKind.EndStatement);
        body = Read("caller", parameters, "endcall");
        return Statements.Always((scope, output) => output.Append(PythonText.Of(call(scope))));
    }

    /// <summary>Marks what is trained on in some templates: a call without values.</summary>
    public Statement Generation()
    {
        statements.Reader.Expect(TokenKind.EndStatement);
        var body = Read("caller", [], "endgeneration");
        return Statements.Always((scope, output) => output.Append(PythonText.Of(body.In(scope).Call(CallArguments.Of()))));
    }

    private List<(string Name, JinjaExpression? Default)> Parameters()
    {
        var reader = statements.Reader;
        reader.ExpectText("(");
        var parameters = new List<(string Name, JinjaExpression? Default)>();
        while (!reader.TryTake(")"))
        {
            reader.Expect(TokenKind.Name, out var name);
            var value = reader.TryTake("=") ? statements.Expressions.Condition() : null;
            if (value is null && parameters.Exists(p => p.Default is not null))
                throw reader.Error($"'{name}' stands after what has a default");
            parameters.Add((name, value));
            if (!reader.Current.Is(")")) reader.ExpectText(",");
        }
        return parameters;
    }

    private Body Read(string name, List<(string Name, JinjaExpression? Default)> parameters, string end)
    {
        Func<Scope, string>? text = null;
        var names = statements.Expressions.Operands.NamesWithin(() => text = statements.Text(end));
        return new Body(name, parameters, text!, names);
    }

    /// <summary>What a macro does. It takes more values than it names only where it speaks of <c>varargs</c>, <c>kwargs</c> or
    /// <c>caller</c>.</summary>
    private sealed record Body(
        string Name, List<(string Name, JinjaExpression? Default)> Parameters, Func<Scope, string> Text, HashSet<string> Names)
    {
        public JinjaFunction In(Scope scope) => new(Name, call => Call(scope, call), $"<Macro '{Name}'>")
        {
            Fields = Json.Map(
            [
                ("name", Name),
                ("arguments", new JinjaTuple([.. Parameters.Select(p => (object?)p.Name)])),
                ("catch_varargs", Takes("varargs")),
                ("catch_kwargs", Takes("kwargs")),
                ("caller", Takes("caller")),
            ]),
        };

        private bool Takes(string name) => Names.Contains(name) && !Parameters.Exists(p => p.Name == name);

        private string Call(Scope scope, CallArguments call)
        {
            var (inner, rest) = (new Scope(scope), new Dictionary<string, object?>(call.Named));
            for (var i = 0; i < Parameters.Count; i++)
            {
                var (name, otherwise) = Parameters[i];
                if (i < call.Positional.Count) inner[name] = call.Positional[i];
                else if (rest.Remove(name, out var value)) inner[name] = value;
                else inner[name] = otherwise is null ? new Undefined(name) : otherwise(inner);
            }
            if (Takes("caller")) inner["caller"] = rest.Remove("caller", out var caller) ? caller : new Undefined("caller");
            if (Takes("kwargs")) inner["kwargs"] = Json.Map(rest.Select(r => (r.Key, r.Value)));
            else if (rest.Count > 0) throw Refusal.Of($"the macro '{Name}' takes no '{rest.Keys.First()}' here");
            var more = call.Positional.Skip(Parameters.Count).ToList();
            if (Takes("varargs")) inner["varargs"] = new JinjaTuple(more);
            else if (more.Count > 0)
                throw Refusal.Of($"the macro '{Name}' takes at most {Parameters.Count} values, not {call.Positional.Count}");
            return Text(inner);
        }
    }
}
