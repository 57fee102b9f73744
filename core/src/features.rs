use core::fmt;

use serde::{Deserialize, Serialize};

use crate::brief::decimal;

/// What a build knows beyond the first version of it: a set of features, each with a number. One is only switched on
/// once all members have said that they know it, and never off again: see [`Change::Enable`](crate::Change::Enable).
///
/// Numbers 0 to 15 are quorate's own, 16 to 31 are the app's: [`of_app`](Features::of_app).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Features(pub u32);

impl Features {
    /// No feature.
    pub const NONE: Features = Features(0);

    /// A leader may serve reads by its lease: every voter keeps what it has confirmed to a leader, in later terms and when
    /// it starts again ([`Config::leases`](crate::Config::leases)).
    pub const LEASES: Features = Features(1);

    /// All of quorate's own that this version knows.
    pub const OWN: Features = Features::LEASES;

    /// How many features an app may have.
    pub const OF_APP_MAX: u8 = 16;

    /// A feature of the app, by its number, which it keeps for good.
    ///
    /// # Panics
    /// The number is not below [`OF_APP_MAX`](Features::OF_APP_MAX).
    pub const fn of_app(number: u8) -> Features {
        assert!(number < Features::OF_APP_MAX, "an app's features are numbered from 0 to 15");
        Features(1 << (number + Features::OF_APP_MAX))
    }

    /// The features of both sets.
    #[must_use]
    pub const fn with(self, other: Features) -> Features {
        Features(self.0 | other.0)
    }

    /// The features of this set that are not in the other.
    #[must_use]
    pub const fn without(self, other: Features) -> Features {
        Features(self.0 & !other.0)
    }

    /// The features that are in both sets.
    #[must_use]
    pub const fn common(self, other: Features) -> Features {
        Features(self.0 & other.0)
    }

    /// Whether all features of the other set are in this one.
    pub const fn contains(self, other: Features) -> bool {
        other.without(self).is_empty()
    }

    /// Whether no feature is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The features, one by one.
    pub fn iter(self) -> impl Iterator<Item = Features> {
        (0..u32::BITS).map(|number| Features(1 << number)).filter(move |feature| self.contains(*feature))
    }
}

/// As people read them: `leases, app feature 0`; one that this version has no name for by its number.
impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        self.iter().try_for_each(|feature| {
            f.write_str(core::mem::replace(&mut comma, ", "))?;
            if feature == Features::LEASES {
                return f.write_str("leases");
            }
            let number = feature.0.trailing_zeros() as u8;
            let of_app = number.checked_sub(Features::OF_APP_MAX);
            f.write_str(if of_app.is_some() { "app feature " } else { "feature " })?;
            decimal(f, of_app.unwrap_or(number))
        })
    }
}
