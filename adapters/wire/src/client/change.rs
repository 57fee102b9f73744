use postcard::Result;
use quorate::{Change, KeyId, Seats, Unchanged};

use crate::fields::{self, Fields, Writer, numbers};

pub(super) fn write(out: &mut Writer<'_>, change: &Change<'_>) -> Result<()> {
    let (number, seat, address) = match *change {
        Change::Add { seat, address } => (0, seat, Some(address)),
        Change::Promote { seat } => (1, seat, None),
        Change::Remove { seat } => (2, seat, None),
        Change::Move { seat, address } => (3, seat, Some(address)),
        Change::Enable { features } => return numbers(out, &[4, features.0.into()]),
        Change::UseKey { key } => return fields::raw(out, &[5, key.number()]),
    };
    fields::raw(out, &[number, seat.0])?;
    address.map_or(Ok(()), |address| fields::bytes(out, address))
}

pub(super) fn read<'f>(fields: &mut Fields<'f>) -> Option<Change<'f>> {
    let number = fields.number();
    if number == 4 {
        return Some(Change::Enable { features: fields.features() });
    }
    if number == 5 {
        return Some(Change::UseKey { key: KeyId::new(fields.byte())? });
    }
    let seat = fields.seat();
    Some(match number {
        0 => Change::Add { seat, address: fields.bytes() },
        1 => Change::Promote { seat },
        2 => Change::Remove { seat },
        3 => Change::Move { seat, address: fields.bytes() },
        _ => return None,
    })
}

pub(super) fn write_unchanged(out: &mut Writer<'_>, reason: Unchanged) -> Result<()> {
    let number = match reason {
        Unchanged::NotEstablished => 0,
        Unchanged::UnderWay => 1,
        Unchanged::Unknown => 2,
        Unchanged::Known => 3,
        Unchanged::NoSeat => 4,
        Unchanged::AddressInUse(seat) => return fields::raw(out, &[5, seat.0]),
        Unchanged::Unheard(seats) => return numbers(out, &[6, seats.0.into()]),
        Unchanged::LastVoter => 7,
        Unchanged::TooSlow => 8,
        Unchanged::TooLarge => 9,
        Unchanged::Outdated(seats) => return numbers(out, &[10, seats.0.into()]),
    };
    numbers(out, &[number])
}

pub(super) fn read_unchanged(fields: &mut Fields<'_>) -> Option<Unchanged> {
    Some(match fields.number() {
        0 => Unchanged::NotEstablished,
        1 => Unchanged::UnderWay,
        2 => Unchanged::Unknown,
        3 => Unchanged::Known,
        4 => Unchanged::NoSeat,
        5 => Unchanged::AddressInUse(fields.seat()),
        6 => Unchanged::Unheard(Seats(fields.short())),
        7 => Unchanged::LastVoter,
        8 => Unchanged::TooSlow,
        9 => Unchanged::TooLarge,
        10 => Unchanged::Outdated(Seats(fields.short())),
        _ => return None,
    })
}
