namespace DocTuneLab.Settings;

/// <summary>The values of a setting where programs can add to them; read in any case;
/// see <see cref="SettingAttribute.AllowedBy"/>.</summary>
public interface ISettingNames
{
    /// <summary>What is allowed now.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>Whether a lab may know further names, so that whoever takes the value looks at it and not the setting. Default false.
    /// </summary>
    bool IsOpen => false;
}
