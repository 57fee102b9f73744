mod error;

pub use error::RecordError;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::log::torn;
use crate::{Index, Position, Roster, Session, Term};

/// What an entry is for. The numbers are those of the record's kind byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Kind {
    /// A command outside of any session.
    Command = 1,
    /// A command of a client's session: the [`Session`], then the command.
    Request = 2,
    /// Who takes part from here on: a [`Roster`].
    Members = 3,
}

impl Kind {
    #[cfg_attr(target_os = "none", inline(always))]
    fn from_byte(byte: u8) -> Option<Kind> {
        match byte {
            1 => Some(Kind::Command),
            2 => Some(Kind::Request),
            3 => Some(Kind::Members),
            _ => None,
        }
    }
}

/// Bytes of a record before its payload: index (8), term (8), kind (1), length of the payload (2), little endian.
pub(crate) const HEADER: usize = 19;

/// Bytes that a record takes beside its payload: the header, and a CRC-32C over header and payload at the end.
pub const RECORD_OVERHEAD: usize = HEADER + 4;

/// One entry of the log, borrowed from wherever its record lies.
///
/// An `Entry` is always whole: its length, kind, bounds and CRC were checked when it was made.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry<'a> {
    record: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Takes the first record off `bytes`, and returns it with the bytes behind it. Work is bounded by the record's
    /// length.
    ///
    /// # Errors
    /// The first thing that is wrong with the record.
    pub fn parse(bytes: &'a [u8]) -> Result<(Entry<'a>, &'a [u8]), RecordError> {
        let header = bytes.first_chunk::<HEADER>().ok_or(RecordError::Truncated)?;
        let (record, rest) = bytes.split_at_checked(record_length(header)).ok_or(RecordError::Truncated)?;
        let (body, check) = record.split_last_chunk::<4>().ok_or(RecordError::Truncated)?;
        if check_of(body) != *check {
            return Err(RecordError::Checksum);
        }
        let entry = Entry { record };
        if Kind::from_byte(header[16]).is_none() {
            return Err(RecordError::Kind(header[16]));
        }
        let Position { term, index } = entry.position();
        if index == Index(0) || index > Index::MAX || term == Term(0) || term > Term::MAX {
            return Err(RecordError::Bounds);
        }
        if !entry.is_sound() {
            return Err(RecordError::Payload);
        }
        Ok((entry, rest))
    }

    /// Whether the payload is one that the kind can have.
    fn is_sound(&self) -> bool {
        match self.kind() {
            Kind::Command => true,
            Kind::Request => self.request().is_some_and(|(session, rest)| session.sequence > 0 || rest.is_empty()),
            Kind::Members => Roster::parse(self.payload()).is_some(),
        }
    }

    /// Makes a record at the front of `room`, for whoever builds a log by hand: a test, a tool, an import.
    ///
    /// # Errors
    /// `None` if `room` is smaller than [`RECORD_OVERHEAD`] and `payload`, or [`parse`](Entry::parse) would refuse the
    /// record.
    pub fn write(room: &'a mut [u8], position: Position, kind: Kind, payload: &[u8]) -> Option<Entry<'a>> {
        let room = room.get_mut(..RECORD_OVERHEAD + payload.len())?;
        u16::try_from(payload.len()).ok()?;
        room[HEADER..HEADER + payload.len()].copy_from_slice(payload);
        seal_record(room, position, kind);
        Entry::parse(room).map(|(entry, _)| entry).ok()
    }

    /// A record that was checked when it came into the log.
    pub(crate) fn trusted(bytes: &'a [u8]) -> Entry<'a> {
        let header = bytes.first_chunk::<HEADER>().unwrap_or_else(|| torn());
        Entry { record: bytes.get(..record_length(header)).unwrap_or_else(|| torn()) }
    }

    /// Term and index.
    #[inline(always)]
    pub fn position(&self) -> Position {
        let header = self.header();
        Position { term: Term(number::<8>(header)), index: Index(number::<0>(header)) }
    }

    /// What the entry is for.
    #[inline(always)]
    pub fn kind(&self) -> Kind {
        Kind::from_byte(self.header()[16]).unwrap_or_else(|| torn())
    }

    /// Whose command it is, if it belongs to a session.
    pub fn session(&self) -> Option<Session> {
        match self.kind() {
            Kind::Request => self.request().map(|(session, _)| session),
            Kind::Command | Kind::Members => None,
        }
    }

    /// The command as postcard bytes, `None` in an entry that carries none: one that only opens a session, or says who
    /// takes part.
    pub fn command(&self) -> Option<&'a [u8]> {
        match self.kind() {
            Kind::Command => Some(self.payload()),
            Kind::Request => self.request().filter(|(session, _)| session.sequence > 0).map(|(_, command)| command),
            Kind::Members => None,
        }
    }

    /// Who takes part from here on, in an entry that says so.
    pub fn roster(&self) -> Option<Roster<'a>> {
        (self.kind() == Kind::Members).then(|| Roster::trusted(self.payload()))
    }

    /// The record as it stands in every log, frame and file.
    pub fn record(&self) -> &'a [u8] {
        self.record
    }

    fn payload(&self) -> &'a [u8] {
        let end = self.record.len().wrapping_sub(4);
        self.record.get(HEADER..end).unwrap_or_else(|| torn())
    }

    /// What a request's payload is made of. Number by number: all that reads one shares the code.
    #[cfg_attr(target_os = "none", inline(always))]
    fn request(&self) -> Option<(Session, &'a [u8])> {
        let (client, rest) = postcard::take_from_bytes(self.payload()).ok()?;
        let (epoch, rest) = postcard::take_from_bytes(rest).ok()?;
        let (sequence, rest) = postcard::take_from_bytes(rest).ok()?;
        Some((Session { client, epoch: Index(epoch), sequence }, rest))
    }

    #[cfg_attr(target_os = "none", inline(always))]
    fn header(&self) -> &'a [u8; HEADER] {
        self.record.first_chunk().unwrap_or_else(|| torn())
    }
}

/// How long the record of this header is.
fn record_length(header: &[u8; HEADER]) -> usize {
    RECORD_OVERHEAD + usize::from(u16::from_le_bytes([header[17], header[18]]))
}

/// The number at this place.
fn number<const AT: usize>(header: &[u8; HEADER]) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&header[AT..AT + 8]);
    u64::from_le_bytes(bytes)
}

impl core::fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Position { term, index } = self.position();
        write!(f, "{}@{} {:?} {} bytes", index.0, term.0, self.kind(), self.payload().len())
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Entry<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let Position { term, index } = self.position();
        defmt::write!(f, "{}@{} {} {} bytes", index.0, term.0, self.kind(), self.payload().len());
    }
}

/// Consecutive entries, as their records stand one behind the other.
///
/// Every record was checked when the value was made; indices rise by one, terms never fall.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Entries<'a> {
    bytes: &'a [u8],
}

impl<'a> Entries<'a> {
    /// Checks that `bytes` are whole consecutive records and nothing else. Work is bounded by their length.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Entries<'a>, RecordError> {
        let mut rest = bytes;
        let mut previous: Option<Position> = None;
        while !rest.is_empty() {
            let (entry, behind) = Entry::parse(rest)?;
            let position = entry.position();
            if previous.is_some_and(|last| position.index != last.index.next() || position.term < last.term) {
                return Err(RecordError::Order);
            }
            previous = Some(position);
            rest = behind;
        }
        Ok(Entries { bytes })
    }

    /// Records that were checked when they came into the log.
    pub(crate) fn trusted(bytes: &'a [u8]) -> Entries<'a> {
        Entries { bytes }
    }

    /// The records as they stand.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The first entry.
    pub fn first(&self) -> Option<Entry<'a>> {
        (!self.bytes.is_empty()).then(|| Entry::trusted(self.bytes))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        if self.bytes.is_empty() {
            return None;
        }
        let entry = Entry::trusted(self.bytes);
        self.bytes = self.bytes.get(entry.record.len()..).unwrap_or_else(|| torn());
        Some(entry)
    }
}

impl core::fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Entries<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        for entry in *self {
            defmt::write!(f, "[{}]", entry);
        }
    }
}

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.bytes)
    }
}

/// Borrows, and refuses bytes that [`Entries::parse`] refuses.
impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <&'de [u8]>::deserialize(deserializer)?;
        Entries::parse(bytes).map_err(|_| de::Error::custom("damaged records"))
    }
}

/// Makes a record of a payload that stands in its place: puts the header before it, and the check behind it.
pub(crate) fn seal_record(record: &mut [u8], position: Position, kind: Kind) {
    let payload = record.len() - RECORD_OVERHEAD;
    let header = record.first_chunk_mut::<HEADER>().unwrap_or_else(|| torn());
    header[0..8].copy_from_slice(&position.index.0.to_le_bytes());
    header[8..16].copy_from_slice(&position.term.0.to_le_bytes());
    header[16] = kind as u8;
    header[17..19].copy_from_slice(&(payload as u16).to_le_bytes());
    let (covered, check) = record.split_last_chunk_mut::<4>().unwrap_or_else(|| torn());
    *check = check_of(covered);
}

/// What stands at a record's end: it covers the header as well, its length included.
fn check_of(covered: &[u8]) -> [u8; 4] {
    crc32c(covered).to_le_bytes()
}

/// The CRC-32C that records, frames and files carry.
pub fn crc32c(bytes: &[u8]) -> u32 {
    crc32c_append(0, bytes)
}

/// The CRC-32C of bytes whose front has the CRC-32C `check` (of nothing: zero) and whose rest is `bytes`.
#[cfg(target_os = "none")]
pub fn crc32c_append(check: u32, bytes: &[u8]) -> u32 {
    const CRC: crc::Crc<u32, crc::NoTable> = crc::Crc::<u32, crc::NoTable>::new(&crc::CRC_32_ISCSI);
    let mut digest = CRC.digest_with_initial((!check).reverse_bits());
    digest.update(bytes);
    digest.finalize()
}

/// The CRC-32C of bytes whose front has the CRC-32C `check` (of nothing: zero) and whose rest is `bytes`.
#[cfg(not(target_os = "none"))]
pub fn crc32c_append(check: u32, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(check, bytes)
}
