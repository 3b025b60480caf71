using System.Collections;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
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

    private const int MaxText = 50_000;

    private static readonly JsonSerializerOptions s_indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping
    };

    static ValueFormatter() => Install();

    /// <summary>
    /// Makes the values that nobody registered a formatter for look as they do here wherever the package is asked for them.
    /// Its registered formatters come before its own ones, so these two stand for everything else.
    /// </summary>
    private static void Install()
    {
        foreach (var (mimeType, text) in new (string, Func<object, string>)[]
        {
            (Html, value => HtmlView.Of(ValueReader.Read(value)) ?? WebUtility.HtmlEncode(TextView.Of(ValueReader.Read(value)))),
            (Plain, value => TextView.Of(ValueReader.Read(value)))
        })
        {
            Formatter.Register<object>((value, writer) => writer.Write(text(value)), mimeType);
            Formatter.Register<IEnumerable>((value, writer) => writer.Write(text(value)), mimeType);
        }
        Formatter.Register<IHtmlContent>((value, writer) => value.WriteTo(writer, HtmlEncoder.Default), Html);
        Formatter.Register<Mark>((_, writer) => writer.Write(nameof(Mark)), Html);
    }

    // A type that nobody else registers a formatter for: what it looks like says whether ours still stand.
    private sealed class Mark;

    /// <summary>Whether someone registered a formatter for values of this type.</summary>
    internal static bool HasOwnFormatter(Type type, string mimeType)
    {
        var formatter = Formatter.GetPreferredFormatterFor(type, mimeType).Type;
        return formatter != typeof(object) && formatter != typeof(IEnumerable);
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
            return new JsonObject { [Plain] = Limited(PlainText(value)) };
        try
        {
            return Image(value) ?? Bundle(value, value.GetType());
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or ThreadInterruptedException))
        {
            // A formatter that throws must not take the cell's result away.
            return new JsonObject { [Plain] = $"{ClrNames.Of(value.GetType())} (not shown: {exception.GetBaseException().Message})" };
        }
    }

    private static JsonObject Bundle(object value, Type type)
    {
        // Formatter.ResetToDefault(), which cells may call, takes away these, too.
        if (new Mark().ToDisplayString(Html) != nameof(Mark))
            Install();
        var bundle = new JsonObject();
        var own = Formatter.GetPreferredMimeTypesFor(type)
            .Where(mimeType => mimeType is not (Html or Plain) || HasOwnFormatter(type, mimeType))
            .ToList();
        foreach (var mimeType in own)
            bundle[mimeType] = ToNode(mimeType, value.ToDisplayString(mimeType));
        if (HasOwnFormatter(type, Plain))
            bundle[Plain] = value.ToDisplayString(Plain);
        if (bundle.ContainsKey(Plain) && bundle.Count > 1)
            return bundle;
        if (ValueReader.Json(value) is { } json)
        {
            bundle["application/json"] = json.DeepClone();
            bundle[Plain] = Limited(json.ToJsonString(s_indented));
            return bundle;
        }
        var tree = ValueReader.Read(value);
        if ((bundle.Count == 0 || value is Exception && !bundle.ContainsKey(Html))
            && (value is Exception error ? ErrorHtml(error) : HtmlView.Of(tree)) is { } html)
            bundle[Html] = html;
        bundle[Plain] ??= Limited(value is Exception ? value.ToString()! : TextView.Of(tree));
        return bundle;
    }

    private static string ErrorHtml(Exception exception)
    {
        var html = new StringBuilder();
        for (var current = exception; current is not null; current = current.InnerException)
            html.Append("<p>").Append(current == exception ? "" : "caused by ").Append("<strong>").Append(WebUtility.HtmlEncode(
                ClrNames.Of(current.GetType()))).Append("</strong>: ").Append(WebUtility.HtmlEncode(current.Message)).Append("</p>");
        if (exception.StackTrace is { } trace)
            html.Append("<details><summary>where</summary><pre>").Append(WebUtility.HtmlEncode(trace)).Append("</pre></details>");
        return html.ToString();
    }

    // The pictures that browsers show, by the bytes that they begin with.
    private static JsonObject? Image(object value)
    {
        var mimeType = value switch
        {
            byte[] and [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => "image/png",
            byte[] and [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
            byte[] and [(byte)'G', (byte)'I', (byte)'F', (byte)'8', ..] => "image/gif",
            byte[] and [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] =>
                "image/webp",
            _ => null,
        };
        return mimeType is null
            ? null
            : new JsonObject
            {
                [mimeType] = Convert.ToBase64String((byte[])value),
                [Plain] = $"picture ({mimeType}, {((byte[])value).Length:N0} bytes)"
            };
    }

    /// <summary>A value in exactly the forms that are asked for.</summary>
    public static JsonObject Format(object? value, IEnumerable<string> mimeTypes)
    {
        ArgumentNullException.ThrowIfNull(mimeTypes);
        return new JsonObject(mimeTypes.Distinct()
            .Select(mimeType => KeyValuePair.Create(mimeType, ToNode(mimeType, value is null ? "null" : value.ToDisplayString(mimeType)))));
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
        Type type => ClrNames.Of(type),
        string text => text,
        DateTime or DateTimeOffset => ((IFormattable)value).ToString("yyyy-MM-dd HH:mm:ssK", CultureInfo.InvariantCulture),
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        TimeOnly time => time.ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    // What is longer is no longer read, but makes notebooks and pages slow. Printed text is not limited.
    private static string Limited(string text) =>
        text.Length <= MaxText ? text : $"{text[..MaxText]}\n… {text.Length - MaxText:N0} more characters";

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
                _ => JsonSerializer.SerializeToNode(value),
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
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}
