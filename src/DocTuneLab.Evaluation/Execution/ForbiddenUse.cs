using System.Collections.Frozen;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>
/// The second lock: what an answer needs only to reach into its own process, found by the compiler's symbols. The first, that the process
/// holds nothing worth reaching, does not depend on it. What the task's reference itself uses is no sign of anything.
/// </summary>
internal static class ForbiddenUse
{
    private static readonly FrozenSet<string> s_namespaces = Set("System.Reflection", "System.Reflection.Emit",
        "System.Reflection.Metadata", "System.Reflection.PortableExecutable", "System.Runtime.Loader");

    private static readonly FrozenSet<string> s_types = Set(
        "System.AppDomain", "System.Activator", "System.RuntimeMethodHandle", "System.RuntimeFieldHandle", "System.RuntimeTypeHandle",
        "System.ModuleHandle", "System.Diagnostics.Process", "System.Diagnostics.ProcessStartInfo", "System.Diagnostics.StackTrace",
        "System.Diagnostics.StackFrame", "System.Runtime.CompilerServices.Unsafe",
        "System.Runtime.CompilerServices.UnsafeAccessorAttribute", "System.Runtime.CompilerServices.UnsafeAccessorTypeAttribute",
        "System.Runtime.CompilerServices.ModuleInitializerAttribute", "System.Runtime.InteropServices.Marshal",
        "System.Runtime.InteropServices.NativeLibrary", "System.Runtime.InteropServices.NativeMemory",
        "System.Runtime.InteropServices.GCHandle", "System.Runtime.InteropServices.DllImportAttribute",
        "System.Runtime.InteropServices.LibraryImportAttribute", "System.Runtime.InteropServices.UnmanagedCallersOnlyAttribute",
        "System.Runtime.InteropServices.FieldOffsetAttribute", "System.Runtime.InteropServices.PosixSignalRegistration");

    private static readonly FrozenSet<string> s_members = Set(
        "System.Environment.StackTrace", "System.Delegate.CreateDelegate", "System.Delegate.Target",
        "System.Runtime.InteropServices.MemoryMarshal.CreateSpan", "System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpan",
        "System.Runtime.InteropServices.MemoryMarshal.GetReference",
        "System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference",
        "System.Linq.Expressions.Expression.Call", "System.Linq.Expressions.Expression.Field",
        "System.Linq.Expressions.Expression.Property", "System.Linq.Expressions.Expression.PropertyOrField");

    // Of a type, an answer may ask what it is called and how it stands to others.
    private static readonly FrozenSet<string> s_ofType = Set("Name", "FullName", "Namespace", "ToString", "Equals", "GetHashCode",
        "IsAssignableFrom", "IsAssignableTo", "IsInstanceOfType", "IsSubclassOf", "IsEnum", "IsValueType", "IsClass", "IsInterface",
        "IsArray", "IsGenericType", "IsAbstract", "IsSealed", "IsPrimitive", "GetTypeCode", "EmptyTypes", "BaseType", "GetElementType",
        "GetEnumNames", "GetEnumValues", "GetGenericArguments", "GetGenericTypeDefinition", "GetInterfaces");

    private static readonly FrozenSet<string> s_dynamic = Set("Assembly", "Module", "Invoke", "InvokeMember", "GetMethod", "GetMethods",
        "GetField", "GetFields", "GetProperty", "GetProperties", "GetMember", "GetMembers", "GetConstructor", "GetConstructors", "Method",
        "GetValue", "SetValue", "TypeHandle", "TargetSite");

    /// <summary>Names of what <paramref name="tree"/> uses and may not, each once.</summary>
    /// <param name="compilation">Compilation that holds the tree.</param>
    /// <param name="tree">The answer.</param>
    /// <param name="checker">Name of the assembly that holds the checks.</param>
    public static IReadOnlyList<string> Find(CSharpCompilation compilation, SyntaxTree tree, string checker)
    {
        var model = compilation.GetSemanticModel(tree);
        List<string> found = [];
        foreach (var node in tree.GetRoot().DescendantNodes())
        {
            var use = node switch
            {
                SimpleNameSyntax name when !IsDirective(name) && !IsNamed(name) => Use(model, name, checker),
                LiteralExpressionSyntax or BinaryExpressionSyntax or InterpolatedStringExpressionSyntax when IsProc(model, node) => "/proc",
                InterpolatedStringTextSyntax text when text.TextToken.ValueText.StartsWith("/proc", StringComparison.Ordinal) => "/proc",
                _ => null,
            };
            if (use is not null && !found.Contains(use)) found.Add(use);
        }
        return found;
    }

    // A using directive alone reaches nothing.
    private static bool IsDirective(SimpleNameSyntax name) => name.FirstAncestorOrSelf<UsingDirectiveSyntax>() is not null;

    // Neither does a name that is only spelled out.
    private static bool IsNamed(SimpleNameSyntax name) => name.Ancestors().OfType<InvocationExpressionSyntax>()
        .Any(i => i.Expression is IdentifierNameSyntax { Identifier.Text: "nameof" });

    private static bool IsProc(SemanticModel model, SyntaxNode node) =>
        model.GetConstantValue(node) is { HasValue: true, Value: string text } && text.StartsWith("/proc", StringComparison.Ordinal);

    private static string? Use(SemanticModel model, SimpleNameSyntax name, string checker)
    {
        var info = model.GetSymbolInfo(name);
        var symbol = info.Symbol ?? info.CandidateSymbols.FirstOrDefault();
        if (symbol is null)
            return s_dynamic.Contains(name.Identifier.Text) && name.Parent is MemberAccessExpressionSyntax member && member.Name == name
                && model.GetTypeInfo(member.Expression).Type is IDynamicTypeSymbol ? $"dynamic.{name.Identifier.Text}" : null;
        if (symbol is INamespaceSymbol) return null;
        if (symbol.ContainingAssembly?.Name == checker) return "the checker";
        var type = (symbol as INamedTypeSymbol ?? symbol.ContainingType)?.OriginalDefinition;
        if (type is null || IsException(type)) return null;
        if (IsForbidden(type)) return IsNameOfType(symbol) ? null : Text(type);
        if (symbol is INamedTypeSymbol) return null;
        var full = $"{Text(type)}.{symbol.Name}";
        if (s_members.Contains(full)) return full;
        if (Text(type) == "System.Type" && symbol is not IMethodSymbol { MethodKind: MethodKind.UserDefinedOperator }
            && !s_ofType.Contains(symbol.Name)) return full;
        var gives = symbol switch
        {
            IMethodSymbol m => m.ReturnType,
            IPropertySymbol p => p.Type,
            IFieldSymbol f => f.Type,
            _ => null,
        };
        while (gives is IArrayTypeSymbol array) gives = array.ElementType;
        return gives is INamedTypeSymbol given && IsForbidden(given.OriginalDefinition) ? full : null;
    }

    // A type's Name is declared by its base in System.Reflection; how to come by another member is refused by itself.
    private static bool IsNameOfType(ISymbol symbol) => symbol is IPropertySymbol { Name: "Name", ContainingType.Name: "MemberInfo" };

    private static bool IsForbidden(INamedTypeSymbol type)
    {
        while (type.ContainingType is { } outer) type = outer;
        return s_namespaces.Contains(type.ContainingNamespace?.ToDisplayString() ?? "") || s_types.Contains(Text(type));
    }

    // To catch one reaches nothing.
    private static bool IsException(INamedTypeSymbol? type)
    {
        for (; type is not null; type = type.BaseType)
            if (Text(type) == "System.Exception") return true;
        return false;
    }

    private static string Text(INamedTypeSymbol type) =>
        $"{type.ContainingNamespace?.ToDisplayString()}.{type.Name}";

    private static FrozenSet<string> Set(params string[] names) => names.ToFrozenSet(StringComparer.Ordinal);
}
