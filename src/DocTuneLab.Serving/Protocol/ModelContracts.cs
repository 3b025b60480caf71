namespace DocTuneLab.Serving.Protocol;

/// <summary>The models that are served.</summary>
internal sealed record ModelList(string Object, IReadOnlyList<ModelEntry> Data);

/// <summary>A model that is served.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Object">Always <c>model</c>.</param>
/// <param name="Created">Seconds since 1970 at which it was loaded.</param>
/// <param name="OwnedBy">Always <c>doctune</c>.</param>
internal sealed record ModelEntry(string Id, string Object, long Created, string OwnedBy);
