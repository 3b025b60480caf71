using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja.Library;

/// <summary>What <c>x.name</c>, <c>x[key]</c> and <c>x[a:b]</c> are, by Jinja's rules over Python's types.</summary>
internal static class Members
{
    /// <summary><c>x.name</c>: a member of the type comes before a field of a mapping.</summary>
    public static object? Attribute(object? target, string name)
    {
        RequireDefined(target, name);
        return TryMember(target, name, out var member) ? member
            : target is JinjaMap map && map.TryGet(name, out var field) ? field
            : new Undefined(name);
    }

    /// <summary><c>x[key]</c>: a field or element comes before a member of the type.</summary>
    public static object? Item(object? target, object? key)
    {
        RequireDefined(target, key);
        if (target is JinjaMap map && key is not (List<object?> or JinjaMap) && map.TryGet(key, out var field)) return field;
        if (key is bool or long && TryElement(target, Numbers.Integer(key), out var element)) return element;
        if (Kinds.IsText(key) && TryMember(target, PythonText.Of(key), out var member)) return member;
        return new Undefined(key is string or long ? PythonText.Of(key) : Kinds.Of(key));
    }

    /// <summary><c>x[from:to:step]</c>.</summary>
    public static object? Slice(object? target, object? from, object? to, object? step)
    {
        RequireDefined(target, "slice");
        var items = target switch
        {
            string or List<object?> or JinjaTuple or JinjaRange => Kinds.Items(target).ToList(),
            Markup => throw Refusal.Of("a part of text that is marked safe is not supported"),
            _ => throw Refusal.Of($"{Kinds.Of(target)} has no parts [a:b]"),
        };
        var stride = step is null ? 1 : Numbers.Integer(step);
        if (stride == 0) throw Refusal.Of("a slice has the step 0");
        long Bound(object? at, long fallback) =>
            at is null ? fallback
                : Math.Clamp(Numbers.Integer(at) < 0 ? Numbers.Integer(at) + items.Count : Numbers.Integer(at),
                    stride > 0 ? 0 : -1, stride > 0 ? items.Count : items.Count - 1);
        var (first, last) = (Bound(from, stride > 0 ? 0 : items.Count - 1), Bound(to, stride > 0 ? items.Count : -1));
        var result = new List<object?>();
        for (var i = first; stride > 0 ? i < last : i > last; i += stride) result.Add(items[(int)i]);
        return target switch
        {
            string => string.Concat(result),
            JinjaTuple => new JinjaTuple(result),
            JinjaRange range => new JinjaRange(range.Start + first * range.Step, range.Start + last * range.Step, range.Step * stride),
            _ => result,
        };
    }

    /// <summary>A method or field of the value's type.</summary>
    /// <exception cref="LabException">It has the member, but templates may not use it, or it is not supported.</exception>
    public static bool TryMember(object? target, string name, out object? member)
    {
        if (name.StartsWith("__", StringComparison.Ordinal)) throw Refusal.Of($"'{name}' of {Kinds.Of(target)} may not be read");
        member = null;
        switch (target)
        {
            case Namespace space: return space.Fields.TryGet(name, out member);
            case IJinjaObject thing: return thing.TryGet(name, out member);
            case JinjaFunction function: return function.Fields.TryGet(name, out member);
            case JinjaTuple tuple when tuple.TryGet(name, out member): return true;
            case JinjaRange range when name is "start" or "stop" or "step":
                member = name == "start" ? range.Start : name == "stop" ? range.Stop : range.Step;
                return true;
        }
        var (methods, refused) = MethodTable.Of(target);
        if (refused.Contains(name)) throw Refusal.Of($"'{name}' of {Kinds.Of(target)} is not supported");
        if (!methods.TryGetValue(name, out var method)) return false;
        member = new JinjaFunction(name, call => method.Apply($"{name}()", target, call));
        return true;
    }

    private static bool TryElement(object? target, long at, out object? element)
    {
        element = null;
        if (target is not (string or Markup or List<object?> or JinjaTuple or JinjaRange)) return false;
        var count = Kinds.Count(target);
        if (at < 0) at += count;
        if (at < 0 || at >= count) return false;
        element = target switch
        {
            IReadOnlyList<object?> list => list[(int)at],
            JinjaRange range => range.Start + at * range.Step,
            Markup m => new Markup((string)Kinds.Items(m.Text).ElementAt((int)at)!),
            _ => Kinds.Items(target).ElementAt((int)at),
        };
        return true;
    }

    private static void RequireDefined(object? target, object? key)
    {
        if (target is Undefined u) throw Refusal.Of($"'{u.Name}' is undefined, so it has no {PythonText.Representation(key)}");
    }
}
