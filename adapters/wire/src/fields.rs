use postcard::Result;
use postcard::ser_flavors::{Flavor, Slice};
use quorate::{
    Features, Founding, Incarnation, Index, Members, Position, Roster, Seat, Seats, Settled, Snapshot, Term,
};

/// Where the fields of a body are written.
pub(crate) type Writer<'b> = postcard::Serializer<Slice<'b>>;

/// Writes numbers, each as a varint; so are flags, and the numbers of variants.
#[cfg_attr(target_os = "none", inline(never))]
pub(crate) fn numbers(out: &mut Writer<'_>, numbers: &[u64]) -> Result<()> {
    numbers.iter().try_for_each(|number| {
        let mut rest = *number;
        while rest >= 128 {
            out.output.try_push(rest as u8 | 128)?;
            rest >>= 7;
        }
        out.output.try_push(rest as u8)
    })
}

/// Writes bytes behind their length.
pub(crate) fn bytes(out: &mut Writer<'_>, bytes: &[u8]) -> Result<()> {
    numbers(out, &[bytes.len() as u64])?;
    raw(out, bytes)
}

/// Writes bytes as they are, seats among them.
pub(crate) fn raw(out: &mut Writer<'_>, bytes: &[u8]) -> Result<()> {
    out.output.try_extend(bytes)
}

/// Writes a random number as it is, little endian: a varint of one would be longer.
pub(crate) fn random(out: &mut Writer<'_>, number: u64) -> Result<()> {
    raw(out, &number.to_le_bytes())
}

#[cfg_attr(target_os = "none", inline(never))]
fn option_of_random(out: &mut Writer<'_>, number: Option<u64>) -> Result<()> {
    numbers(out, &[number.is_some().into()])?;
    number.map_or(Ok(()), |number| random(out, number))
}

pub(crate) fn founding(out: &mut Writer<'_>, founding: Option<Founding>) -> Result<()> {
    option_of_random(out, founding.map(|founding| founding.0))
}

/// Writes a founder's life as 0, another one as 1 and its number as it is.
pub(crate) fn incarnation(out: &mut Writer<'_>, incarnation: Incarnation) -> Result<()> {
    option_of_random(out, (incarnation != Incarnation::FOUNDER).then_some(incarnation.0))
}

pub(crate) fn seat(out: &mut Writer<'_>, seat: Option<Seat>) -> Result<()> {
    numbers(out, &[seat.is_some().into()])?;
    seat.map_or(Ok(()), |seat| raw(out, &[seat.0]))
}

pub(crate) fn snapshot(out: &mut Writer<'_>, snapshot: &Snapshot) -> Result<()> {
    let Snapshot { position, bytes, check } = *snapshot;
    numbers(out, &[position.term.0, position.index.0, bytes, check.into()])
}

pub(crate) fn members(out: &mut Writer<'_>, members: &Members) -> Result<()> {
    let Members { voters, outgoing, replaced, learners, witnesses } = *members;
    numbers(out, &[voters, outgoing, replaced, learners, witnesses].map(|seats| seats.0.into()))
}

pub(crate) fn settled(out: &mut Writer<'_>, settled: &Settled<'_>) -> Result<()> {
    numbers(out, &[settled.since.0])?;
    bytes(out, settled.roster.bytes())
}

/// The fields of a body that are not read yet. One that is not there, or not of its kind, makes the body malformed.
pub(crate) struct Fields<'f> {
    rest: &'f [u8],
    /// What stands behind the body.
    records: &'f [u8],
    is_malformed: bool,
}

impl<'f> Fields<'f> {
    pub(crate) fn of(body: &'f [u8]) -> Fields<'f> {
        Fields::before(&[], body)
    }

    /// Those of a body with records behind it.
    pub(crate) fn before(records: &'f [u8], body: &'f [u8]) -> Fields<'f> {
        Fields { rest: body, records, is_malformed: false }
    }

    /// Whether all was sound so far.
    pub(crate) fn are_sound(&self) -> bool {
        !self.is_malformed
    }

    /// Whether all was sound, and nothing is left.
    pub(crate) fn are_complete(&self) -> bool {
        self.rest.is_empty() && self.records.is_empty() && self.are_sound()
    }

    /// In the place of a field that is none.
    pub(crate) fn malformed<T>(&mut self, instead: T) -> T {
        self.is_malformed = true;
        instead
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.rest.split_first() else { return self.malformed(0) };
        self.rest = rest;
        *byte
    }

    pub(crate) fn number(&mut self) -> u64 {
        // Most of them are small.
        if let [small @ 0..128, rest @ ..] = self.rest {
            self.rest = rest;
            return u64::from(*small);
        }
        if let [low @ 128..=255, high @ 0..128, rest @ ..] = self.rest {
            self.rest = rest;
            return u64::from(low & 127) | u64::from(*high) << 7;
        }
        self.long_number()
    }

    #[inline(never)]
    fn long_number(&mut self) -> u64 {
        let Ok((number, rest)) = postcard::take_from_bytes(self.rest) else { return self.malformed(0) };
        self.rest = rest;
        number
    }

    pub(crate) fn short(&mut self) -> u32 {
        u32::try_from(self.number()).unwrap_or_else(|_| self.malformed(0))
    }

    pub(crate) fn features(&mut self) -> Features {
        Features(self.short())
    }

    pub(crate) fn random(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    pub(crate) fn array<const BYTES: usize>(&mut self) -> [u8; BYTES] {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else { return self.malformed([0; BYTES]) };
        self.rest = rest;
        *bytes
    }

    fn option_of_random(&mut self) -> Option<u64> {
        self.flag().then(|| self.random())
    }

    pub(crate) fn founding(&mut self) -> Option<Founding> {
        self.option_of_random().map(Founding)
    }

    /// A life: a number that was drawn is never a founder's.
    pub(crate) fn incarnation(&mut self) -> Incarnation {
        match self.option_of_random().map(Incarnation) {
            None => Incarnation::FOUNDER,
            Some(Incarnation::FOUNDER) => self.malformed(Incarnation::FOUNDER),
            Some(drawn) => drawn,
        }
    }

    pub(crate) fn flag(&mut self) -> bool {
        match self.byte() {
            0 => false,
            1 => true,
            _ => self.malformed(false),
        }
    }

    /// The records behind the body, if there are any.
    pub(crate) fn records(&mut self) -> Option<&'f [u8]> {
        Some(core::mem::take(&mut self.records)).filter(|records| !records.is_empty())
    }

    pub(crate) fn bytes(&mut self) -> &'f [u8] {
        let length = self.short() as usize;
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else { return self.malformed(&[]) };
        self.rest = rest;
        bytes
    }

    pub(crate) fn text(&mut self) -> &'f str {
        core::str::from_utf8(self.bytes()).unwrap_or_else(|_| self.malformed(""))
    }

    /// A seat that there can be.
    pub(crate) fn seat(&mut self) -> Seat {
        Seat::new(self.byte()).unwrap_or_else(|| self.malformed(Seat(0)))
    }

    pub(crate) fn option_of_seat(&mut self) -> Option<Seat> {
        self.flag().then(|| self.seat())
    }

    pub(crate) fn index(&mut self) -> Index {
        Index(self.number())
    }

    pub(crate) fn position(&mut self) -> Position {
        Position { term: Term(self.number()), index: self.index() }
    }

    pub(crate) fn snapshot(&mut self) -> Snapshot {
        Snapshot { position: self.position(), bytes: self.number(), check: self.short() }
    }

    pub(crate) fn members(&mut self) -> Members {
        let [voters, outgoing, replaced, learners, witnesses] = core::array::from_fn(|_| Seats(self.short()));
        Members { voters, outgoing, replaced, learners, witnesses }
    }

    /// A roster that is sound. There is none to put in the place of another one.
    pub(crate) fn roster(&mut self) -> Option<Roster<'f>> {
        Roster::parse(self.bytes())
    }

    pub(crate) fn settled(&mut self) -> Option<Settled<'f>> {
        Some(Settled { since: self.index(), roster: self.roster()? })
    }
}
