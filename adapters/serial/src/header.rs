use crc::{CRC_8_ROHC, Crc, NoTable};
use quorate::Seat;

use crate::Fault;

/// Who is on the lines: a member, by its seat, or a guest, such as a tool or a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Address(u8);

impl Address {
    /// How many guests can be told apart.
    pub const GUESTS: u8 = 64;

    /// The guest of this number; `None` from [`GUESTS`](Address::GUESTS) on.
    pub const fn guest(number: u8) -> Option<Address> {
        if number < Address::GUESTS { Some(Address(FIRST_GUEST + number)) } else { None }
    }

    /// The member's seat, if it is one.
    pub fn seat(self) -> Option<Seat> {
        (self.0 < FIRST_GUEST).then_some(Seat(self.0))
    }
}

impl From<Seat> for Address {
    fn from(seat: Seat) -> Self {
        Address(seat.0 % FIRST_GUEST)
    }
}

/// What stands before each frame on a line. Every station that passes the frame on writes it anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Header {
    /// How many more lines the frame may go over, this one not counted: at most [`HOPS_MAX`](Header::HOPS_MAX).
    pub hops: u8,
    /// The frame met a wire that is cut, and has turned round: it does so once.
    pub turned: bool,
    /// The neighbour that sends this hears who receives it.
    pub hears: bool,
    /// For whom the frame is.
    pub to: Address,
    /// Who sent it first.
    pub from: Address,
}

impl Header {
    /// The most lines that a frame can go over after its first.
    pub const HOPS_MAX: u8 = 63;

    /// Bytes of a header on the line.
    pub const BYTES: usize = 4;

    /// The header as it goes over the line.
    pub fn write(&self) -> [u8; Header::BYTES] {
        let Header { hops, turned, hears, to, from } = *self;
        let way = hops.min(Header::HOPS_MAX) | u8::from(turned) << 6 | u8::from(hears) << 7;
        [way, to.0, from.0, check([way, to.0, from.0])]
    }

    /// Reads the header at the front of what came over a line, and gives what follows it.
    ///
    /// # Errors
    /// [`Fault::Short`], [`Fault::Header`] if its check does not match, or [`Fault::Reserved`].
    pub fn read(bytes: &[u8]) -> Result<(Header, &[u8]), Fault> {
        let &[way, to, from, found] = bytes.first_chunk().ok_or(Fault::Short)?;
        let rest = bytes.get(Header::BYTES..).ok_or(Fault::Short)?;
        if check([way, to, from]) != found {
            return Err(Fault::Header);
        }
        if to >= RESERVED || from >= RESERVED {
            return Err(Fault::Reserved);
        }
        let header = Header {
            hops: way & Header::HOPS_MAX,
            turned: way & 1 << 6 != 0,
            hears: way & 1 << 7 != 0,
            to: Address(to),
            from: Address(from),
        };
        Ok((header, rest))
    }
}

/// Finds every change of up to three bits, and any within eight bits in a row. Without a table: three bytes need none.
fn check(bytes: [u8; 3]) -> u8 {
    const CRC: Crc<u8, NoTable> = Crc::<u8, NoTable>::new(&CRC_8_ROHC);
    CRC.checksum(&bytes)
}

/// Seats end before, at 31.
const FIRST_GUEST: u8 = 64;

/// Addresses from here on are kept for a shared half-duplex bus: who may speak, and frames to everyone.
const RESERVED: u8 = FIRST_GUEST + Address::GUESTS;

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let from = Address::guest(3).expect("there are more");
        Header { hops: 5, turned: false, hears: true, to: Seat(2).into(), from }
    }

    #[test]
    fn a_header_comes_back_as_it_was_written() {
        let mut bytes = header().write().to_vec();
        bytes.push(9);
        assert_eq!(Header::read(&bytes), Ok((header(), &[9][..])));
    }

    #[test]
    fn up_to_three_changed_bits_are_noticed() {
        let sound = u32::from_le_bytes(header().write());
        let bits = || (0..=32).map(|bit| 1u32.checked_shl(bit).unwrap_or(0));
        for (first, second, third) in bits().flat_map(|a| bits().flat_map(move |b| bits().map(move |c| (a, b, c)))) {
            let damaged = sound ^ (first | second | third);
            let read = Header::read(&damaged.to_le_bytes()).map(|(found, _)| found);
            assert_eq!(read.is_ok(), damaged == sound, "{damaged:08x}");
        }
    }

    #[test]
    fn what_is_reserved_is_refused() {
        for (to, from) in [(RESERVED, 0), (0, RESERVED), (255, 255)] {
            let bytes = Header { to: Address(to), from: Address(from), ..header() }.write();
            assert_eq!(Header::read(&bytes), Err(Fault::Reserved));
        }
        assert_eq!(Header::read(&[1, 2, 3]), Err(Fault::Short));
        assert_eq!(Address::guest(Address::GUESTS), None);
    }
}
