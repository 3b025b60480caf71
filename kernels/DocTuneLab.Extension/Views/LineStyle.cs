namespace DocTuneLab.Extension.Views;

/// <summary>How a line of a chart looks.</summary>
/// <param name="Colour">CSS colour.</param>
/// <param name="Width">Width in pixels. Default 2.</param>
/// <param name="Opacity">0 to 1. Default 1.</param>
/// <param name="Markers">Whether its points are marked. Default false.</param>
internal sealed record LineStyle(string Colour, double Width = 2, double Opacity = 1, bool Markers = false);
