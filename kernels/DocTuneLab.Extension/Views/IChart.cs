using System.Text.Json.Nodes;
using DocTuneLab.Experiments;

namespace DocTuneLab.Extension.Views;

/// <summary>A chart that <c>#!chart NAME</c> draws of what a lab holds; <see cref="Charts.All"/> lists them.</summary>
public interface IChart
{
    /// <summary>What stands behind <c>#!chart</c>: one word.</summary>
    string Name { get; }

    /// <summary>The figure as Plotly takes it: <c>data</c> and <c>layout</c>. <see cref="Charts.FigureOf"/> makes one of a chart of
    /// Plotly.NET.</summary>
    /// <param name="lab">The lab.</param>
    /// <exception cref="LabException">There is nothing to draw yet; the message says what to run first.</exception>
    JsonObject Draw(LabSession lab);
}
