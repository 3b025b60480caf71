namespace DocTuneLab.Settings;

/// <summary>The values of a setting where programs can add to them; read in any case;
/// see <see cref="SettingAttribute.AllowedBy"/>.</summary>
public interface ISettingNames
{
    /// <summary>What is allowed now.</summary>
    IReadOnlyList<string> Names { get; }
}
