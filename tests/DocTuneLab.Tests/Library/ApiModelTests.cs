using DocTuneLab.Library;

namespace DocTuneLab.Tests.Library;

public sealed class ApiModelTests(FlowLibrary library) : IClassFixture<FlowLibrary>
{
    private ApiSymbol Get(string id) => library.Api.Find(id) ?? throw new InvalidOperationException($"{id} not found");

    [Fact]
    public void A_method_has_signature_parameters_and_documentation_as_plain_text()
    {
        var fill = Get("M:Acme.Flow.Tank.Fill(System.Double)");
        Assert.Equal(ApiKind.Method, fill.Kind);
        Assert.Equal("public double Fill(double litres)", fill.Signature);
        Assert.Equal("Tank.Fill", fill.DisplayName);
        Assert.Equal("double", fill.ReturnType);
        Assert.Equal([new ApiParameter("litres", "double", "How much.", null, "")], fill.Parameters);
        Assert.Equal("The new Level.", fill.Returns);
        Assert.Equal([new ApiException("OverflowException", "Too much: more than Capacity.")], fill.Exceptions);
        Assert.Equal(["tank.Fill(3);\n  tank.Fill(4);"], fill.Examples);
    }

    [Fact]
    public void References_in_text_are_simple_names()
    {
        var tank = Get("T:Acme.Flow.Tank");
        Assert.Equal("Holds a liquid; see Pipe<T> and Fill, never null.", tank.Summary);
        Assert.Equal("First.\nSecond code.", tank.Remarks);
        Assert.Equal("public class Tank : IDisposable, IMeasured", tank.Signature);
        Assert.Null(tank.ContainingType);
    }

    [Fact]
    public void Inheritdoc_is_followed_within_the_library_and_into_the_framework()
    {
        Assert.Equal("Litres now.", Get("P:Acme.Flow.Tank.Level").Summary);
        Assert.SkipUnless(library.References.FrameworkDirectory.Contains("packs"), "the framework's XML documentation comes with the SDK");
        Assert.Contains("unmanaged resources", Get("M:Acme.Flow.Tank.Dispose").Summary);
    }

    [Theory]
    [InlineData("P:Acme.Flow.Tank.Level", "public double Level { get; protected set; }")]
    [InlineData("P:Acme.Flow.Tank.Item(System.Int32)", "public Reading this[int index] { get; }")]
    [InlineData("M:Acme.Flow.Tank.#ctor(System.Double)", "public Tank(double capacity)")]
    [InlineData("M:Acme.Flow.Tank.op_Addition(Acme.Flow.Tank,Acme.Flow.Tank)", "public static Tank operator +(Tank a, Tank b)")]
    [InlineData("M:Acme.Flow.Tank.ReadAllAsync(System.Int32,System.String,Acme.Flow.Mode,System.Threading.CancellationToken)",
        "public IAsyncEnumerable<Reading> ReadAllAsync(int max = 10, string unit = \"l\", Mode mode = Mode.Fast, CancellationToken "
            + "cancel = default)")]
    [InlineData("E:Acme.Flow.Tank.Filled", "public event EventHandler? Filled")]
    [InlineData("M:Acme.Flow.Tank.OnFilled", "protected virtual void OnFilled()")]
    [InlineData("T:Acme.Flow.Reading", "public sealed record Reading")]
    [InlineData("T:Acme.Flow.Pipe`1", "public class Pipe<T> where T : class, new()")]
    [InlineData("M:Acme.Flow.Pipe`1.Map``1(System.Func{`0,``0})", "public TResult Map<TResult>(Func<T, TResult> map)")]
    [InlineData("F:Acme.Flow.Mode.Fast", "Fast = 2")]
    [InlineData("P:Acme.Flow.FlowOptions.Name", "public required string Name { get; init; }")]
    [InlineData("M:Acme.Flow.Extensions.TankExtensions.Halve``1(System.Collections.Generic.IReadOnlyList{``0})",
        "public static IEnumerable<T> Halve<T>(this IReadOnlyList<T> items) where T : notnull")]
    [InlineData("P:Acme.Flow.IMeasured.Level", "double Level { get; }")]
    [InlineData("T:Acme.Flow.Tank.Valve", "public sealed class Valve")]
    public void Every_shape_has_its_declaration(string id, string signature) => Assert.Equal(signature, Get(id).Signature);

    [Fact]
    public void Records_show_what_was_written_and_are_documented_by_their_parameters()
    {
        var members = library.Api.MembersOf("T:Acme.Flow.Reading");
        Assert.Equal(["Reading", "Value", "Unit"], members.Select(m => m.Name));
        Assert.Equal("In what.", members.Single(m => m.Name == "Unit").Summary);
        Assert.Equal("How much.", members[0].Parameters[0].Documentation);
    }

    [Fact]
    public void Invisible_members_are_left_out() => Assert.Empty(library.Api.FindByName("Hidden"));

    [Fact]
    public void Obsolete_members_say_so() => Assert.Equal("Use Send.", library.Api.FindByName("Map").Single().Obsolete);

    [Fact]
    public void Lookups_by_name_type_and_nearest()
    {
        Assert.Equal(2, library.Api.FindByName("Fill").Count);
        Assert.Equal("Tank", library.Api.TypeOf(Get("M:Acme.Flow.Tank.OnFilled"))!.Name);
        Assert.Equal("ReadAllAsync", library.Api.FindNearest("ReadAsync", "T:Acme.Flow.Tank")!.Name);
        Assert.Equal("TankExtensions", library.Api.FindNearest("TankExtension")!.Name);
        Assert.Null(library.Api.FindNearest("Zzzzz"));
        Assert.Equal(["Acme.Flow", "Acme.Flow.Extensions"], library.Api.Namespaces);
    }

    [Fact]
    public void Framework_assemblies_can_be_read_too()
    {
        var references = ReferenceSet.Load();
        var api = ApiModel.Load(references,
            [.. new[] { "System.Runtime", "System.Collections", "System.Linq" }.Select(references.FrameworkAssembly)]);
        var where = api.FindByName("Where").First(m => m.ContainingType == "Enumerable");
        Assert.Equal("public static IEnumerable<TSource> Where<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate)",
            where.Signature);
        Assert.Equal("this", where.Parameters[0].Modifier);
        Assert.NotNull(api.Find("M:System.Collections.Generic.List`1.Add(`0)"));
        Assert.NotNull(api.Find("M:System.String.Substring(System.Int32)"));
    }

    [Fact]
    public void A_missing_or_invalid_dll_is_named()
    {
        Assert.Contains("nowhere.dll", Assert.Throws<LabException>(() => ReferenceSet.Load("/tmp/nowhere.dll")).Message);
        var path = Path.Combine(Path.GetDirectoryName(library.AssemblyPath)!, "text.dll");
        File.WriteAllText(path, "not an assembly");
        Assert.Contains("text.dll", Assert.Throws<LabException>(() => ReferenceSet.Load(path)).Message);
    }

    [Fact]
    public void A_broken_xml_file_is_named_with_its_line()
    {
        using var other = new CompiledLibrary("namespace B { public class C { } }", "B");
        File.WriteAllText(Path.ChangeExtension(other.AssemblyPath, ".xml"), "<doc>\n<members>\n</doc>");
        Assert.Contains("B.xml:3", Assert.Throws<LabException>(() => ApiModel.Load(ReferenceSet.Load(other.AssemblyPath))).Message);
    }

    [Fact]
    public void The_hash_follows_the_library()
    {
        Assert.Equal(library.References.Hash, ReferenceSet.Load(library.AssemblyPath).Hash);
        Assert.NotEqual(library.References.Hash, ReferenceSet.Load().Hash);
        Assert.Contains("Acme.Flow", library.References.LibraryAssemblies);
    }

    [Fact]
    public void Members_of_extension_blocks_are_those_of_what_they_extend()
    {
        using var library = new CompiledLibrary("""
            namespace Pond;
            /// <summary>A pond.</summary>
            public class Water { public double Depth { get; set; } }
            /// <summary>Extensions of ponds.</summary>
            public static class WaterExtensions
            {
                /// <param name="water">The pond to look at.</param>
                extension(Water water)
                {
                    /// <summary>Whether it is deep.</summary>
                    public bool IsDeep => water.Depth > 3;
                    /// <summary>Drains it.</summary>
                    /// <param name="metres">By how much.</param>
                    public void Drain(double metres) => water.Depth -= metres;
                    public static Water operator +(Water a, double b) => new() { Depth = a.Depth + b };
                }
                extension(Water)
                {
                    /// <summary>Makes a lake.</summary>
                    public static Water Lake() => new() { Depth = 50 };
                }
                extension<T>(System.Collections.Generic.List<T> list)
                {
                    public int Twice => list.Count * 2;
                    public T At(int index) => list[index];
                }
                /// <summary>In the old form.</summary>
                public static void Fill(this Water water) { }
            }
            """, "Pond");
        var references = ReferenceSet.Load(library.AssemblyPath);
        var api = ApiModel.Load(references);
        Assert.Equal(["Depth", "IsDeep", "Lake", "Water", "op_Addition"],
            api.MembersOf("T:Pond.Water").Select(m => m.Name).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(["At", "Drain", "Fill", "Twice"],
            api.MembersOf("T:Pond.WaterExtensions").Select(m => m.Name).Order(StringComparer.Ordinal));
        var deep = Assert.Single(api.FindByName("IsDeep"));
        Assert.Equal((ApiKind.Property, "Water", "Whether it is deep."), (deep.Kind, deep.ContainingType, deep.Summary));
        Assert.Equal((true, "Makes a lake."), (Assert.Single(api.FindByName("Lake")).IsStatic, api.FindByName("Lake")[0].Summary));
        var drain = Assert.Single(api.FindByName("Drain"));
        Assert.Equal((ApiKind.ExtensionMethod, "Drains it."), (drain.Kind, drain.Summary));
        Assert.Equal([("water", "The pond to look at."), ("metres", "By how much.")],
            drain.Parameters.Select(p => (p.Name, p.Documentation!)));

        const string Code = """
            var water = Water.Lake();
            if (water.IsDeep) water.Drain(1);
            water.Fill();
            var more = water + 2;
            var list = new List<int> { 1 };
            return list.Twice + list.At(0);
            """;
        var verdict = new CSharpJudge(references).Judge($"static int Use() {{ {Code} }}", CodeForm.Members, ["Pond"]);
        Assert.True(verdict.Compiles, string.Join('\n', verdict.Errors));
        string[] used = ["Lake", "IsDeep", "Drain", "Fill", "Twice", "At"];
        Assert.All(used, name => Assert.NotNull(api.Find(verdict.Uses.Single(u => u.Name == name).Id!)));
        Assert.All(verdict.Uses.Where(u => used.Contains(u.Name)),
            u => Assert.True(u is { IsLibrary: true, Kind: SymbolUseKind.Resolved }));
    }
}
