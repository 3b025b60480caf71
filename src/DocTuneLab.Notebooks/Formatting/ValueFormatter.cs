using System.Collections;
using System.Data;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Html;
using Microsoft.DotNet.Interactive.Formatting;

namespace DocTuneLab.Notebooks.Formatting;

/// <summary>
/// Values to MIME bundles, through Microsoft.DotNet.Interactive.Formatting, so that a formatter registered for that host works here.
/// Ours replace its defaults where those are poor: sequences and objects become plain tables, and scalars text without HTML.
/// </summary>
public static class ValueFormatter
{
    /// <summary>MIME type of HTML.</summary>
    public const string Html = "text/html";

    /// <summary>MIME type of plain text.</summary>
    public const string Plain = "text/plain";

    static ValueFormatter()
    {
        Formatter.ListExpansionLimit = TableFormatter.MaxRows;
        Formatter.Register<object>((value, writer) => writer.Write(TableFormatter.Format(value)), Html);
        Formatter.Register<IEnumerable>((value, writer) => writer.Write(TableFormatter.Format(value)), Html);
        // Registered formatters come before the package's own, so these two would otherwise fall to the one for objects.
        Formatter.Register<IHtmlContent>((value, writer) => value.WriteTo(writer, HtmlEncoder.Default), Html);
        Formatter.Register<Exception>((value, writer) => writer.Write($"<pre>{WebUtility.HtmlEncode(value.ToString())}</pre>"), Html);
        Formatter.Register<DataTable>((value, writer) => writer.Write(TableFormatter.Format(value)), Html);
        Formatter.Register<DataTable>((value, writer) => writer.Write($"{value.Rows.Count} rows x {value.Columns.Count} columns"), Plain);
    }

    /// <summary>Shows values of type <typeparamref name="T"/>, and of types derived from it, with <paramref name="format"/>.</summary>
    public static void Register<T>(string mimeType, Func<T, string> format)
    {
        Formatter.Register<T>((value, writer) => writer.Write(format(value)), mimeType);
        if (mimeType is not (Html or Plain))
            Formatter.SetPreferredMimeTypesFor(typeof(T), mimeType, Html, Plain);
    }

    /// <summary>The MIME bundle of a value: always text/plain, and what else its formatters prefer.</summary>
    public static JsonObject Format(object? value)
    {
        if (value is null || IsScalar(value.GetType()))
            return new JsonObject { [Plain] = PlainText(value) };
        var bundle = new JsonObject();
        try
        {
            foreach (var mimeType in Formatter.GetPreferredMimeTypesFor(value.GetType()).Append(Plain).Distinct())
                bundle[mimeType] = ToNode(mimeType, value.ToDisplayString(mimeType));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // A getter or formatter that throws must not take the cell's result away.
            bundle[Plain] = $"{TableFormatter.TypeName(value.GetType())} (not shown: {exception.GetBaseException().Message})";
        }
        return bundle;
    }

    /// <summary>True for values that are shown as text alone.</summary>
    public static bool IsScalar(Type type) =>
        type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(decimal) || type == typeof(DateTime)
        || type == typeof(DateTimeOffset) || type == typeof(DateOnly) || type == typeof(TimeOnly) || type == typeof(TimeSpan)
        || type == typeof(Guid) || type == typeof(Half) || type == typeof(Int128) || type == typeof(System.Numerics.BigInteger)
        || type == typeof(Version) || type == typeof(Uri) || typeof(Type).IsAssignableFrom(type);

    /// <summary>Scalars in invariant culture.</summary>
    internal static string PlainText(object? value) => value switch
    {
        null => "null",
        Type type => TableFormatter.TypeName(type),
        string text => text,
        DateTime or DateTimeOffset => ((IFormattable)value).ToString("yyyy-MM-dd HH:mm:ssK", null),
        IFormattable formattable => formattable.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    internal static JsonObject ToJson(IReadOnlyDictionary<string, object>? data)
    {
        var result = new JsonObject();
        foreach (var (key, value) in data ?? new Dictionary<string, object>())
        {
            result[key] = value switch
            {
                JsonNode node => node.DeepClone(),
                byte[] bytes => Convert.ToBase64String(bytes),
                string text => ToNode(key, text),
                _ => System.Text.Json.JsonSerializer.SerializeToNode(value),
            };
        }
        return result;
    }

    private static JsonNode? ToNode(string mimeType, string text)
    {
        if (mimeType != "application/json" && !mimeType.EndsWith("+json", StringComparison.Ordinal))
            return JsonValue.Create(text);
        try
        {
            return JsonNode.Parse(text);
        }
        catch (System.Text.Json.JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}
