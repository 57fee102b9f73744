use core::fmt::{self, Display, Write};
use core::hint::black_box;

use quorate::{Broken, Features, Founding, Incarnation, KeyId, Owner, RecordError, Seats};
use quorate_driver::LedgerError;
use quorate_flash::Damage;
use quorate_serial::{CallError, Fault, Misfit, Mislisted, ProposeError, StartError, Stop, Undone};
use quorate_wire::client::KeySet;
use quorate_wire::seal::{Name, NameError, Rights, RightsError, RingError};
use quorate_wire::{DecodeError, EncodeError};

use crate::link;

/// Where a board writes lines.
struct Console;

impl Write for Console {
    #[inline(never)]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        black_box(text);
        Ok(())
    }
}

/// What a board does with all of them alike.
fn show(what: &dyn Display) {
    let _ = write!(Console, "stopped: {what}");
}

type Fmt<T> = fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result;

/// Links all that a board shows: the errors of all crates, and what they are about.
#[inline(always)]
pub fn link_errors() {
    link(show as fn(&_));
    link(StartError::fmt as Fmt<StartError>);
    link(Stop::fmt as Fmt<Stop>);
    link(Undone::fmt as Fmt<Undone>);
    link(Mislisted::fmt as Fmt<Mislisted>);
    link(Misfit::fmt as Fmt<Misfit>);
    link(ProposeError::fmt as Fmt<ProposeError>);
    link(CallError::fmt as Fmt<CallError>);
    link(Fault::fmt as Fmt<Fault>);
    link(Damage::fmt as Fmt<Damage>);
    link(DecodeError::fmt as Fmt<DecodeError>);
    link(EncodeError::fmt as Fmt<EncodeError>);
    link(RingError::fmt as Fmt<RingError>);
    link(NameError::fmt as Fmt<NameError>);
    link(RightsError::fmt as Fmt<RightsError>);
    link(LedgerError::fmt as Fmt<LedgerError>);
    link(RecordError::fmt as Fmt<RecordError>);
    link(Broken::fmt as Fmt<Broken>);
    link(Owner::fmt as Fmt<Owner>);
    link(Founding::fmt as Fmt<Founding>);
    link(Incarnation::fmt as Fmt<Incarnation>);
    link(Seats::fmt as Fmt<Seats>);
    link(Features::fmt as Fmt<Features>);
    link(KeyId::fmt as Fmt<KeyId>);
    link(KeySet::fmt as Fmt<KeySet>);
    link(Name::fmt as Fmt<Name>);
    link(Rights::fmt as Fmt<Rights>);
}
