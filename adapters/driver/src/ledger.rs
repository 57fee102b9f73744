use core::fmt;

use postcard::ser_flavors::Flavor;
use quorate::{Brief, Entry, Index, Sessions, Verdict, crc32c_append};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Who has a session, and what was answered last: all that is replicated beside the application's own state. A snapshot
/// begins with it, in the form of [SNAPSHOT.md](https://docs.rs/crate/quorate-driver/latest/source/SNAPSHOT.md).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ledger<T: Clone, const CLIENTS: usize>(Sessions<Kept<T>, CLIENTS>);

impl<T: Clone, const CLIENTS: usize> Ledger<T, CLIENTS> {
    /// No client yet, and as many admitted as there is room for.
    pub const fn new() -> Self {
        Ledger(Sessions::new())
    }

    /// No client yet, and only so many admitted; `None` if there is not room for as many, or if that is nobody.
    pub fn for_clients(limit: usize) -> Option<Self> {
        Sessions::for_clients(limit).map(Ledger)
    }

    /// How many clients have a session.
    pub fn clients(&self) -> usize {
        self.0.len()
    }

    /// The epoch of a client's session.
    pub fn epoch(&self, client: u64) -> Option<Index> {
        self.0.epoch(client)
    }

    /// The most bytes of a full ledger in a snapshot, if an answer has at most so many.
    pub const fn bytes_max(answer_bytes: usize) -> usize {
        let answer = answer_bytes.saturating_add(varint(answer_bytes));
        FRONT_BYTES.saturating_add(Sessions::<Kept<T>, CLIENTS>::snapshot_bytes_max(answer))
    }

    pub(crate) fn admit(&mut self, entry: Entry<'_>) -> Option<Verdict<Kept<T>>> {
        self.0.admit(entry)
    }

    pub(crate) fn record(&mut self, entry: Entry<'_>, answer: T) {
        self.0.record(entry, Kept(answer));
    }
}

impl<T: Clone + AsRef<[u8]>, const CLIENTS: usize> Ledger<T, CLIENTS> {
    /// How many bytes it takes in a snapshot.
    pub fn bytes(&self) -> usize {
        FRONT_BYTES + self.put(Sink::nowhere()).map_or(0, |written| written.length)
    }

    /// Writes it to the front of `buffer`: how many bytes, or `None` if it does not fit.
    pub fn write(&self, buffer: &mut [u8]) -> Option<usize> {
        let (front, rest) = buffer.split_first_chunk_mut::<FRONT_BYTES>()?;
        let room = rest.len();
        let length = self.put(Sink { room: rest, ..Sink::nowhere() })?.length;
        let bytes = VERSION.to_le_bytes().into_iter().chain((length as u64).to_le_bytes());
        front.iter_mut().zip(bytes).for_each(|(room, byte)| *room = byte);
        (length <= room).then_some(FRONT_BYTES + length)
    }

    /// A check of all of it: equal on all nodes that have applied the same index.
    pub(crate) fn check(&self) -> u32 {
        self.put(Sink::nowhere()).map_or(0, |written| written.check)
    }

    /// Numbers and bytes can always be written.
    fn put(&self, sink: Sink<'_>) -> Option<Written> {
        postcard::serialize_with_flavor(&self.0, sink).ok()
    }
}

impl<T: Clone + for<'a> TryFrom<&'a [u8]>, const CLIENTS: usize> Ledger<T, CLIENTS> {
    /// How many bytes follow the first ones of a snapshot before the application's own.
    ///
    /// # Errors
    /// Another version of the program wrote them.
    pub fn length(front: &[u8; FRONT_BYTES]) -> Result<u64, LedgerError> {
        let [a, b, c, d, length @ ..] = *front;
        match u32::from_le_bytes([a, b, c, d]) {
            VERSION => Ok(u64::from_le_bytes(length)),
            version => Err(LedgerError::Version(version)),
        }
    }

    /// Reads what [`length`](Ledger::length) has told the length of.
    ///
    /// # Errors
    /// The bytes are no ledger, or one with more clients, or longer answers, than there is room for here.
    pub fn read(bytes: &[u8]) -> Result<Self, LedgerError> {
        postcard::from_bytes(bytes).map(Ledger).map_err(|_| LedgerError::Unreadable)
    }

    /// Reads a whole snapshot: the ledger, and the application's own bytes.
    ///
    /// # Errors
    /// As [`length`](Ledger::length) and [`read`](Ledger::read).
    pub fn split(snapshot: &[u8]) -> Result<(Self, &[u8]), LedgerError> {
        let (ledger, state) = Self::parts(snapshot)?;
        Ok((Self::read(ledger)?, state))
    }

    /// What is to be [read](Ledger::read) of a whole snapshot, and the application's own bytes.
    pub(crate) fn parts(snapshot: &[u8]) -> Result<(&[u8], &[u8]), LedgerError> {
        let (front, rest) = snapshot.split_first_chunk().ok_or(LedgerError::Unreadable)?;
        let length = usize::try_from(Self::length(front)?).map_err(|_| LedgerError::Unreadable)?;
        rest.split_at_checked(length).ok_or(LedgerError::Unreadable)
    }
}

/// The version of the bytes that stand before the application's own in a snapshot.
const VERSION: u32 = 1;

/// What a snapshot begins with: the version, and the length of the sessions.
pub const FRONT_BYTES: usize = 12;

/// How many bytes postcard takes for a length.
const fn varint(length: usize) -> usize {
    let bits = usize::BITS - length.leading_zeros();
    if bits == 0 { 1 } else { bits.div_ceil(7) as usize }
}

/// Why what a snapshot begins with is of no use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerError {
    /// It is of this version, which this crate does not read.
    Version(u32),
    /// It is cut short, or no ledger, or one of more than there is room for here.
    Unreadable,
}

impl From<LedgerError> for Brief {
    fn from(error: LedgerError) -> Brief {
        let (word, numbers) = match error {
            LedgerError::Version(version) => ("version", [version.into(), 0]),
            LedgerError::Unreadable => ("unreadable", [0, 0]),
        };
        Brief { of: "ledger", word, numbers }
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        match self {
            LedgerError::Version(version) => {
                write!(f, "it is of version {version}, and this program reads version {VERSION}")
            }
            LedgerError::Unreadable => f.write_str("its sessions cannot be read"),
        }
    }
}

impl core::error::Error for LedgerError {}

/// An answer that is kept for a client's retries: in a snapshot, its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kept<T>(pub(crate) T);

impl<T: AsRef<[u8]>> Serialize for Kept<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0.as_ref())
    }
}

impl<'de, T: TryFrom<&'de [u8]>> Deserialize<'de> for Kept<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <&'de [u8]>::deserialize(deserializer)?;
        T::try_from(bytes).map(Kept).map_err(|_| D::Error::custom("another application's answer"))
    }
}

/// Writes as much as there is room for, and keeps count of all of it.
struct Sink<'b> {
    room: &'b mut [u8],
    written: Written,
}

/// How many bytes were to be written, and their check.
#[derive(Default)]
struct Written {
    length: usize,
    check: u32,
}

impl Sink<'_> {
    /// There is no room.
    fn nowhere() -> Self {
        Sink { room: &mut [], written: Written::default() }
    }
}

impl Flavor for Sink<'_> {
    type Output = Written;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        let room = self.room.get_mut(self.written.length..).unwrap_or_default();
        room.iter_mut().zip(bytes).for_each(|(room, byte)| *room = *byte);
        self.written.length += bytes.len();
        self.written.check = crc32c_append(self.written.check, bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Written> {
        Ok(self.written)
    }
}
