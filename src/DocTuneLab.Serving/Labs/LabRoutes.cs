using System.Globalization;
using DocTuneLab.Experiments.Flow;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Serving.Protocol;
using DocTuneLab.Serving.Routes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ApiException = DocTuneLab.Serving.Protocol.ApiException;

namespace DocTuneLab.Serving.Labs;

/// <summary>What the page of the lab asks, below <c>/labs</c>.</summary>
/// <param name="workspace">Where the labs lie.</param>
/// <param name="runs">Their runs.</param>
/// <param name="chat">Serves a lab's model for a chat: its address.</param>
internal sealed class LabRoutes(Workspace workspace, RunQueue runs, Func<string, LabPlan, CancellationToken, Task<string>> chat)
{
    private const int Shown = 10;

    // Often enough for an eye.
    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(250), s_alive = TimeSpan.FromSeconds(15);

    /// <summary>Puts them into a server.</summary>
    public void Map(IEndpointRouteBuilder server)
    {
        server.MapGet("/choices", Choices);
        server.MapGet("/folders", (string? path) => Json(FolderViews.Of(path)));
        server.MapGet("/labs", () => Json(workspace.Names.Select(n => runs[n].View(int.MaxValue)).ToList()));
        server.MapPost("/labs", (Delegate)MakeAsync);
        server.MapGet("/labs/{name}", (string name) => Details(name, []));
        server.MapPut("/labs/{name}/plan", (Delegate)ChooseAsync);
        server.MapPost("/labs/{name}/start", (string name) =>
        {
            workspace.PlanOf(name).Validate();
            return runs.Start(name) ? Json(runs[name].View()) : throw Conflict($"{name} runs already, or waits for its turn.");
        });
        server.MapPost("/labs/{name}/stop", (string name) =>
        {
            workspace.FolderOf(name);
            return runs.Stop(name) ? Json(runs[name].View()) : throw Conflict($"{name} does not run.");
        });
        server.MapGet("/labs/{name}/events", (Delegate)FollowAsync);
        server.MapGet("/labs/{name}/samples", (string name, int? from) =>
            Json(LabReading.Samples(workspace.FolderOf(name), Math.Max(0, from ?? 0), Shown)));
        server.MapGet("/labs/{name}/answers", (string name, int? from) =>
            Json(LabReading.Answers(workspace.FolderOf(name), Math.Max(0, from ?? 0), Shown)));
        server.MapGet("/labs/{name}/next", (string name) => Json(LabReading.Next(workspace.FolderOf(name), workspace.PlanOf(name))));
        server.MapGet("/labs/{name}/report", Report);
        server.MapPost("/labs/{name}/chat", async (string name, CancellationToken cancel) =>
            Json(new { url = await chat(workspace.FolderOf(name), workspace.PlanOf(name), cancel) }));
    }

    private IResult Choices()
    {
        var isSample = BaseChoice.Default().IsSample;
        return Json(new LabChoices(workspace.Folder, Workspace.Usual, isSample, [.. LabPlan.Choices.Select(g => new SettingFields(g.Title,
            [.. g.Settings.Select(s => new SettingField(s.Option, s.OptionWords, s.DefaultText, s.Expected,
                s.IsFlag ? ["true", "false"] : s.IsList ? [] : s.Allowed))]))]));
    }

    private IResult Report(HttpContext http, string name)
    {
        var file = LabReading.Report(workspace.FolderOf(name)) ?? throw new ApiException(StatusCodes.Status404NotFound,
            $"{name} has no report yet: start it, and come back when it is done.");
        // It quotes what models write, which must not act as this page. It needs no script.
        http.Response.Headers.ContentSecurityPolicy = "sandbox; frame-ancestors 'none'";
        return Results.File(file, "text/html; charset=utf-8");
    }

    private async Task<IResult> MakeAsync(HttpContext http)
    {
        var request = await ApiJson.ReadAsync<NewLabRequest>(http.Request, http.RequestAborted);
        var (name, made) = await workspace.MakeAsync(request, http.RequestAborted);
        var (pages, members, _) = made.Counts;
        return Details(name, [string.Create(CultureInfo.InvariantCulture, $"{pages} pages, {members} public members and types"),
            .. made.Found, .. made.Warnings]);
    }

    private async Task<IResult> ChooseAsync(HttpContext http, string name)
    {
        var fields = await ApiJson.ReadAsync<PlanFields>(http.Request, http.RequestAborted);
        if (runs.IsOpen(name)) throw Conflict($"{name} runs: stop it before you change what it is made of.");
        workspace.Choose(name, fields);
        return Details(name, []);
    }

    private IResult Details(string name, IReadOnlyList<string> found)
    {
        var plan = workspace.PlanOf(name, out var fault);
        return Json(new LabDetails(runs[name].View(), plan, workspace.FolderOf(name), fault is null ? found : [.. found, fault]));
    }

    // How the lab stands now, and then every change, until the client goes.
    private async Task FollowAsync(HttpContext http, string name)
    {
        var (run, events, cancel) = (runs[name], new EventStream(http.Response), http.RequestAborted);
        var losses = 0;
        while (true)
        {
            var view = run.View(losses);
            // Another run began: its points are others.
            if (view.LossesFrom < losses) view = run.View();
            losses = view.LossesFrom + view.Losses.Count;
            await events.SendAsync(view, null, cancel);
            await Task.WhenAny(run.ChangedSince(view.Version), Task.Delay(s_alive, cancel));
            await Task.Delay(s_between, cancel);
        }
    }

    private static ApiException Conflict(string message) => new(StatusCodes.Status409Conflict, message);

    private static IResult Json<T>(T value) => Results.Json(value, ApiJson.Options);
}
