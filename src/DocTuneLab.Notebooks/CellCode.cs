using System.CommandLine;

namespace DocTuneLab.Notebooks;

/// <summary>A piece of a cell in one language, to be run.</summary>
public sealed class CellCode
{
    private readonly ParseResult? _arguments;

    internal CellCode(string text, string label, int firstLine, ParseResult? arguments)
    {
        (Text, Label, FirstLine) = (text, label, firstLine);
        this._arguments = arguments;
    }

    /// <summary>The code, without the line that names the language.</summary>
    public string Text { get; }

    /// <summary>Name of the cell in traces, for example <c>cell 3</c>.</summary>
    public string Label { get; }

    /// <summary>Line in the cell where <see cref="Text"/> starts, from 1.</summary>
    public int FirstLine { get; }

    /// <summary>Value of an option that <see cref="ICellLanguage.Configure"/> declared, or its default.</summary>
    public T? GetValue<T>(Option<T> option) => _arguments is null ? default : _arguments.GetValue(option);

    /// <summary>Value of an argument that <see cref="ICellLanguage.Configure"/> declared, or its default.</summary>
    public T? GetValue<T>(Argument<T> argument) => _arguments is null ? default : _arguments.GetValue(argument);
}

/// <summary>The value of the last expression of some code, which may be null.</summary>
public sealed record CellValue(object? Value);

/// <summary>A variable of a language.</summary>
/// <param name="Name">Its name, as code in the language says it.</param>
/// <param name="Type">Its declared type, or that of its value.</param>
/// <param name="Value">Its value now.</param>
public sealed record CellVariable(string Name, Type Type, object? Value);
