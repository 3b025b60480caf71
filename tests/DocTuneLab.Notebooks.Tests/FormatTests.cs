using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Formats;

namespace DocTuneLab.Notebooks.Tests;

public sealed class FormatTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("doctune-formats").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // As Jupyter 6 and 7 write it: sorted keys, one space, non-ASCII text as it is.
    private const string Jupyter = """
        {
         "cells": [
          {
           "attachments": {
            "a.png": {
             "image/png": "AAAA"
            }
           },
           "cell_type": "markdown",
           "id": "one",
           "metadata": {
            "custom": {
             "z": 1.0,
             "é": [
              true,
              null
             ]
            }
           },
           "source": [
            "# Title 😀\n",
            "text"
           ]
          },
          {
           "cell_type": "code",
           "execution_count": 3,
           "id": "two",
           "metadata": {
            "tags": [
             "parameters"
            ]
           },
           "outputs": [
            {
             "name": "stdout",
             "output_type": "stream",
             "text": [
              "a\n",
              "b\u001b[0m\n"
             ]
            },
            {
             "data": {
              "application/json": [
               1,
               2
              ],
              "image/png": "AAAA\n",
              "text/html": [
               "<p>\n",
               "</p>"
              ]
             },
             "execution_count": 3,
             "metadata": {},
             "output_type": "execute_result"
            }
           ],
           "source": [
            "1"
           ]
          },
          {
           "cell_type": "code",
           "execution_count": null,
           "id": "three",
           "metadata": {},
           "outputs": [],
           "source": []
          }
         ],
         "metadata": {
          "kernelspec": {
           "display_name": ".NET (C#)",
           "language": "C#",
           "name": ".net-csharp"
          },
          "language_info": {
           "name": "C#"
          },
          "unknown": {
           "kept": true
          }
         },
         "nbformat": 4,
         "nbformat_minor": 5
        }

        """;

    [Fact]
    public void An_unchanged_notebook_is_written_byte_for_byte() =>
        Assert.Equal(Jupyter, WriteIpynb(ReadIpynb(Jupyter)));

    [Theory]
    [InlineData("{\n \"cells\": [\n  oops\n ]}", "nb.ipynb, line 3: not valid JSON")]
    [InlineData("[]", "nb.ipynb: not a notebook")]
    [InlineData("{\"cells\": [], \"nbformat\": 3}", "nbformat 3; expected 4")]
    [InlineData("{\"cells\": [{\"cell_type\": \"other\"}], \"nbformat\": 4}", "cells[0].cell_type is 'other'")]
    public void A_broken_notebook_is_named_with_its_place(string json, string message) =>
        Assert.Contains(message, Assert.Throws<NotebookException>(() => ReadIpynb(json)).Message);

    [Fact]
    public void A_missing_notebook_is_named() =>
        Assert.Equal("no/such.ipynb: there is no such notebook. Give the path of an .ipynb or .dib file.",
            Assert.Throws<NotebookException>(() => Notebook.Load("no/such.ipynb")).Message);

    [Fact]
    public void Dib_files_of_dotnet_interactive_are_read()
    {
        const string Dib = "#!meta\n\n{\"kernelInfo\":{\"defaultKernelName\":\"csharp\"}}\n\n#!markdown\n\n# Hi\n\ntext\n\n#!csharp\n\n"
            + "var a = 1;\n#!docs parse x\n\n#!sql\n\nselect 1\n";
        var notebook = ReadDib(Dib);
        Assert.Equal([CellKind.Markdown, CellKind.Code, CellKind.Code], notebook.Cells.Select(cell => cell.Kind));
        Assert.Equal(["# Hi\n\ntext", "var a = 1;\n#!docs parse x", "#!sql\nselect 1"], notebook.Cells.Select(cell => cell.Source));
    }

    [Fact]
    public void Conversion_to_dib_and_back_loses_nothing_but_outputs()
    {
        var notebook = ReadIpynb(Jupyter);
        notebook.Cells.Add(new NotebookCell { Id = "mixed", Source = "var x = 1;\n\n#!html\n<b>x</b>\n" });
        notebook.Cells.Add(new NotebookCell { Id = "sql", Source = "#!sql --connection lab\nselect 1" });
        notebook.Cells.Add(new NotebookCell { Id = "raw", Kind = CellKind.Raw, Source = "raw text" });
        notebook.Cells.Add(new NotebookCell { Id = "html", Source = "#!html\n<b>x</b>" });
        notebook.Cells.Add(new NotebookCell
        {
            Id = "named",
            Source = "let x = 1",
            Metadata = new JsonObject { ["polyglot_notebook"] = new JsonObject { ["kernelName"] = "fsharp" } }
        });
        notebook.Cells.Add(new NotebookCell
        {
            Id = "renamed",
            Source = "#!csharp\nvar x = 1;",
            Metadata = new JsonObject { ["dotnet_interactive"] = new JsonObject { ["language"] = "fsharp" } }
        });
        notebook.Cells.Add(new NotebookCell { Id = "shown", Source = "#!markdown\n* a *list* made by code" });
        notebook.Cells.Add(new NotebookCell { Id = "blank", Source = "\n\n  \n" });
        notebook.Cells.Add(new NotebookCell { Id = "text", Kind = CellKind.Markdown, Source = "a\n#!csharp\nin text, not code" });
        var back = ReadDib(WriteDib(notebook));
        Assert.Equal(
            notebook.Cells.Select(cell => (cell.Id, cell.Kind, cell.Source, cell.Metadata.ToJsonString(), cell.Other.ToJsonString())),
            back.Cells.Select(cell => (cell.Id, cell.Kind, cell.Source, cell.Metadata.ToJsonString(), cell.Other.ToJsonString())));
        Assert.Equal(notebook.Metadata["unknown"]!.ToJsonString(), back.Metadata["unknown"]!.ToJsonString());
        Assert.Equal(WriteDib(notebook), WriteDib(back));
    }

    [Fact]
    public void Random_notebooks_survive_both_formats()
    {
        string[] pieces =
        [
            "#!csharp", "#!fsharp", "#!markdown", "#!meta", "#!raw", "#!docs x", "#!sql --name a", "var x = 1;", "", "  ", "# T", "\t",
            "é 学习 😀", "#!c#", "#!js", "#!html ", "\u2028"
        ];
        string[] languages = ["csharp", "fsharp", "sql", "html", "unheard-of"];
        var random = new Random(7);
        for (var round = 0; round < 300; round++)
        {
            var notebook = new Notebook();
            for (var i = 0; i < random.Next(5); i++)
            {
                var cell = new NotebookCell
                {
                    Id = $"c{i}",
                    Kind = (CellKind)random.Next(3),
                    Source = string.Join('\n', Enumerable.Range(0, random.Next(6)).Select(_ => pieces[random.Next(pieces.Length)]))
                };
                if (random.Next(3) == 0)
                    cell.Metadata["polyglot_notebook"] = new JsonObject { ["kernelName"] = languages[random.Next(languages.Length)] };
                if (random.Next(4) == 0)
                    cell.Other["attachments"] = new JsonObject { ["a.png"] = new JsonObject { ["image/png"] = "AAAA" } };
                notebook.Cells.Add(cell);
            }
            var expected = Told(notebook);
            Assert.Equal(expected, Told(ReadIpynb(WriteIpynb(notebook))));
            Assert.Equal(expected, Told(ReadDib(WriteDib(notebook))));
        }

        static string Told(Notebook notebook) =>
            string.Join("\n---\n",
                notebook.Cells.Select(cell =>
                    $"{cell.Id} {cell.Kind} {cell.Metadata.ToJsonString()} {cell.Other.ToJsonString()}\n{cell.Source}"));
    }

    [Fact]
    public void An_edit_of_the_dib_by_hand_wins_over_what_was_stored()
    {
        var text = WriteDib(new Notebook { Cells = { new NotebookCell { Id = "a", Source = "\nvar x = 1;\n" } } });
        Assert.Equal("\nvar x = 1;\n", ReadDib(text).Cells[0].Source);
        Assert.Equal("var x = 2;",
            ReadDib(text.Replace("#!csharp\n\nvar x = 1;", "#!csharp\n\nvar x = 2;", StringComparison.Ordinal)).Cells[0].Source);
    }

    private Notebook ReadIpynb(string text) => Read("nb.ipynb", text);

    private Notebook ReadDib(string text) => Read("nb.dib", text);

    private string WriteIpynb(Notebook notebook) => Write("nb.ipynb", notebook);

    private string WriteDib(Notebook notebook) => Write("nb.dib", notebook);

    private Notebook Read(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return Notebook.Load(path);
    }

    private string Write(string name, Notebook notebook)
    {
        var path = Path.Combine(_folder, name);
        notebook.Save(path);
        return File.ReadAllText(path);
    }
}
