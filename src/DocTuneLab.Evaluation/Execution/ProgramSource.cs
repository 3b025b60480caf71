using System.Globalization;
using System.Text;
using DocTuneLab.Corpus;
using DocTuneLab.Evaluation.Extraction;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>A sample's method with calls of it, as source of a batch.</summary>
internal sealed class ProgramSource
{
    private readonly SampleProgram _program;
    private readonly MethodDeclarationSyntax _method;

    private ProgramSource(SampleProgram program, MethodDeclarationSyntax method) => (_program, _method) = (program, method);

    /// <summary>Reads a program; null with the reason where it cannot be called.</summary>
    public static ProgramSource? Of(SampleProgram program, out string why)
    {
        why = program.Arguments.Count == 0 ? "no example values" : "no method that can be called";
        var method = SyntaxFactory.ParseMemberDeclaration(program.Method, options: CodeExtractor.ParseOptions) as MethodDeclarationSyntax;
        return program.Arguments.Count == 0 || method is null || method.TypeParameterList is not null
            || program.Arguments.Any(a => a.Count != method.ParameterList.Parameters.Count)
            ? null
            : new(program, method);
    }

    // The child knows it by its type.
    private const string Unmade = "typeof(global::System.ArgumentException)";

    /// <summary>Name of the class of a program.</summary>
    public static string ClassOf(int index) => $"Program__{index.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>The class that lists all calls; a program that is left out has none.</summary>
    public static string List(string space, IReadOnlyList<ProgramSource> programs, Func<int, bool> leftOut)
    {
        const string Call = "global::System.Func<object?>[]";
        var text = new StringBuilder().Append("#nullable enable\nnamespace ").Append(space)
            .Append($" {{ public static class Programs {{ public static {Call}[] All() => new {Call}[]\n{{\n");
        for (var i = 0; i < programs.Count; i++)
        {
            var calls = leftOut(i) ? [] : Enumerable.Range(0, programs[i]._program.Arguments.Count).Select(n =>
                $"global::{ClassOf(i)}.Run__{n}");
            text.Append($"new {Call.Replace("[]", "", StringComparison.Ordinal)}[] {{ {string.Join(", ", calls)} }},\n");
        }
        return text.Append("}; } }\n").ToString();
    }

    /// <summary>Namespaces that it needs: programs of the same are compiled together.</summary>
    public string Usings => string.Concat(CSharpJudge.ImplicitUsings.Concat(_program.Usings).Distinct(StringComparer.Ordinal)
        .Select(space => $"global using {space};\n"));

    /// <summary>The compilation unit of the program at an index, but for its namespaces.</summary>
    public string Text(int index)
    {
        var text = new StringBuilder("#nullable enable\n");
        text.Append("public static class ").Append(ClassOf(index)).Append("\n{\n").Append(_program.Method).Append('\n');
        for (var n = 0; n < _program.Arguments.Count; n++) Append(text, n, _program.Arguments[n]);
        return text.Append("}\n").ToString();
    }

    private void Append(StringBuilder text, int number, IReadOnlyList<string> arguments)
    {
        text.Append(CultureInfo.InvariantCulture, $"public static object? Run__{number}()\n{{\n");
        var (declared, assigned) = (new StringBuilder(), new StringBuilder());
        var passed = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var parameter = _method.ParameterList.Parameters[i];
            declared.Append(CultureInfo.InvariantCulture, $"{parameter.Type} argument__{i};\n");
            assigned.Append(CultureInfo.InvariantCulture, $"argument__{i} = {arguments[i]};\n");
            var way = parameter.Modifiers.FirstOrDefault(m => m.Kind() is SyntaxKind.RefKeyword or SyntaxKind.InKeyword).Text;
            passed.Add($"{way} argument__{i}".TrimStart());
        }
        var call = $"{_method.Identifier.Text}({string.Join(", ", passed)})";
        var type = _method.ReturnType.ToString();
        var isAsync = type is "Task" or "ValueTask" || type.StartsWith("Task<", StringComparison.Ordinal)
            || type.StartsWith("ValueTask<", StringComparison.Ordinal);
        // Not awaited: state machines of hundreds of programs cost more than all else.
        if (isAsync) call += type.StartsWith("Value", StringComparison.Ordinal) ? ".AsTask().GetAwaiter().GetResult()"
            : ".GetAwaiter().GetResult()";
        // What goes wrong before the method is called is not the method's fault.
        if (arguments.Count > 0)
            text.Append(declared).Append("try\n{\n").Append(assigned).Append("}\ncatch (global::System.Exception)\n{\nreturn ").Append(
                Unmade)
                .Append(";\n}\n");
        text.Append(type is "void" or "Task" or "ValueTask" ? $"{call}; return true;\n}}\n" : $"return {call};\n}}\n");
    }
}
