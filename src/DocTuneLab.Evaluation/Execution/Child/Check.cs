// Compiled into the child program, not into this assembly: what the hidden tests' checks become in the process of an answer. Nothing here
// knows what is right: each call only writes down what it was given, and the parent compares. The namespace is replaced by a drawn name.
#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;

namespace DocTuneLab.Sandbox;

/// <summary>Ends the tests where a check that must give an exception caught none.</summary>
public sealed class NothingToGiveException : Exception;

public static class Check
{
    internal static TraceFile Trace = null!;

    /// <summary>Says which hidden test comes next; written before each by the harness.</summary>
    public static void At(int step) => Trace.At(step);

    // Without the expected value: all that the process of an answer holds.

    public static void Value(int site, object? actual) => Trace.Check(site, CheckKind.Value, w => w.Value(actual));

    /// <summary>Gives a collection expression its type.</summary>
    public static void Value<T>(int site, IEnumerable<T>? actual) => Value(site, (object?)actual);

    public static void Thrown(int site, Action action) => Trace.Check(site, CheckKind.Thrown, w => w.Thrown(Caught(action)));

    [OverloadResolutionPriority(-1)]
    public static void Thrown(int site, Func<object?> function) => Thrown(site, () => { function(); });

    // An async lambda must not become async void, whose exception would escape every check.
    [OverloadResolutionPriority(1)]
    public static void Thrown(int site, Func<Task> action) => ThrownAsync(site, action).GetAwaiter().GetResult();

    public static async Task ThrownAsync(int site, Func<Task> action)
    {
        var caught = await CaughtAsync(action);
        Trace.Check(site, CheckKind.Thrown, w => w.Thrown(caught));
    }

    // With the expected value: for the reference, and where it cannot be told without the answer.

    public static void Equal(int site, object? expected, object? actual, double tolerance = 0) => Trace.Check(site, CheckKind.Equal, w =>
    {
        w.Value(expected);
        w.Value(actual);
        w.Double(tolerance);
    });

    public static void Equal<T>(int site, IEnumerable<T>? expected, IEnumerable<T>? actual, double tolerance = 0) =>
        Equal(site, (object?)expected, (object?)actual, tolerance);

    public static void NotEqual(int site, object? expected, object? actual) => Trace.Check(site, CheckKind.NotEqual, w =>
    {
        w.Value(expected);
        w.Value(actual);
    });

    public static void True(int site, bool condition, string? message = null) => Condition(site, true, condition, message);

    public static void False(int site, bool condition, string? message = null) => Condition(site, false, condition, message);

    public static T Throws<T>(int site, Action action) where T : Exception => Given<T>(site, Caught(action));

    [OverloadResolutionPriority(-1)]
    public static T Throws<T>(int site, Func<object?> function) where T : Exception => Throws<T>(site, () => { function(); });

    [OverloadResolutionPriority(1)]
    public static T Throws<T>(int site, Func<Task> action) where T : Exception => ThrowsAsync<T>(site, action).GetAwaiter().GetResult();

    public static async Task<T> ThrowsAsync<T>(int site, Func<Task> action) where T : Exception =>
        Given<T>(site, await CaughtAsync(action));

    private static void Condition(int site, bool expected, bool actual, string? message) => Trace.Check(site, CheckKind.Condition, w =>
    {
        w.Value(expected);
        w.Value(actual);
        w.Text(message ?? "");
    });

    private static T Given<T>(int site, Exception? caught) where T : Exception
    {
        Trace.Check(site, CheckKind.Throws, w =>
        {
            w.Text(TreeWriter.Name(typeof(T)));
            w.Thrown(caught);
        });
        return caught as T ?? throw new NothingToGiveException();
    }

    private static Exception? Caught(Action action)
    {
        try { action(); }
        catch (Exception e) when (e is not (NothingToGiveException or TraceFullException)) { return e; }
        return null;
    }

    private static async Task<Exception?> CaughtAsync(Func<Task> action)
    {
        try { await action(); }
        catch (Exception e) when (e is not (NothingToGiveException or TraceFullException)) { return e; }
        return null;
    }
}
