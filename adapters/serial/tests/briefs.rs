//! What a board shows of its errors.

use std::collections::HashSet;
use std::fmt::{Debug, Display};
use std::time::Duration;

use embedded_storage::nor_flash::NorFlashErrorKind;
use quorate::{
    BootError, Brief, CommandError, ConfigError, Dismissal, Features, Index, Owner, Position, RecordError, Seat, Seats,
    Term,
};
use quorate_driver::LedgerError;
use quorate_flash::{Damage, FlashError, LayoutError};
use quorate_serial::{CallError, Misfit, Mislisted, ProposeError, StartError, Stop, Undone};
use quorate_wire::client::Reason;
use quorate_wire::{DecodeError, EncodeError};

/// An error, as a board and as a host show it, and what its variant is called.
struct Shown {
    brief: Brief,
    sentence: String,
    variant: String,
}

fn shown<E: Copy + Debug + Display + Into<Brief>>(errors: &[E]) -> Vec<Shown> {
    let shown = |error: &E| Shown {
        brief: (*error).into(),
        sentence: error.to_string(),
        variant: spaced(&format!("{error:?}")),
    };
    errors.iter().map(shown).collect()
}

/// What a value's variant is called, in words: `not a member` for `NotAMember { .. }`.
fn spaced(debug: &str) -> String {
    let name = debug.chars().take_while(|letter| letter.is_alphanumeric());
    let mut words = String::new();
    for letter in name {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// Errors whose word is their variant's name.
fn enumerations() -> Vec<Shown> {
    let owner = |cluster, seat| Owner { cluster, seat: Seat(seat) };
    let position = |index, term| Position { index: Index(index), term: Term(term) };
    let (n0, n1) = (Seats::NONE.with(Seat(0)), Seats::NONE.with(Seat(1)));
    [
        shown(&[
            ConfigError::NoVoters,
            ConfigError::TooManySeats { seats: 3 },
            ConfigError::LearnerVotes,
            ConfigError::WitnessUnsupported,
            ConfigError::OutgoingVoters,
            ConfigError::NotAMember { seat: Seat(2) },
            ConfigError::NotDrawn,
            ConfigError::RosterTooLong { room: 100 },
            ConfigError::HeartbeatTooShort,
            ConfigError::ElectionTooShort,
            ConfigError::ElectionTooLong,
            ConfigError::ElectionBelowLeast { micros: 1, least: 2 },
            ConfigError::FrameTooSmall,
            ConfigError::LogTooSmall { bytes: 1, least: 2 },
            ConfigError::WindowTooSmall,
            ConfigError::SnapshotFill,
            ConfigError::SnapshotRate,
        ]),
        shown(&[
            BootError::NoMember,
            BootError::Bounds { term: Term(1), index: Index(2) },
            BootError::Gap { last: position(3, 1), found: position(5, 1) },
            BootError::TooLarge { index: Index(1), bytes: 300, limit: 200 },
            BootError::Full { index: Index(1) },
            BootError::Outdated { features: Features::LEASES },
        ]),
        shown(&[
            RecordError::Truncated,
            RecordError::Checksum,
            RecordError::Kind(9),
            RecordError::Bounds,
            RecordError::Payload,
            RecordError::Order,
        ]),
        shown(&[
            DecodeError::Length,
            DecodeError::Version(9),
            DecodeError::Class(9),
            DecodeError::Sealed(9),
            DecodeError::Checksum,
            DecodeError::Malformed,
            DecodeError::Cluster,
            DecodeError::Destination,
            DecodeError::Founding,
            DecodeError::Plain,
            DecodeError::Tag,
            DecodeError::Session,
            DecodeError::Repeated,
        ]),
        shown(&[LedgerError::Version(2), LedgerError::Unreadable]),
        shown(&[
            LayoutError::WordSize { bytes: 64 },
            LayoutError::PageSize { bytes: 64, needed: 512 },
            LayoutError::Misaligned { address: 1, page: 512 },
            LayoutError::OutOfBounds { end: 512, capacity: 256 },
            LayoutError::Overlap,
            LayoutError::LogTooSmall { bytes: 512, needed: 1024 },
            LayoutError::SnapshotsTooSmall { bytes: 512, needed: 1536 },
        ]),
        shown(&[
            FlashError::Damaged { address: 512, what: Damage::Head },
            FlashError::DamagedSnapshot { address: 512 },
            FlashError::Foreign { found: owner(1, 0), wanted: owner(2, 0) },
            FlashError::ForeignSnapshot { address: 512 },
            FlashError::NotBlank { address: 512 },
            FlashError::Occupied,
            FlashError::Scratch { needed: 100 },
            FlashError::LogFull { needed: 3, free: 1 },
            FlashError::RosterTooLong { bytes: 400, room: 300 },
            FlashError::SnapshotTooLarge { bytes: 400, room: 300 },
            FlashError::NotLater { latest: Index(9) },
            FlashError::NoSnapshot { index: Index(9) },
            FlashError::Miscounted,
        ]),
        shown(&[
            StartError::Strangers { listed: n0, members: n1 },
            StartError::RestoredFor { members: n0, listed: n1 },
            StartError::Snapshot { needed: 200, room: 100 },
        ]),
        shown(&[Stop::SnapshotTooLong { room: 100 }, Stop::ForeignSnapshot { index: Index(9) }]),
        shown(&[Undone::TooLong { room: 100 }]),
        shown(&[ProposeError::Busy, ProposeError::TooLarge { limit: 100 }]),
        shown(&[CallError::Refused(Reason::Full), CallError::Unknown, CallError::Mismatch, CallError::Unreadable]),
        shown(&[
            Misfit::Heartbeat {
                percent: 60,
                heartbeat_min: Duration::from_millis(1500),
                baud_min: Some(9600),
                stations_max: None,
            },
            Misfit::Frame { bytes_min: 100 },
        ]),
        #[cfg(feature = "seal")]
        shown(&{
            use quorate_wire::seal::RingError;
            [RingError::Taken, RingError::Unknown, RingError::Full, RingError::Used]
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Errors that have a word of their own.
fn others() -> Vec<Shown> {
    let io = |operation, kind| FlashError::Io { operation, address: 512, kind };
    let owner = |seat| Owner { cluster: 1, seat: Seat(seat) };
    [
        shown(&[
            io("read", NorFlashErrorKind::Other),
            io("write", NorFlashErrorKind::NotAligned),
            io("write", NorFlashErrorKind::OutOfBounds),
            FlashError::Foreign { found: owner(0), wanted: owner(1) },
            FlashError::Reshaped { what: "word", found: 4, wanted: 8 },
            FlashError::LaterVersion { address: 512, what: "version", number: 2 },
        ]),
        shown(&[
            Stop::Dismissed(Dismissal::Removed),
            Stop::Dismissed(Dismissal::Replaced),
            Stop::Dismissed(Dismissal::Outdated(Features::LEASES)),
        ]),
        shown(&[CommandError(Index(9))]),
        shown(&[EncodeError { room: 100 }]),
        shown(&[Mislisted { strangers: Seats::first(2), unlisted: Seats::NONE }]),
        shown(&[Damage::Head, Damage::LogMissing]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn no_two_errors_look_alike_on_a_board() {
    let mut seen = HashSet::new();
    for Shown { brief, sentence, .. } in enumerations().into_iter().chain(others()) {
        assert!(seen.insert((brief.of, brief.word, brief.numbers)), "there are two of {brief}: {sentence}");
    }
}

#[test]
fn an_error_is_called_on_a_board_as_in_the_program() {
    for Shown { brief, variant, .. } in enumerations() {
        assert_eq!(brief.word, variant, "{brief}");
    }
}

#[test]
fn hosts_show_sentences() {
    for Shown { brief, sentence, .. } in enumerations().into_iter().chain(others()) {
        assert_ne!(sentence, brief.to_string());
        assert!(sentence.len() > brief.word.len(), "{sentence}");
    }
}

#[test]
fn what_wraps_an_error_is_shown_as_that() {
    let boot = BootError::Full { index: Index(7) };
    let flash = FlashError::LogFull { needed: 3, free: 1 };
    let expected = [(StartError::Boot(boot).into(), boot.into()), (Stop::Flash(flash).into(), flash.into())];
    let deeper: [(Brief, Brief); 2] = [
        (StartError::Stop(Stop::Boot(BootError::Charter(ConfigError::NoVoters))).into(), ConfigError::NoVoters.into()),
        (FlashError::Layout(LayoutError::Overlap).into(), LayoutError::Overlap.into()),
    ];
    expected.into_iter().chain(deeper).for_each(|(outer, inner): (Brief, Brief)| assert_eq!(outer, inner));
}

#[test]
fn numbers_are_what_the_errors_name() {
    let says = |brief: Brief, text| assert_eq!(brief.to_string(), text);
    says(FlashError::LogFull { needed: 3, free: 0 }.into(), "flash: log full 0x3 0x0");
    says(FlashError::Damaged { address: 0x1c00, what: Damage::Misplaced }.into(), "flash: damaged 0x1c00 0x2");
    says(
        StartError::Strangers { listed: Seats::first(3), members: Seats(0x8000_0000) }.into(),
        "start: strangers 0x7 0x80000000",
    );
    says(CommandError(Index(u64::MAX)).into(), "command: unreadable 0xffffffffffffffff 0x0");
    says(
        BootError::Gap { last: Position::default(), found: Position { index: Index(0x1_0000_0000), term: Term(1) } }
            .into(),
        "boot: gap 0x0 0x100000000",
    );
}
