namespace DocTuneLab.Conversations;

/// <summary>A turn of a conversation.</summary>
/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">Its text.</param>
public sealed record Message(string Role, string Content)
{
    /// <summary>A user turn.</summary>
    public static Message User(string content) => new("user", content);

    /// <summary>An assistant turn.</summary>
    public static Message Assistant(string content) => new("assistant", content);
}
