namespace DocTuneLab.Notebooks.Cells;

/// <summary>Carries the exception that a cell's code threw.</summary>
internal sealed class ScriptFailure(Exception inner) : Exception(inner.Message, inner);
