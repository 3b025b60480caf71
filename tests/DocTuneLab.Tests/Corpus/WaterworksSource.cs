namespace DocTuneLab.Tests.Corpus;

/// <summary>Source of the small library that the generator is tested on: every shape of member that it must handle.</summary>
internal static class WaterworksSource
{
    public const string Code = """
        #nullable enable
        using System;
        using System.Collections.Generic;
        using System.Threading;
        using System.Threading.Tasks;

        namespace Waterworks;

        /// <summary>How a valve reacts to pressure.</summary>
        public enum ValveMode
        {
            /// <summary>Opens by hand only.</summary>
            Manual,
            /// <summary>Opens when the pressure exceeds its limit.</summary>
            Relief,
            /// <summary>Never opens.</summary>
            Sealed,
        }

        /// <summary>The pressure in a pipe is beyond what it bears.</summary>
        public class PressureException(string message) : Exception(message);

        /// <summary>A volume of water.</summary>
        public readonly struct Volume : IComparable<Volume>
        {
            /// <summary>Creates a volume of the given litres.</summary>
            /// <param name="litres">Number of litres; not negative.</param>
            public Volume(double litres) => Litres = litres;
            /// <summary>Gets the number of litres.</summary>
            public double Litres { get; }
            /// <summary>The largest volume that a tank holds, in litres.</summary>
            public const int Maximum = 50000;
            /// <summary>Gets a volume of nothing.</summary>
            public static Volume Zero => new(0);
            /// <summary>Parses a text such as "12 l".</summary>
            /// <param name="text">The text to parse.</param>
            /// <returns>The volume that the text names.</returns>
            /// <exception cref="FormatException">When the text has no number.</exception>
            public static Volume Parse(string text) => new(double.Parse(text));
            /// <summary>Tries to parse a text such as "12 l".</summary>
            public static bool TryParse(string text, out Volume volume) { volume = default; return double.TryParse(text, out _); }
            /// <summary>Adds two volumes.</summary>
            public static Volume operator +(Volume left, Volume right) => new(left.Litres + right.Litres);
            /// <summary>Compares two volumes by size.</summary>
            public static bool operator <(Volume left, Volume right) => left.Litres < right.Litres;
            /// <summary>Compares two volumes by size, the other way round.</summary>
            public static bool operator >(Volume left, Volume right) => left.Litres > right.Litres;
            /// <summary>Compares with another volume.</summary>
            public int CompareTo(Volume other) => Litres.CompareTo(other.Litres);
        }

        /// <summary>A valve between two pipes.</summary>
        public sealed class Valve
        {
            /// <summary>Creates a closed valve.</summary>
            /// <param name="tag">Tag on the valve's plate.</param>
            /// <param name="mode">How it reacts to pressure.</param>
            public Valve(string tag, ValveMode mode = ValveMode.Manual) { Tag = tag; Mode = mode; }
            /// <summary>Gets the tag on the plate.</summary>
            public string Tag { get; }
            /// <summary>Gets or sets how the valve reacts to pressure.</summary>
            public ValveMode Mode { get; set; }
            /// <summary>Gets a value indicating whether water flows through.</summary>
            public bool IsOpen { get; private set; }
            /// <summary>Gets or sets the limit in bar.</summary>
            public double LimitBar { get; set; }
            /// <summary>Gets the note of the last inspection, if there was one.</summary>
            public string? InspectionNote { get; private set; }
            /// <summary>Opens the valve.</summary>
            /// <param name="force">Whether to open it even when sealed.</param>
            /// <exception cref="InvalidOperationException">When the valve is sealed and force is not given.</exception>
            public void Open(bool force = false)
            {
                if (Mode == ValveMode.Sealed && !force) throw new InvalidOperationException();
                IsOpen = true;
                Changed?.Invoke(this, EventArgs.Empty);
            }
            /// <summary>Closes the valve.</summary>
            public void Close() { IsOpen = false; Changed?.Invoke(this, EventArgs.Empty); }
            /// <summary>Turns the wheel of the valve.</summary>
            [Obsolete("Use Valve.Open instead.")]
            public void TurnWheel() { }
            /// <summary>Raised after the valve opened or closed.</summary>
            public event EventHandler? Changed;
        }

        /// <summary>A tank with valves.</summary>
        public class Tank : IDisposable
        {
            private readonly List<Valve> _valves = [];
            /// <summary>Creates an empty tank.</summary>
            /// <param name="name">Name shown on the plan.</param>
            /// <param name="capacity">Litres that it holds.</param>
            /// <exception cref="ArgumentOutOfRangeException">When the capacity is negative.</exception>
            public Tank(string name, int capacity) { Name = name; Capacity = capacity; }
            /// <summary>Gets the name shown on the plan.</summary>
            public string Name { get; }
            /// <summary>Gets the litres that the tank holds.</summary>
            public int Capacity { get; }
            /// <summary>Gets the litres in the tank now.</summary>
            public double Level { get; private set; }
            /// <summary>Gets the valves in order of height.</summary>
            public IReadOnlyList<Valve> Valves => _valves;
            /// <summary>Gets the valve with the given tag.</summary>
            /// <param name="tag">Tag of the valve.</param>
            public Valve this[string tag] => _valves.Find(v => v.Tag == tag) ?? throw new KeyNotFoundException();
            /// <summary>Finds the first valve of a mode.</summary>
            /// <returns>The valve, or null where no valve has the mode.</returns>
            public Valve? FindValve(ValveMode mode) => _valves.Find(v => v.Mode == mode);
            /// <summary>Pours water into the tank.</summary>
            /// <param name="amount">How much to pour.</param>
            /// <exception cref="PressureException">When the tank would overflow.</exception>
            public void Fill(Volume amount) => Level += amount.Litres;
            /// <summary>Lets water out of the tank until it is empty.</summary>
            /// <param name="rate">Litres per second.</param>
            /// <param name="cancellationToken">Stops the draining.</param>
            /// <returns>The litres that were let out.</returns>
            public async Task<double> DrainAsync(double rate = 2.5, CancellationToken cancellationToken = default)
            {
                await Task.Yield();
                return Level;
            }
            /// <summary>Waits until the water is still.</summary>
            public Task SettleAsync() => Task.CompletedTask;
            /// <summary>Measures the level again and again.</summary>
            public async IAsyncEnumerable<double> MeasureAsync() { await Task.Yield(); yield return Level; }
            /// <summary>Adds a valve at the top.</summary>
            public void AddValve(Valve valve) => _valves.Add(valve);
            /// <summary>Releases the tank's sensors.</summary>
            public void Dispose() { }
        }

        /// <summary>Settings of a plant.</summary>
        public sealed class PlantOptions
        {
            /// <summary>Gets or sets the name of the plant.</summary>
            public required string PlantName { get; set; }
            /// <summary>Gets or sets how often sensors are read.</summary>
            public TimeSpan SensorInterval { get; set; }
            /// <summary>Gets or initializes the number of spare pumps.</summary>
            public int SparePumps { get; init; }
        }

        /// <summary>A plant of several tanks.</summary>
        public sealed class Plant
        {
            internal Plant(IReadOnlyList<Tank> tanks) => Tanks = tanks;
            /// <summary>Gets the tanks of the plant.</summary>
            public IReadOnlyList<Tank> Tanks { get; }
            /// <summary>Gets the tank with the highest level.</summary>
            public Tank Fullest() => Tanks[0];
        }

        /// <summary>Builds a plant step by step.</summary>
        public sealed class PlantBuilder
        {
            private readonly List<Tank> _tanks = [];
            /// <summary>Adds a tank of the given capacity.</summary>
            public PlantBuilder WithTank(string name, int capacity) { _tanks.Add(new Tank(name, capacity)); return this; }
            /// <summary>Sets the pressure that the plant runs at.</summary>
            public PlantBuilder WithPressure(double bar) => this;
            /// <summary>Applies further settings.</summary>
            public PlantBuilder Configure(Action<PlantOptions> configure) => this;
            /// <summary>Creates the plant.</summary>
            public Plant Build() => new(_tanks);
            /// <summary>Creates what describes the plant.</summary>
            public T BuildInto<T>() where T : struct => default;
        }

        /// <summary>A ring of the last readings.</summary>
        public sealed class ReadingRing<T>(int size) where T : struct
        {
            private readonly Queue<T> _items = new();
            /// <summary>Gets how many readings are kept.</summary>
            public int Size { get; } = size;
            /// <summary>Adds a reading and drops the oldest.</summary>
            public void Push(T reading) => _items.Enqueue(reading);
            /// <summary>Turns every reading into something else.</summary>
            public IReadOnlyList<TResult> Map<TResult>(Func<T, TResult> selector)
            {
                var list = new List<TResult>();
                foreach (var i in _items) list.Add(selector(i));
                return list;
            }
        }

        /// <summary>Shortcuts for tanks.</summary>
        public static class TankExtensions
        {
            /// <summary>Tells how full the tank is, from 0 to 1.</summary>
            public static double Fraction(this Tank tank) => tank.Level / tank.Capacity;
            /// <summary>Closes all valves of the tank.</summary>
            public static void CloseAll(this Tank tank) { foreach (var v in tank.Valves) v.Close(); }
        }
        """;
}
