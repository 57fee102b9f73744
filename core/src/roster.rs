use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::log::SLOT;
use crate::{ConfigError, Features, Identity, Incarnation, Index, KeyId, Least, Members, RECORD_OVERHEAD, Seat, Seats};

/// Who takes part, in which life, and where: a configuration of section 6, as bytes that go unchanged through log, frame
/// and disk.
///
/// A `Roster` is always whole: it was checked when it was made.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Roster<'a> {
    bytes: &'a [u8],
}

/// A configuration that is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Settled<'a> {
    /// The index of the entry that made it; zero for that of the founding.
    pub since: Index,
    /// Who takes part.
    #[serde(borrow)]
    pub roster: Roster<'a>,
}

/// Who holds a seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Occupant<'a> {
    /// Which life of the seat's store: see [`Incarnation`].
    pub incarnation: Incarnation,
    /// Where others reach it, in the words of the adapter: at most [`ADDRESS_MAX`](Roster::ADDRESS_MAX) bytes, which the
    /// core does not look at.
    pub address: &'a [u8],
}

/// Bytes in front of the occupants: the least log capacity, the least election time-out, the features that are on, and five
/// sets of seats, each 32 bits, little endian; and which key the members seal under, zero if nobody has said, else its number
/// and one.
const HEAD: usize = WORDS + 1;

/// Those of them that are numbers of 32 bits.
const WORDS: usize = 32;

/// In the byte in front of an address, beside its length: a drawn incarnation comes first.
const IS_DRAWN: u8 = 0x80;

impl<'a> Roster<'a> {
    /// The longest address: that of IPv6, with a port.
    pub const ADDRESS_MAX: usize = 18;

    /// Bytes that a node keeps for each of its seats, to hold a roster: addresses of full length fit from two seats on.
    pub const SEAT_BYTES: usize = 44;

    /// A roster has at most so many bytes less than a frame holds of entries: an offer of a snapshot brings one as well,
    /// and takes more beside it than an `AppendEntries` beside entries.
    pub const MARGIN: usize = 60;

    /// The bytes of a roster of so many members, each in a life that was drawn, with an address of so many bytes. None of as
    /// many, with no longer addresses, has more.
    pub const fn bytes_max(members: usize, address: usize) -> usize {
        HEAD + members * (1 + size_of::<Incarnation>() + address)
    }

    /// A roster of nobody, which none is that comes from elsewhere, is so many bytes, all of them zero.
    pub(crate) const NOBODY_BYTES: usize = HEAD;

    /// Checks that `bytes` are a roster and nothing else. Work is bounded by their length.
    pub fn parse(bytes: &[u8]) -> Option<Roster<'_>> {
        let roster = Roster { bytes };
        bytes.get(HEAD..)?;
        let key = roster.key_byte();
        let Members { voters, outgoing, replaced, learners, witnesses } = roster.members();
        let is_sound = !voters.is_empty()
            && voters.union(outgoing).0 & learners.0 == 0
            && replaced.0 & !(voters.0 & outgoing.0) == 0
            && witnesses.0 & !voters.0 == 0
            && key <= KeyId::COUNT;
        let mut occupants = roster.occupants();
        while occupants.seats.0 != 0 {
            occupants.next()?;
        }
        (is_sound && occupants.rest.is_empty()).then_some(roster)
    }

    /// Whether the entries that replace these members' stores, one by one, fit into log and frame: each is a roster in
    /// which all lives are drawn, and the log has room for the one that begins a joint phase and the one that ends it.
    pub(crate) fn check_room(members: Members, entry_bytes_max: usize, log_bytes: usize) -> Result<(), ConfigError> {
        let bytes = Roster::bytes_max(members.all().count(), 0);
        let beside = RECORD_OVERHEAD + SLOT;
        let record_max = entry_bytes_max.min(log_bytes.saturating_sub(SLOT));
        let room = record_max.saturating_sub(Roster::MARGIN).min((log_bytes / 2).saturating_sub(beside));
        if bytes <= room { Ok(()) } else { Err(ConfigError::RosterTooLong { room }) }
    }

    /// A roster that was checked when it came here.
    pub(crate) fn trusted(bytes: &'a [u8]) -> Roster<'a> {
        Roster { bytes }
    }

    /// Writes a roster to the front of `room`, and returns it: of these members, who seal under this key, if somebody has said
    /// under which.
    ///
    /// # Errors
    /// [`ConfigError::RosterTooLong`] if it does not fit or an address is longer than
    /// [`ADDRESS_MAX`](Roster::ADDRESS_MAX); else what is wrong with the members.
    pub fn write<'o>(
        room: &'a mut [u8],
        members: Members,
        least: Least,
        key: Option<KeyId>,
        occupant: impl Fn(Seat) -> Occupant<'o>,
    ) -> Result<Roster<'a>, ConfigError> {
        let too_long = ConfigError::RosterTooLong { room: room.len() };
        let mut out = Out { room, length: 0 };
        out.put_head(&members, least, key).ok_or(too_long)?;
        members.all().iter().try_for_each(|seat| out.put_occupant(&occupant(seat))).ok_or(too_long)?;
        let Out { room, length } = out;
        Roster::parse(room.get(..length).unwrap_or_default()).ok_or(ConfigError::NoVoters)
    }

    /// The roster as it stands.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Who takes part.
    pub fn members(&self) -> Members {
        let [voters, outgoing, replaced, learners, witnesses] = core::array::from_fn(|at| Seats(self.word(at + 3)));
        Members { voters, outgoing, replaced, learners, witnesses }
    }

    /// What every member has at least.
    pub fn least(&self) -> Least {
        Least { log_bytes: self.word(0), election_micros: self.word(1), features: Features(self.word(2)) }
    }

    /// Under which key the members seal what they say, if somebody has said so: see [`Change::UseKey`](crate::Change::UseKey).
    pub fn key(&self) -> Option<KeyId> {
        self.key_byte().checked_sub(1).map(KeyId::of_bits)
    }

    /// Who holds this seat; nobody if it is no member's.
    pub fn occupant(&self, seat: Seat) -> Option<Occupant<'a>> {
        self.occupants().find_map(|(found, occupant)| (found == seat).then_some(occupant))
    }

    /// Whether this store takes part: its seat, in its own life.
    pub(crate) fn names(&self, store: Identity) -> bool {
        self.occupant(store.seat).is_some_and(|occupant| occupant.incarnation == store.incarnation)
    }

    /// All members, in the order of their seats.
    pub fn occupants(&self) -> Occupants<'a> {
        Occupants { seats: self.members().all(), rest: self.bytes.get(HEAD..).unwrap_or_default() }
    }

    fn key_byte(&self) -> u8 {
        self.bytes.get(WORDS).copied().unwrap_or_default()
    }

    fn word(&self, at: usize) -> u32 {
        let word = self.bytes.get(at * 4..).and_then(<[u8]>::first_chunk);
        word.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }
}

/// The members of a [`Roster`], in the order of their seats.
#[derive(Clone, Debug)]
pub struct Occupants<'a> {
    seats: Seats,
    rest: &'a [u8],
}

impl<'a> Iterator for Occupants<'a> {
    type Item = (Seat, Occupant<'a>);

    fn next(&mut self) -> Option<(Seat, Occupant<'a>)> {
        let seat = self.seats.next_from(Seat(0))?;
        let (flags, mut rest) = self.rest.split_first()?;
        let mut incarnation = Incarnation::FOUNDER;
        if flags & IS_DRAWN != 0 {
            let (bytes, behind) = rest.split_first_chunk()?;
            (incarnation, rest) = (Incarnation(u64::from_le_bytes(*bytes)), behind);
            if incarnation == Incarnation::FOUNDER {
                return None;
            }
        }
        let length = usize::from(flags & !IS_DRAWN);
        if length > Roster::ADDRESS_MAX {
            return None;
        }
        let (address, rest) = rest.split_at_checked(length)?;
        (self.seats, self.rest) = (self.seats.without(seat), rest);
        Some((seat, Occupant { incarnation, address }))
    }
}

/// Where a roster is written.
struct Out<'b> {
    room: &'b mut [u8],
    length: usize,
}

impl Out<'_> {
    fn put_head(&mut self, members: &Members, least: Least, key: Option<KeyId>) -> Option<()> {
        let Least { log_bytes, election_micros, features } = least;
        let Members { voters, outgoing, replaced, learners, witnesses } = *members;
        let numbers =
            [log_bytes, election_micros, features.0, voters.0, outgoing.0, replaced.0, learners.0, witnesses.0];
        numbers.iter().try_for_each(|number| self.put(&number.to_le_bytes()))?;
        self.put(&[key.map_or(0, |key| key.number() + 1)])
    }

    fn put_occupant(&mut self, occupant: &Occupant<'_>) -> Option<()> {
        let Occupant { incarnation, address } = *occupant;
        if address.len() > Roster::ADDRESS_MAX {
            return None;
        }
        let length = address.len() as u8;
        if incarnation == Incarnation::FOUNDER {
            self.put(&[length])?;
        } else {
            self.put(&[length | IS_DRAWN])?;
            self.put(&incarnation.0.to_le_bytes())?;
        }
        self.put(address)
    }

    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.length + bytes.len();
        let room = self.room.get_mut(self.length..end)?;
        room.iter_mut().zip(bytes).for_each(|(room, byte)| *room = *byte);
        self.length = end;
        Some(())
    }
}

impl fmt::Debug for Roster<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {:?}, {:?}", self.members(), self.least(), self.key())?;
        f.debug_map().entries(self.occupants()).finish()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Roster<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{}, {}, {}", self.members(), self.least(), self.key());
        for (seat, occupant) in self.occupants() {
            defmt::write!(f, " {}: {}", seat, occupant);
        }
    }
}

impl Serialize for Roster<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.bytes)
    }
}

/// Borrows, and refuses bytes that [`Roster::parse`] refuses.
impl<'de: 'a, 'a> Deserialize<'de> for Roster<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <&'de [u8]>::deserialize(deserializer)?;
        Roster::parse(bytes).ok_or_else(|| de::Error::custom("a damaged roster"))
    }
}
