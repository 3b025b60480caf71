using System.Text;
using DocTuneLab.Conversations.Jinja.Library;

namespace DocTuneLab.Conversations.Jinja;

/// <summary>
/// Jinja (its documentation's template designer reference) as transformers sets it up for chat templates. What is not supported
/// is refused with its line, when the template is read or when it comes to it: a conversation rendered almost right would train
/// and ask a model wrongly.
/// </summary>
internal sealed class JinjaTemplate
{
    private readonly Statement _body;

    /// <exception cref="LabException">The template is not understood; the message names the line.</exception>
    public JinjaTemplate(string source) => _body = new Statements(new JinjaReader(JinjaLexer.Read(source))).Whole();

    /// <summary>The text that the template makes of these values.</summary>
    public string Render(IReadOnlyDictionary<string, object?> values)
    {
        var scope = new Scope(null);
        foreach (var (name, value) in GlobalTable.All) scope[name] = value;
        foreach (var (name, value) in values) scope[name] = value;
        var output = new StringBuilder();
        _body(new Scope(scope), output);
        return output.ToString();
    }
}
