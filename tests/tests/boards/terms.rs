//! A board whose leaders come and go, and commit nothing; and one whose leader has more than it can hold.

use quorate::{
    Entries, Entry, Incarnation, Index, Instant, Kind, Members, Message, Position, Refusal, Seat, Seats, Snapshot, Term,
};
use quorate_serial::{Header, Memory, Routes, Settings, Transmitter, Wiring};
use quorate_tests::boards::{CLUSTER, Chip, FOUNDING, FRAME, Presses, Record, Setting, Simulated, charter};
use quorate_wire::{Envelope, encode};

const LOG: usize = 512;

/// The flash of board 0 of two that have founded their cluster.
fn founded() -> Chip {
    Chip::founded(Seat(0), &charter(Members::of(Seats::first(2)), LOG), LOG)
}

fn boot(chip: &Chip) -> Simulated {
    let settings = Settings {
        cluster: CLUSTER,
        seat: Seat(0),
        members: Members::of(Seats::first(2)),
        existing: false,
        may_join: true,
        routes: Routes::lines(&[Seats::NONE.with(Seat(1))]),
        pace: Setting::new(0, 2, Wiring::Mesh, 115_200).pace(),
        seed: 1,
    };
    let memory = Memory { log: vec![0; LOG].into(), snapshot: vec![0; 1024].into() };
    let app = Presses::new(Record::new());
    Simulated::start(settings, app, chip.clone(), Chip::layout(LOG), memory, Instant::START).expect("it starts")
}

/// Entries that board 1 says over the line, as the leader of this term.
fn line(term: u64, previous: Position, entries: Entries<'_>) -> Vec<u8> {
    let (commit, inherited) = (Index(0), Index(0));
    said(&Message::AppendEntries { term: Term(term), stamp: 1, previous, commit, inherited, entries })
}

/// What board 1 says over the line.
fn said(message: &Message<'_>) -> Vec<u8> {
    let envelope = Envelope { founding: FOUNDING, from: Seat(1), to: Seat(0), incarnation: Incarnation(0) };
    let mut buffer = [0; FRAME];
    let frame = encode(&mut buffer, &envelope, message).expect("it fits");
    let mut line = Transmitter::<FRAME>::new();
    let header = Header { hops: 0, turned: false, hears: true, to: Seat(0).into(), from: Seat(1).into() };
    line.push(&header, frame).expect("it fits");
    line.pending().to_vec()
}

#[test]
fn a_flash_is_not_full_for_good_of_terms_in_which_nothing_is_committed() {
    let chip = founded();
    let mut station = boot(&chip);
    let first = Position { term: Term(1), index: Index(1) };
    let mut record = [0; 100];
    let entry = Entry::write(&mut record, first, Kind::Command, b"x").expect("it fits");
    let bytes = line(1, Position::default(), Entries::parse(entry.record()).expect("one entry"));
    station.feed(Instant::START, 0, &bytes).expect("it runs");
    for term in 2..5_000 {
        station.feed(Instant::START, 0, &line(term, first, Entries::default())).expect("it runs");
        station.turn(Instant::START).expect("the flash has room");
        station.drained(0, FRAME);
        if term % 500 == 0 {
            station = boot(&chip);
            assert_eq!(
                (station.node().expect("a member").term(), station.node().expect("a member").last()),
                (Term(term), first)
            );
        }
    }
}

#[test]
fn a_snapshot_that_a_board_could_not_restore_is_refused_and_not_fetched() {
    let mut station = boot(&founded());
    let mut offer = |more: u64| {
        let bytes = Simulated::SNAPSHOT_BYTES_MAX as u64 + more;
        let position = Position { term: Term(1), index: Index(9) };
        let (latest, before) = (Snapshot { position, bytes, check: 0 }, Snapshot::default());
        let settled = station.node().expect("a member").settled();
        let message = Message::Offer { term: Term(1), stamp: 1, latest, before, inherited: Index(9), settled };
        let said = said(&message);
        station.feed(Instant::START, 0, &said).expect("it runs");
        station.turn(Instant::START).expect("it goes on");
        station.drained(0, FRAME);
        (
            station.node().expect("a member").fetching().is_some(),
            station.node().expect("a member").refusals().count(Refusal::SnapshotTooLarge),
        )
    };
    assert_eq!(offer(1), (false, 1));
    assert_eq!(offer(0), (true, 1));
}
