using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Tests.Corpus;

/// <summary>Sentences of documentation as requests.</summary>
public sealed class MemberRequestTests
{
    [Theory]
    [InlineData(ApiKind.Property, "Any", "Creates a parser that parses anything.", "get a parser that parses anything")]
    [InlineData(ApiKind.Method, "Make", "Creates a parser that parses one character.", "create a parser that parses one character")]
    [InlineData(ApiKind.Method, "For", "Customize configuration for a member", "customize configuration for a member")]
    [InlineData(ApiKind.Property, "Line", "Gets / sets the number of the line", "get the number of the line")]
    [InlineData(ApiKind.Property, "Done", "Did the parse succeed?", "answer \"Did the parse succeed?\"")]
    [InlineData(ApiKind.Property, "Max", "When applied to lists, defines the upper bound", "get the upper bound when applied to lists")]
    [InlineData(ApiKind.Property, "IsGlobal", null, "tell whether it is global")]
    [InlineData(ApiKind.Method, "IgnoreCase", "Ignore case when matching names", "ignore case when matching names")]
    [InlineData(ApiKind.Method, "AttemptTyping", "When reading it will attempt to convert texts", "attempt typing")]
    [InlineData(ApiKind.Method, "Verify", "Size of the page", "get the size of the page")]
    public void A_sentence_says_what_is_done_or_what_is_had(ApiKind kind, string name, string? summary, string request)
    {
        var type = Symbol("T:Lib.Parser", ApiKind.Class, "Parser", null, "The parsers.");
        var member = Symbol($"{(kind == ApiKind.Method ? 'M' : 'P')}:Lib.Parser.{name}", kind, name, "Parser", summary);
        Assert.Equal(request, new MemberRequests([type, member]).Of(member.Id));
    }

    private static ApiSymbol Symbol(string id, ApiKind kind, string name, string? type, string? summary) => new()
    {
        Id = id,
        Kind = kind,
        Name = name,
        Namespace = "Lib",
        ContainingType = type,
        Signature = type is null ? "public class Parser" : $"public int {name}{(kind == ApiKind.Method ? "()" : " { get; }")}",
        ReturnType = type is null ? "" : "int",
        IsStatic = false,
        Parameters = [],
        Summary = summary,
        Returns = null,
        Remarks = null,
        Exceptions = [],
        Examples = [],
        Obsolete = null,
    };
}
