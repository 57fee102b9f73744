use std::fmt;
use std::process::ExitStatus;

/// Why a machine is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    NotStarted,
    Killed,
    /// It cut its own power.
    PowerCut,
    /// It was removed from the members.
    Dismissed,
    Other(ExitStatus),
}

impl End {
    /// With this status a machine ends that is no member any longer.
    pub(crate) const DISMISSED: u8 = 4;
    /// With this one an emulator whose board cut its own power.
    const POWER_CUT: u8 = 3;

    pub(crate) fn of(status: ExitStatus) -> End {
        match status.code().and_then(|code| u8::try_from(code).ok()) {
            Some(End::POWER_CUT) => End::PowerCut,
            Some(End::DISMISSED) => End::Dismissed,
            _ => End::Other(status),
        }
    }
}

/// With what to do about it.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::NotStarted => f.write_str("it was not started. Start it first"),
            End::Killed => f.write_str("it was killed. Start it first"),
            End::PowerCut => f.write_str("its power was cut. Start it first"),
            // Started again, it is told again.
            End::Dismissed => f.write_str("it is no member any longer. Add it first"),
            End::Other(status) => write!(f, "its process ended: {status}. Start it first"),
        }
    }
}
