use core::fmt;
use core::time::Duration;

use quorate::{Instant, Node, Progress, Refusal, Seat, Seats, Standing};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fields::Fields;
use crate::rough::Rough;

/// How another member is, as its leader knows. Numbers are exact below 16, and above that to within an eighth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Follower {
    /// The member.
    pub seat: Seat,
    /// Whether it follows, and if not, why.
    pub standing: Standing,
    /// How many of the entries that are committed it is not known to have.
    pub lag: u64,
    /// How long ago it last answered.
    pub silence: Duration,
}

/// What a leader knows of each of the others, by rising seat; nothing at a node that does not lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Followers {
    count: u8,
    each: [[u8; BYTES]; COUNT_MAX],
}

impl Followers {
    /// What this node knows, while it leads.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn of<C, B: AsRef<[u8]>, const SEATS: usize>(node: &Node<C, B, SEATS>) -> Followers {
        let mut followers = Followers::default();
        if node.role() == quorate::Role::Leader {
            let commit = node.commit().0;
            node.progress().for_each(|progress| followers.push(line(progress, commit, node.now())));
        }
        followers
    }

    fn push(&mut self, line: [u8; BYTES]) {
        if let Some(place) = self.each.get_mut(usize::from(self.count)) {
            *place = line;
            self.count += 1;
        }
    }

    /// The followers, whose seats are these.
    pub(crate) fn iter(&self, seats: Seats) -> impl Iterator<Item = Follower> {
        let each = self.each.into_iter().take(self.count.into());
        seats.iter().zip(each).filter_map(|(seat, [standing, lag, silence])| {
            let silence = Duration::from_micros(Rough(silence).value() << MOMENT);
            Some(Follower { seat, standing: standing_of(standing)?, lag: Rough(lag).value(), silence })
        })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        let all = self.each.as_flattened();
        all.get(..usize::from(self.count) * BYTES).unwrap_or(all)
    }

    pub(crate) fn read(fields: &mut Fields<'_>) -> Followers {
        let bytes = fields.bytes();
        Followers::parse(bytes).unwrap_or_else(|| fields.malformed(Followers::default()))
    }

    fn parse(bytes: &[u8]) -> Option<Followers> {
        let (lines, rest) = bytes.as_chunks::<BYTES>();
        let is_known = |[standing, ..]: &[u8; BYTES]| standing_of(*standing).is_some();
        if !rest.is_empty() || lines.len() > COUNT_MAX || !lines.iter().all(is_known) {
            return None;
        }
        let mut followers = Followers::default();
        lines.iter().for_each(|line| followers.push(*line));
        Some(followers)
    }
}

/// Of followers that come by rising seat.
impl FromIterator<Follower> for Followers {
    fn from_iter<I: IntoIterator<Item = Follower>>(followers: I) -> Followers {
        let mut all = Followers::default();
        followers.into_iter().for_each(|Follower { standing, lag, silence, .. }| {
            all.push([code(standing), Rough::of(lag).0, rough(silence.as_micros() as u64).0]);
        });
        all
    }
}

fn line(progress: Progress, commit: u64, now: Instant) -> [u8; BYTES] {
    let lag = commit.saturating_sub(progress.matched.0);
    let silence = now.as_micros().saturating_sub(progress.heard.as_micros());
    [code(progress.standing), Rough::of(lag).0, rough(silence).0]
}

/// Time in units of 1,024 microseconds.
fn rough(micros: u64) -> Rough {
    Rough::of(micros >> MOMENT)
}

/// A standing's number. It is part of the wire format.
fn code(standing: Standing) -> u8 {
    match standing {
        Standing::Follows => 0,
        Standing::Seeks => 1,
        Standing::Fetches => 2,
        Standing::Silent => 3,
        Standing::TooSmall => 4,
        Standing::Refused(refusal) => REFUSED + refusal as u8,
    }
}

fn standing_of(code: u8) -> Option<Standing> {
    Some(match code {
        0 => Standing::Follows,
        1 => Standing::Seeks,
        2 => Standing::Fetches,
        3 => Standing::Silent,
        4 => Standing::TooSmall,
        _ => Standing::Refused(*Refusal::ALL.get(usize::from(code.checked_sub(REFUSED)?))?),
    })
}

/// As postcard writes bytes.
impl Serialize for Followers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.bytes())
    }
}

impl<'de> Deserialize<'de> for Followers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Bytes)
    }
}

struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = Followers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("three bytes for each follower")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Followers, E> {
        Followers::parse(bytes).ok_or_else(|| E::invalid_length(bytes.len(), &self))
    }
}

/// Standing, lag, silence.
const BYTES: usize = 3;

/// Everyone but the leader.
const COUNT_MAX: usize = Seat::COUNT_MAX - 1;

/// From here on, the numbers of the core's refusals.
const REFUSED: u8 = 16;

/// Silence is counted in units of 2^10 microseconds: nearly a millisecond, and no division.
const MOMENT: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_bytes_for_each_of_at_most_31_with_a_standing_that_is_known_are_taken() {
        assert_eq!(Followers::parse(&[0; 93]).map(|followers| followers.count), Some(31));
        assert_eq!(Followers::parse(&[0; 96]), None);
        assert_eq!(Followers::parse(&[0; 2]), None);
        let last = REFUSED + Refusal::ALL.len() as u8 - 1;
        for standing in 0..=u8::MAX {
            let is_known = standing < 5 || (REFUSED..=last).contains(&standing);
            assert_eq!(Followers::parse(&[standing, 0, 0]).is_some(), is_known, "{standing}");
        }
    }
}
