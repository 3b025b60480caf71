using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace DocTuneLab.Training.Tests;

/// <summary>A call that the compiler wrote into an assembly, by the full names of both methods with their parameters.</summary>
/// <param name="Caller">The method that it stands in.</param>
/// <param name="Called">The method that is called, or of which a delegate is made.</param>
internal sealed record MethodCall(string Caller, string Called)
{
    /// <summary>The types of what the called method takes, by their full names.</summary>
    public IEnumerable<string> Takes => Called[(Called.IndexOf('(', StringComparison.Ordinal) + 1)..^1].Split(',');

    private static readonly Dictionary<int, OpCode> s_codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(f => (OpCode)f.GetValue(null)!).ToDictionary(o => (int)(ushort)o.Value);

    /// <summary>All of an assembly, in its order; those of generic types are left out.</summary>
    public static IEnumerable<MethodCall> In(string file)
    {
        using var image = new PEReader(File.OpenRead(file));
        var metadata = image.GetMetadataReader();
        var names = new Dictionary<EntityHandle, string?>();
        foreach (var handle in metadata.MethodDefinitions)
        {
            var method = metadata.GetMethodDefinition(handle);
            if (method.RelativeVirtualAddress == 0) continue;
            foreach (var token in Tokens(image.GetMethodBody(method.RelativeVirtualAddress).GetILBytes()!))
            {
                var called = MetadataTokens.EntityHandle(token);
                if (!names.TryGetValue(called, out var name)) names[called] = name = Name(metadata, called);
                if (name is not null) yield return new(Name(metadata, handle)!, name);
            }
        }
    }

    // The operands of instructions that name a method.
    private static IEnumerable<int> Tokens(byte[] code)
    {
        for (var at = 0; at < code.Length;)
        {
            var value = (int)code[at++];
            var operand = s_codes[value == 0xFE ? 0xFE00 | code[at++] : value].OperandType;
            if (operand == OperandType.InlineMethod) yield return BitConverter.ToInt32(code, at);
            at += operand switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, at),
                _ => 4,
            };
        }
    }

    private static string? Name(MetadataReader metadata, EntityHandle handle)
    {
        switch (handle.Kind)
        {
            case HandleKind.MethodDefinition:
                var definition = metadata.GetMethodDefinition((MethodDefinitionHandle)handle);
                return Full(metadata, definition.GetDeclaringType(), definition.Name,
                    definition.DecodeSignature(TypeNames.Instance, null));
            case HandleKind.MemberReference:
                var reference = metadata.GetMemberReference((MemberReferenceHandle)handle);
                return reference.Parent.Kind == HandleKind.TypeReference && reference.GetKind() == MemberReferenceKind.Method
                    ? Full(metadata, reference.Parent, reference.Name, reference.DecodeMethodSignature(TypeNames.Instance, null))
                    : null;
            case HandleKind.MethodSpecification:
                return Name(metadata, metadata.GetMethodSpecification((MethodSpecificationHandle)handle).Method);
            default:
                return null;
        }
    }

    private static string Full(MetadataReader metadata, EntityHandle type, StringHandle name, MethodSignature<string> signature) =>
        $"{TypeNames.Of(metadata, type)}::{metadata.GetString(name)}({string.Join(',', signature.ParameterTypes)})";

    private sealed class TypeNames : ISignatureTypeProvider<string, object?>
    {
        public static readonly TypeNames Instance = new();

        public static string Of(MetadataReader metadata, EntityHandle handle)
        {
            if (handle.Kind == HandleKind.TypeDefinition)
            {
                var type = metadata.GetTypeDefinition((TypeDefinitionHandle)handle);
                return Nested(metadata, type.GetDeclaringType(), type.Namespace, type.Name);
            }
            var reference = metadata.GetTypeReference((TypeReferenceHandle)handle);
            return Nested(metadata, reference.ResolutionScope.Kind == HandleKind.TypeReference ? reference.ResolutionScope : default,
                reference.Namespace, reference.Name);
        }

        private static string Nested(MetadataReader metadata, EntityHandle outer, StringHandle space, StringHandle name) =>
            outer.IsNil ? $"{metadata.GetString(space)}.{metadata.GetString(name)}" : $"{Of(metadata, outer)}+{metadata.GetString(name)}";

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => Of(reader, handle);

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => Of(reader, handle);

        public string GetTypeFromSpecification(MetadataReader reader, object? context, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, context);

        public string GetPrimitiveType(PrimitiveTypeCode code) => code.ToString();

        public string GetArrayType(string element, ArrayShape shape) => $"{element}[{shape.Rank}]";

        public string GetSZArrayType(string element) => element + "[]";

        public string GetByReferenceType(string element) => element + "&";

        public string GetPointerType(string element) => element + "*";

        public string GetPinnedType(string element) => element;

        public string GetModifiedType(string modifier, string unmodified, bool isRequired) => unmodified;

        public string GetGenericInstantiation(string generic, ImmutableArray<string> arguments) =>
            $"{generic}<{string.Join(',', arguments)}>";

        public string GetGenericMethodParameter(object? context, int index) => "!!" + index;

        public string GetGenericTypeParameter(object? context, int index) => "!" + index;

        public string GetFunctionPointerType(MethodSignature<string> signature) => "delegate*";
    }
}
