// Compiled into the child program, not into this assembly: the asserts that hidden tests call.
#nullable enable
using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;

namespace DocTuneLab.Sandbox;

public sealed class CheckFailedException : Exception
{
    public CheckFailedException(string message) : base(message) { }
}

public static class Check
{
    internal static int Step;
    internal static int Passed;
    internal static string? FirstFailure;

    /// <summary>Says which hidden test comes next; written before each by the harness.</summary>
    public static void At(int step) => Step = step;

    public static void True(bool condition, string? message = null)
    {
        if (!condition) Fail(message ?? "expected true");
        Passed++;
    }

    public static void False(bool condition, string? message = null) => True(!condition, message ?? "expected false");

    /// <summary>Structural equality: sequences by element, dictionaries by key, sets by content, tuples and records by member,
    /// numbers by value.</summary>
    public static void Equal(object? expected, object? actual, double tolerance = 0)
    {
        if (!Same(expected, actual, tolerance, 0)) Fail($"expected {Show(expected)}, got {Show(actual)}");
        Passed++;
    }

    public static void Equal<T>(IEnumerable<T>? expected, IEnumerable<T>? actual, double tolerance = 0) =>
        Equal((object?)expected, (object?)actual, tolerance);

    public static void NotEqual(object? expected, object? actual)
    {
        if (Same(expected, actual, 0, 0)) Fail($"expected anything but {Show(actual)}");
        Passed++;
    }

    public static T Throws<T>(Action action) where T : Exception
    {
        try { action(); }
        catch (T e) { Passed++; return e; }
        catch (Exception e) when (e is not CheckFailedException) { Fail($"expected {typeof(T).Name}, got {e.GetType().Name}"); }
        Fail($"expected {typeof(T).Name}, nothing was thrown");
        throw null!;
    }

    [OverloadResolutionPriority(-1)]
    public static T Throws<T>(Func<object?> function) where T : Exception => Throws<T>(() => { function(); });

    // An async lambda must not become async void, whose exception would escape every check.
    [OverloadResolutionPriority(1)]
    public static T Throws<T>(Func<Task> action) where T : Exception => ThrowsAsync<T>(action).GetAwaiter().GetResult();

    public static async Task<T> ThrowsAsync<T>(Func<Task> action) where T : Exception
    {
        try { await action(); }
        catch (T e) { Passed++; return e; }
        catch (Exception e) when (e is not CheckFailedException) { Fail($"expected {typeof(T).Name}, got {e.GetType().Name}"); }
        Fail($"expected {typeof(T).Name}, nothing was thrown");
        throw null!;
    }

    private static void Fail(string message)
    {
        // Kept, so that code under test which swallows exceptions cannot swallow a failed check.
        FirstFailure ??= message;
        throw new CheckFailedException(message);
    }

    private static bool Same(object? a, object? b, double tolerance, int depth)
    {
        if (ReferenceEquals(a, b)) return true;
        if (a is null || b is null || depth > 32) return false;
        if (IsNumber(a) && IsNumber(b)) return SameNumber(a, b, tolerance);
        if (a is string || b is string) return a.Equals(b);
        if (a is IDictionary da && b is IDictionary db)
            return da.Count == db.Count && da.Keys.Cast<object>().All(k => db.Contains(k) && Same(da[k], db[k], tolerance, depth + 1));
        if (IsSet(a) || IsSet(b)) return a is IEnumerable ua && b is IEnumerable ub && SameContent(ua, ub, tolerance, depth);
        if (a is IEnumerable sa && b is IEnumerable sb) return SameSequence(sa, sb, tolerance, depth);
        if (a is ITuple ta && b is ITuple tb)
            return ta.Length == tb.Length && Enumerable.Range(0, ta.Length).All(i => Same(ta[i], tb[i], tolerance, depth + 1));
        if (a.Equals(b)) return true;
        // A record with a list in it, or an anonymous object: its own Equals compares the list by reference.
        return a.GetType() == b.GetType() && IsRecord(a.GetType())
            && a.GetType().GetProperties().Where(p => p.GetIndexParameters().Length == 0).All(p =>
                Same(p.GetValue(a), p.GetValue(b), tolerance, depth + 1));
    }

    private static bool IsNumber(object o) =>
        o is sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal;

    private static bool SameNumber(object a, object b, double tolerance)
    {
        if (a is float or double || b is float or double || tolerance > 0)
        {
            double x = Convert.ToDouble(a), y = Convert.ToDouble(b);
            return x.Equals(y) || Math.Abs(x - y) <= tolerance;
        }
        return Convert.ToDecimal(a) == Convert.ToDecimal(b);
    }

    private static bool IsSet(object o) => o.GetType().GetInterfaces().Any(i => i.IsGenericType
        && (i.GetGenericTypeDefinition() == typeof(ISet<>) || i.GetGenericTypeDefinition() == typeof(IReadOnlySet<>)));

    private static bool IsRecord(
        Type type) => type.GetMethod("<Clone>$") is not null || type.Name.StartsWith("<>f__AnonymousType", StringComparison.Ordinal)
        || (type.IsValueType
            && type.GetMethod("PrintMembers",
                System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic) is not null);

    private static bool SameSequence(IEnumerable a, IEnumerable b, double tolerance, int depth)
    {
        var x = a.GetEnumerator();
        var y = b.GetEnumerator();
        while (true)
        {
            var more = x.MoveNext();
            if (more != y.MoveNext()) return false;
            if (!more) return true;
            if (!Same(x.Current, y.Current, tolerance, depth + 1)) return false;
        }
    }

    private static bool SameContent(IEnumerable a, IEnumerable b, double tolerance, int depth)
    {
        var rest = b.Cast<object?>().ToList();
        foreach (var x in a)
        {
            var at = rest.FindIndex(y => Same(x, y, tolerance, depth + 1));
            if (at < 0) return false;
            rest.RemoveAt(at);
        }
        return rest.Count == 0;
    }

    private static string Show(object? value)
    {
        var text = value switch
        {
            null => "null",
            string s => $"\"{s}\"",
            IFormattable f => f.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
            IEnumerable e => "[" + string.Join(", ", e.Cast<object?>().Take(20).Select(Show)) + "]",
            _ => value.ToString() ?? "",
        };
        return text.Length > 200 ? text[..200] + "…" : text;
    }
}
