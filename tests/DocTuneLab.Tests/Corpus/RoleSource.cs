namespace DocTuneLab.Tests.Corpus;

/// <summary>A library in which most values are numbers, and few may go into another's place.</summary>
internal static class RoleSource
{
    public const string Code = """
        #nullable enable
        using System;
        using System.Collections.Generic;

        namespace Sluice;

        /// <summary>What a gate does.</summary>
        public enum GateState
        {
            /// <summary>It lets nothing through.</summary>
            Shut,
            /// <summary>It lets water through.</summary>
            Open,
        }

        /// <summary>A height of water.</summary>
        public readonly struct Height : IComparable<Height>
        {
            private Height(int millimetres) => Millimetres = millimetres;
            /// <summary>Gets the height in millimetres.</summary>
            public int Millimetres { get; }
            /// <summary>Gets the height in metres.</summary>
            public double Metres => Millimetres / 1000.0;
            /// <summary>Makes a height from metres.</summary>
            /// <param name="metres">The height in metres, zero or more.</param>
            public static Height FromMetres(double metres) =>
                metres < 0 ? throw new ArgumentOutOfRangeException(nameof(metres)) : new((int)(metres * 1000));
            /// <summary>Compares two heights.</summary>
            /// <param name="other">The other height.</param>
            public int CompareTo(Height other) => Millimetres.CompareTo(other.Millimetres);
            /// <summary>Computes how far this height is above another.</summary>
            /// <param name="floor">The other height.</param>
            public Height Above(Height floor) => new(Math.Max(0, Millimetres - floor.Millimetres));
        }

        /// <summary>A gate over a sill.</summary>
        public sealed class WeirGate
        {
            /// <summary>Makes a gate.</summary>
            /// <param name="name">The name of the gate.</param>
            /// <param name="sill">The height of its sill.</param>
            public WeirGate(string name, Height sill) => (Name, Sill) = (name, sill);
            /// <summary>Gets the name of the gate.</summary>
            public string Name { get; }
            /// <summary>Gets the height of the sill.</summary>
            public Height Sill { get; }
            /// <summary>Gets the opening in percent.</summary>
            public int Opening { get; private set; }
            /// <summary>Gets the number of times that it was moved.</summary>
            public int MoveCount { get; private set; }
            /// <summary>Gets the area of the gate in square metres.</summary>
            public double AreaSquareMetres => 2;
            /// <summary>The width of the gate in metres.</summary>
            public double WidthMetres => 1.5;
            /// <summary>Gets the water behind the gate in cubic metres.</summary>
            public double Behind => 30;
            /// <summary>Gets what the gate does.</summary>
            public GateState State => Opening > 0 ? GateState.Open : GateState.Shut;
            /// <summary>Tells whether the gate is shut.</summary>
            public bool IsShut => Opening == 0;
            /// <summary>Moves the gate to an opening.</summary>
            /// <param name="percent">The opening in percent, 0 to 100.</param>
            /// <exception cref="ArgumentOutOfRangeException"><paramref name="percent"/> is not 0 to 100.</exception>
            public void MoveTo(int percent)
            {
                if (percent is < 0 or > 100) throw new ArgumentOutOfRangeException(nameof(percent));
                Opening = percent;
                MoveCount++;
            }
            /// <summary>Computes the flow over the gate in litres per second.</summary>
            /// <param name="level">The height of the water.</param>
            /// <param name="share">The share of the width that is free.</param>
            public double FlowLitresPerSecond(Height level, double share) =>
                share is < 0 or > 1 ? throw new ArgumentOutOfRangeException(nameof(share)) : level.Above(Sill).Metres * Opening * share;
            /// <summary>Makes a gate that reports what is too deep.</summary>
            /// <param name="limit">The limit in millimetres, more than zero.</param>
            /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is not more than zero.</exception>
            public double LimitTo(double limit) => limit > 0 ? limit : throw new ArgumentOutOfRangeException(nameof(limit));
            /// <summary>Fails always.</summary>
            public Height Broken() => throw new InvalidOperationException("broken");
        }

        /// <summary>Short forms.</summary>
        public static class Short
        {
            /// <summary>Makes a height of so many metres.</summary>
            /// <param name="metres">The height in metres.</param>
            public static Height MetresHigh(this double metres) => Height.FromMetres(metres);
            /// <summary>Makes a height of so many millimetres.</summary>
            /// <param name="millimetres">The height in millimetres.</param>
            public static Height MillimetresHigh(this int millimetres) => Height.FromMetres(millimetres / 1000.0);
            /// <summary>Says how long a number of litres takes.</summary>
            /// <param name="litres">The amount in litres.</param>
            public static TimeSpan TimeForLitres(this int litres) => TimeSpan.FromSeconds(litres);
            /// <summary>Tells the gates that are shut.</summary>
            /// <param name="gates">The gates.</param>
            public static IReadOnlyList<WeirGate> ShutOnes(this IEnumerable<WeirGate> gates) =>
                [.. System.Linq.Enumerable.Where(gates, g => g.IsShut)];
        }
        """;
}
