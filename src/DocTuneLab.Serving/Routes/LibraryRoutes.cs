using DocTuneLab.Library;
using DocTuneLab.Prompts;
using DocTuneLab.Serving.Knowledge;
using DocTuneLab.Serving.Limits;
using DocTuneLab.Serving.Models;
using DocTuneLab.Serving.Protocol;
using DocTuneLab.Storage;
using Microsoft.AspNetCore.Http;
using ApiException = DocTuneLab.Serving.Protocol.ApiException;

namespace DocTuneLab.Serving.Routes;

/// <summary>What the page asks beside the protocol, below <c>/lab</c>: what is served, the compiler's verdict on an answer, a prompt as the
/// model reads it, and votes.</summary>
/// <param name="answering">What is served.</param>
/// <param name="known">The library; null where none is known.</param>
/// <param name="votes">Keeps votes; null where nobody does.</param>
internal sealed class LibraryRoutes(Answering answering, LibraryKnowledge? known, Action<AnswerVote>? votes)
{
    private const int LongestText = 65_536;

    private readonly LibraryPrompt _library = new(known);

    private readonly CodeCheck? _check = known is null ? null : new(known.Judge, known.Api);

    /// <summary><c>GET /lab</c>.</summary>
    public IResult Show() => Results.Json(new ServedLab(known?.Name, known?.Search is not null, votes is not null,
        answering.Models.Names, answering.Models.Default), ApiJson.Options);

    /// <summary><c>POST /lab/wording</c>: a question as the model was trained to be asked.</summary>
    public async Task<IResult> WordAsync(HttpContext http)
    {
        var request = await ApiJson.ReadAsync<WordingRequest>(http.Request, http.RequestAborted);
        if (request.Question is not { Length: > 0 and <= LongestText } question)
            throw ApiException.Invalid("question", $"'question' must be text of at most {LongestText} characters.");
        if (request.Signature is { Length: > LongestText })
            throw ApiException.Invalid("signature", $"'signature' must be text of at most {LongestText} characters.");
        var turns = (known?.Wording ?? QuestionWording.Default).Ask(question, request.Signature, "", known?.Name ?? "");
        return Results.Json(new WordedQuestion([.. turns.Select(m => new WordedTurn(m.Role, m.Content))]), ApiJson.Options);
    }

    /// <summary><c>POST /lab/check</c>.</summary>
    public async Task<IResult> CheckAsync(HttpContext http)
    {
        var request = await ApiJson.ReadAsync<CheckRequest>(http.Request, http.RequestAborted);
        var check = _check ?? throw ApiException.Unsupported("answer", "this server knows no library: start it with --lab DIR or "
            + "--assembly DLL.");
        if (request.Answer is not { Length: <= LongestText } answer)
            throw ApiException.Invalid("answer", $"'answer' must be text of at most {LongestText} characters.");
        if (request.Question is { Length: > LongestText })
            throw ApiException.Invalid("question", $"'question' must be text of at most {LongestText} characters.");
        var blocks = await answering.WithinAsync(() => check.Answer(answer, request.Question), http.RequestAborted);
        return Results.Json(new CheckAnswer([.. blocks.Select(b => new CheckedBlock(b.Code, b.Compiles, b.Invented,
            [.. b.Faults.Select(f => new CheckedFault(f.Line, f.Message, f.Nearest))]))]), ApiJson.Options);
    }

    /// <summary><c>POST /lab/prompt</c>.</summary>
    public async Task<IResult> PromptAsync(HttpContext http)
    {
        var request = await ApiJson.ReadAsync<PromptRequest>(http.Request, http.RequestAborted);
        var (turns, sources) = _library.WithPages(request.Messages ?? [], request.Docs);
        var ids = ChatPrompt.Of(answering.Models, turns, null);
        return Results.Json(new PromptAnswer(answering.Models.Base.Tokenizer.Decode(ids, skipSpecialTokens: false), ids.Count,
            PromptSource.Of(sources)), ApiJson.Options);
    }

    /// <summary><c>POST /lab/votes</c>.</summary>
    public async Task<IResult> VoteAsync(HttpContext http)
    {
        var request = await ApiJson.ReadAsync<VoteRequest>(http.Request, http.RequestAborted);
        var keep = votes ?? throw ApiException.Unsupported("vote", "this server keeps no votes: start it with --lab DIR.");
        if (request.Vote is not ("up" or "down")) throw ApiException.Invalid("vote", "'vote' must be up or down.");
        if (request is not { Question.Length: <= LongestText, Answer.Length: <= LongestText })
            throw ApiException.Invalid("answer", $"'question' and 'answer' must be texts of at most {LongestText} characters.");
        var name = Sampling.NameOf(answering.Models, request.Model);
        if (!answering.Models.TryGet(name, out _)) throw Sampling.Unknown(name);
        var arm = name + (request.Docs == true ? "+docs" : "") + (request.Guided == true ? "+compiler" : "");
        IReadOnlyList<CheckedCode> code = _check is null ? []
            : await answering.WithinAsync(() => _check.Answer(request.Answer, request.Question), http.RequestAborted);
        keep(new(arm, request.Question, request.Answer, request.Vote == "up", [.. code.Select(b => b.Compiles)]));
        return Results.Json(new { status = "kept" }, ApiJson.Options);
    }
}
