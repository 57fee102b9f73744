use core::fmt;

use serde::{Deserialize, Serialize};

use crate::brief::{decimal, hexadecimal};

/// A member's place in the cluster: a small number that it keeps for as long as it is a member. [`Seat::new`] is for
/// numbers that come from outside: one of 32 or more is nobody's, and [`Seats`] take none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Seat(pub u8);

impl Seat {
    /// How many seats there can be: seats are numbered from 0 to 31.
    pub const COUNT_MAX: usize = 32;

    /// The seat of this number, if there is one.
    pub const fn new(number: u8) -> Option<Seat> {
        if (number as usize) < Seat::COUNT_MAX { Some(Seat(number)) } else { None }
    }

    /// Its place in a set; no place if there is none of this number.
    #[cfg_attr(target_os = "none", inline(never))]
    const fn bit(self) -> u32 {
        if (self.0 as usize) < Seat::COUNT_MAX { 1 << self.0 } else { 0 }
    }
}

/// Which life of a seat's store is meant. A store that is lost takes with it votes and entries that others count on, so
/// what stands in its place later is another voter, and has another incarnation.
///
/// A founder's store has [`Incarnation::FOUNDER`]. A later one draws a number at random when it becomes a member's:
/// lives have no order, and none comes again. A vote or an ack counts only for the life that the configuration of the
/// node that counts it names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Incarnation(pub u64);

impl Incarnation {
    /// That of a store that was there when its cluster was founded.
    pub const FOUNDER: Incarnation = Incarnation(0);

    /// A later life, by a number that was drawn at random: 64 bits, and never zero.
    pub const fn drawn(number: u64) -> Incarnation {
        Incarnation(if number == 0 { 1 } else { number })
    }
}

/// As people read it: sixteen hexadecimal digits, or that it is a founder's.
impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Incarnation::FOUNDER { f.write_str("founder") } else { hexadecimal(f, self.0, 16) }
    }
}

/// Who sent a message, or whom a vote is for: a seat in one of its incarnations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Identity {
    /// The sender's seat.
    pub seat: Seat,
    /// The sender's incarnation.
    pub incarnation: Incarnation,
}

impl From<Seat> for Identity {
    /// A founder's store.
    fn from(seat: Seat) -> Self {
        Identity { seat, incarnation: Incarnation::FOUNDER }
    }
}

/// A set of seats, as a bit mask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Seats(pub u32);

impl Seats {
    /// No seat.
    pub const NONE: Seats = Seats(0);

    /// The seats from 0 up to and without `count`, at most 32.
    pub const fn first(count: usize) -> Seats {
        if count >= Seat::COUNT_MAX { Seats(u32::MAX) } else { Seats((1 << count) - 1) }
    }

    /// Whether `seat` is in the set.
    pub const fn contains(self, seat: Seat) -> bool {
        self.0 & seat.bit() != 0
    }

    /// The set with `seat` in it.
    ///
    /// # Panics
    /// There is no seat of this number, for it is 32 or more: a set without it would be a cluster of others. Read
    /// numbers that come from outside with [`Seat::new`].
    #[must_use]
    pub const fn with(self, seat: Seat) -> Seats {
        assert!((seat.0 as usize) < Seat::COUNT_MAX, "seats are numbered from 0 to 31");
        self.and(seat)
    }

    /// The set with a member's seat in it.
    #[must_use]
    pub(crate) const fn and(self, seat: Seat) -> Seats {
        Seats(self.0 | seat.bit())
    }

    /// The set without `seat`.
    #[must_use]
    pub const fn without(self, seat: Seat) -> Seats {
        Seats(self.0 & !seat.bit())
    }

    /// The first seat from `start` on, and round again from zero.
    pub(crate) fn next_from(self, start: Seat) -> Option<Seat> {
        let turned = self.0.rotate_right(u32::from(start.0));
        (turned != 0).then(|| Seat(((u32::from(start.0) + turned.trailing_zeros()) % u32::BITS) as u8))
    }

    /// The seats of both sets.
    #[must_use]
    pub const fn union(self, other: Seats) -> Seats {
        Seats(self.0 | other.0)
    }

    /// How many seats are in the set.
    #[cfg_attr(target_os = "none", inline(always))]
    pub const fn count(self) -> usize {
        // A few rounds, where many a processor needs fifty instructions to count all the bits at once.
        let (mut rest, mut count) = (self.0, 0);
        while rest != 0 {
            rest &= rest - 1;
            count += 1;
        }
        count
    }

    /// Whether no seat is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The seats in rising order.
    pub fn iter(self) -> impl Iterator<Item = Seat> {
        let mut rest = self;
        core::iter::from_fn(move || rest.take_first())
    }

    fn take_first(&mut self) -> Option<Seat> {
        let seat = (self.0 != 0).then(|| Seat(self.0.trailing_zeros() as u8))?;
        self.0 &= self.0 - 1;
        Some(seat)
    }

    /// Whether more than half of this set is in `present`.
    pub(crate) const fn has_majority(self, present: Seats) -> bool {
        Seats(self.0 & present.0).count() * 2 > self.count()
    }
}

/// As people read them: `n0, n2`.
impl fmt::Display for Seats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "n";
        self.iter().try_for_each(|seat| {
            f.write_str(core::mem::replace(&mut comma, ", n"))?;
            decimal(f, seat.0)
        })
    }
}

/// Panics as [`Seats::with`] does.
impl FromIterator<Seat> for Seats {
    fn from_iter<I: IntoIterator<Item = Seat>>(seats: I) -> Self {
        seats.into_iter().fold(Seats::NONE, Seats::with)
    }
}

/// Who takes part, and how (section 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Members {
    /// Members whose majority elects and commits.
    pub voters: Seats,
    /// The voters of before, while a change of voters is under way: then a majority of each set is needed. Else empty.
    pub outgoing: Seats,
    /// Those of the outgoing voters whose store makes way for another one in the same seat: none of their lives counts
    /// in the outgoing half.
    pub replaced: Seats,
    /// Members that get the log and do not count.
    pub learners: Seats,
    /// Those of the voters that keep no commands.
    pub witnesses: Seats,
}

impl Members {
    /// A cluster of voters only.
    pub const fn of(voters: Seats) -> Members {
        Members { voters, outgoing: Seats::NONE, replaced: Seats::NONE, learners: Seats::NONE, witnesses: Seats::NONE }
    }

    /// Everyone who takes part.
    pub const fn all(&self) -> Seats {
        self.voters.union(self.outgoing).union(self.learners)
    }

    /// Whether `seat` counts in elections and commits.
    pub const fn is_voter(&self, seat: Seat) -> bool {
        self.voters.union(self.outgoing).contains(seat)
    }

    /// Whether a list that `me` was given is of other members: it names none of these but `me`, and there are others.
    pub fn are_strangers_to(&self, list: Seats, me: Seat) -> bool {
        let others = self.all().without(me);
        !others.is_empty() && list.0 & others.0 == 0
    }

    /// Whether a change of voters is under way: the joint phase of section 6.
    pub const fn is_joint(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Whether `present` holds a majority of the voters, and of the outgoing ones if there are any.
    pub const fn is_quorum(&self, present: Seats) -> bool {
        let of_old = Seats(present.0 & !self.replaced.0);
        self.voters.has_majority(present) && (!self.is_joint() || self.outgoing.has_majority(of_old))
    }
}
