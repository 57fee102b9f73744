//! Reads by a leader's lease, and what the others promise for it (section 6.4.1 of the thesis; `tests/spec/LEASE.md`).

use std::time::Duration;

use quorate::{
    Ballot, Boot, Change, Charter, Config, Features, Incarnation, Index, Input, Instant, Least, Message, Node, Outcome,
    Position, Role, Seat, Term,
};

use super::common::{charter, config, drive};

type Member = Node<u32, Vec<u8>, 3>;

/// The least election time-out, and the part of it for which a round makes a lease: 19/21.
const TIMEOUT: u64 = 210_000;
const LEASE: u64 = 190_000;

fn leasing() -> Config {
    Config { leases: true, election_timeout: Duration::from_micros(TIMEOUT), ..config() }
}

/// A founder of three that has just started.
fn founded(config: Config, features: Features) -> Member {
    let charter = charter(3, 1024);
    let least = Least { election_micros: TIMEOUT as u32, features, ..charter.least };
    let boot = Boot::found(config, &Charter { least, ..charter }, vec![0; 1024]).expect("the configuration is sound");
    boot.start(Instant::START).expect("it has nothing")
}

fn from<'m>(seat: u8, message: Message<'m>) -> Input<'m, u32> {
    Input::Receive { from: Seat(seat).into(), message }
}

fn ballot(term: u64, ballot: Ballot) -> Message<'static> {
    let last = Position { term: Term(1), index: Index(0) };
    Message::RequestVote { term: Term(term), last, ballot }
}

/// The leader of term 1 of three, established, and the time.
fn leader(config: Config) -> (Member, Instant) {
    leader_with(config, Features::OWN)
}

/// The same, where this is on.
fn leader_with(config: Config, features: Features) -> (Member, Instant) {
    let mut node = founded(config, features);
    let now = node.deadline().expect("it greets") + Duration::from_secs(1);
    drive(&mut node, now, Input::Tick);
    drive(&mut node, now, Input::Tick);
    let incarnation = Incarnation::FOUNDER;
    for ballot in [Ballot::Pre, Ballot::Real] {
        drive(&mut node, now, from(1, Message::Vote { term: Term(1), ballot, granted: true, incarnation }));
    }
    assert_eq!(node.role(), Role::Leader);
    answer(&mut node, now, 1);
    assert!(node.is_established());
    (node, now)
}

/// Seat 1 answers the message of this stamp.
fn answer(node: &mut Member, now: Instant, stamp: u64) -> Vec<String> {
    let outcome = Outcome::Matched(node.last().index);
    drive(node, now, from(1, Message::Ack { term: Term(1), stamp, outcome, features: Features::OWN }))
}

fn read(node: &mut Member, now: Instant, by_lease: bool) -> Vec<String> {
    drive(node, now, Input::Read { by_lease })
}

/// Whether a read is answered at once, and nobody is asked.
fn is_leased(node: &mut Member, now: Instant) -> bool {
    drive(node, now, Input::Tick);
    let told = read(node, now, true);
    let is_ready = told.iter().any(|line| line.starts_with("ready"));
    assert!(!is_ready || told.iter().all(|line| !line.starts_with("to ")), "{told:?}");
    is_ready
}

/// A round is drawn now, and confirmed so much later.
fn confirm(node: &mut Member, now: Instant, later: u64) -> Instant {
    let told = read(node, now, false);
    let stamp = told.iter().find(|line| line.starts_with("to 1: AppendEntries")).expect("all are asked");
    let stamp = stamp.split("stamp: ").nth(1).and_then(|rest| rest.split(',').next()).expect("it has a stamp");
    let then = now + Duration::from_micros(later);
    let told = answer(node, then, stamp.parse().expect("a number"));
    assert!(told.iter().any(|line| line.starts_with("ready")), "{told:?}");
    then
}

#[test]
fn a_confirmed_round_makes_a_lease_from_when_it_was_drawn() {
    let (mut node, now) = leader(leasing());
    assert!(!is_leased(&mut node, now), "nothing is confirmed yet");
    let (mut node, now) = leader(leasing());
    confirm(&mut node, now, 50_000);
    assert!(is_leased(&mut node, now + Duration::from_micros(50_001)));
    assert!(is_leased(&mut node, now + Duration::from_micros(LEASE - 1)), "many reads, one lease");
    assert!(!is_leased(&mut node, now + Duration::from_micros(LEASE)), "whenever the answer came");
}

#[test]
fn a_leader_says_for_how_long_its_lease_lasts() {
    let micros = Duration::from_micros;
    let (mut node, now) = leader(leasing());
    assert_eq!(node.lease(now), Some(Duration::ZERO), "nothing is confirmed yet");
    let then = confirm(&mut node, now, 50_000);
    assert_eq!(node.lease(then), Some(micros(LEASE - 50_000)));
    assert_eq!(node.lease(now + micros(LEASE - 1)), Some(micros(1)));
    assert_eq!(
        node.lease(now + micros(LEASE)),
        Some(Duration::ZERO),
        "it is over, though the node was not told the time"
    );
    drive(&mut node, then, Input::Transfer { to: Some(Seat(1)) });
    assert_eq!(node.lease(then), None, "there is none any more in this term");
    let (mut node, now) = leader(Config { leases: false, ..leasing() });
    let then = confirm(&mut node, now, 10);
    assert_eq!(node.lease(then), None);
    assert_eq!(founded(leasing(), Features::OWN).lease(then), None, "it does not lead");
}

#[test]
fn a_leader_that_waits_for_longer_than_others_has_no_longer_lease() {
    let (mut node, now) = leader(Config { election_timeout: Duration::from_micros(2 * TIMEOUT), ..leasing() });
    confirm(&mut node, now, 10);
    assert!(is_leased(&mut node, now + Duration::from_micros(LEASE - 1)));
    assert!(!is_leased(&mut node, now + Duration::from_micros(LEASE)));
}

#[test]
fn a_read_that_wants_a_round_gets_one_whatever_lease_there_is() {
    let (mut node, now) = leader(leasing());
    let now = confirm(&mut node, now, 10);
    let told = read(&mut node, now, false);
    assert!(told.iter().all(|line| !line.starts_with("ready")), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("to 1: AppendEntries")), "{told:?}");
}

#[test]
fn without_leases_a_read_waits_for_a_round() {
    let (mut node, now) = leader(Config { leases: false, ..leasing() });
    let now = confirm(&mut node, now, 10);
    assert!(!is_leased(&mut node, now));
}

#[test]
fn whoever_handed_over_has_no_lease_in_that_term_any_more() {
    let (mut node, now) = leader(leasing());
    let now = confirm(&mut node, now, 10);
    drive(&mut node, now, Input::Transfer { to: Some(Seat(1)) });
    assert!(!is_leased(&mut node, now), "the successor may lead at any time");
    answer(&mut node, now, 3);
    let told = drive(&mut node, now + Duration::from_micros(TIMEOUT), Input::Tick);
    assert!(told.iter().any(|line| line.starts_with("no transfer")), "{told:?}");
    let now = confirm(&mut node, now + Duration::from_micros(TIMEOUT), 10);
    assert!(!is_leased(&mut node, now), "the word may still be on its way");
}

/// The leader of three where leases are switched on by an entry that seat 1 has, and seat 2 has not.
fn enabled() -> (Member, Instant) {
    let (mut node, now) = leader_with(leasing(), Features::NONE);
    let now = confirm(&mut node, now, 10);
    assert!(!is_leased(&mut node.clone(), now), "leases are off");
    let (outcome, features) = (Outcome::Matched(Index(0)), Features::LEASES);
    drive(&mut node, now, from(2, Message::Ack { term: Term(1), stamp: 1, outcome, features }));
    let told = drive(&mut node, now, Input::Change(Change::Enable { features }));
    assert!(told.iter().any(|line| line == "members of 1"), "{told:?}");
    let now = confirm(&mut node, now, 10);
    assert_eq!(node.features(), features);
    (node, now)
}

/// One that has not may be started again as a build that keeps no promise, and vote at once.
#[test]
fn a_voter_that_lacks_the_entry_by_which_leases_are_on_makes_no_lease() {
    let (mut node, now) = enabled();
    let read_confirmed_by = |node: &mut Member, now, seat, index| {
        let told = read(node, now, false);
        let line =
            told.iter().find(|line| line.starts_with(&format!("to {seat}: AppendEntries"))).expect("all are asked");
        let stamp = line.split("stamp: ").nth(1).and_then(|rest| rest.split(',').next()).expect("it has a stamp");
        let (stamp, outcome) = (stamp.parse().expect("a number"), Outcome::Matched(Index(index)));
        let ack = Message::Ack { term: Term(1), stamp, outcome, features: Features::LEASES };
        let told = drive(node, now, from(seat, ack));
        assert!(told.iter().any(|line| line.starts_with("ready")), "{told:?}");
    };
    let later = now + Duration::from_micros(LEASE);
    read_confirmed_by(&mut node, later, 2, 0);
    assert!(!is_leased(&mut node.clone(), later));
    read_confirmed_by(&mut node, later, 2, 1);
    assert!(is_leased(&mut node, later), "once it has the entry, no such build takes its store up");
}

#[test]
fn leases_that_are_switched_on_are_in_use() {
    let (mut node, now) = enabled();
    let now = confirm(&mut node, now, 10);
    assert!(is_leased(&mut node, now));
}

#[test]
fn a_clock_that_jumps_back_ends_a_lease() {
    let (mut node, now) = leader(leasing());
    let now = confirm(&mut node, now, 10);
    assert!(is_leased(&mut node, now));
    let back = Instant::from_micros(now.as_micros() - 500_000);
    assert!(!is_leased(&mut node, back));
}

#[test]
fn other_members_make_another_lease() {
    let (mut node, now) = leader(leasing());
    let now = confirm(&mut node, now, 10);
    assert!(is_leased(&mut node, now));
    drive(&mut node, now, Input::Change(Change::Move { seat: Seat(1), address: b"there" }));
    assert_eq!(node.roster().0, Index(1));
    assert!(!is_leased(&mut node, now));
}

/// Whether a ballot of a later term than any is granted.
fn grants(node: &mut Member, now: Instant, kind: Ballot) -> bool {
    let told = drive(node, now, from(2, ballot(node.term().0 + 1, kind)));
    told.iter().any(|line| line.contains("granted: true"))
}

/// A member that has started at this time.
fn started() -> Member {
    let mut node = founded(leasing(), Features::OWN);
    drive(&mut node, Instant::START, Input::Tick);
    node
}

#[test]
fn who_has_started_elects_nobody_before_an_election_time_out_has_passed() {
    for kind in [Ballot::Pre, Ballot::Real] {
        let mut node = started();
        assert!(!grants(&mut node, Instant::from_micros(TIMEOUT - 1), kind), "{kind:?}");
        assert!(grants(&mut node, Instant::from_micros(TIMEOUT), kind), "{kind:?}");
    }
    assert!(grants(&mut started(), Instant::START, Ballot::Transfer));
}

#[test]
fn what_was_promised_to_a_leader_holds_in_later_terms() {
    let heard = Instant::from_micros(2 * TIMEOUT);
    let incarnation = Incarnation::FOUNDER;
    for kind in [Ballot::Pre, Ballot::Real] {
        let mut node = started();
        let (term, previous, commit, inherited) = (Term(1), Position::default(), Index(0), Index(0));
        let entries = Default::default();
        drive(
            &mut node,
            heard,
            from(1, Message::AppendEntries { term, stamp: 1, previous, commit, inherited, entries }),
        );
        // A candidate that nobody elects is in another term already.
        drive(
            &mut node,
            heard,
            from(2, Message::Vote { term: Term(5), ballot: Ballot::Real, granted: false, incarnation }),
        );
        assert_eq!((node.term(), node.leader()), (Term(5), None));
        let same_term = from(2, ballot(5, Ballot::Real));
        let told = drive(&mut node, heard, same_term);
        assert!(told.iter().all(|line| !line.contains("granted: true")), "{told:?}");
        assert!(!grants(&mut node, heard + Duration::from_micros(TIMEOUT - 1), kind), "{kind:?}");
        assert!(grants(&mut node, heard + Duration::from_micros(TIMEOUT), kind), "{kind:?}");
    }
}

/// A leader whose clock is slow, and a voter whose clock is fast, that confirms the round at once.
#[test]
fn a_lease_bears_with_clocks_that_are_a_twentieth_slow_or_fast() {
    let (mut leads, drawn) = leader(leasing());
    confirm(&mut leads, drawn, 0);
    let (mut votes, heard) = (started(), Instant::from_micros(2 * TIMEOUT));
    let (previous, entries) = (Position::default(), Default::default());
    let message =
        Message::AppendEntries { term: Term(1), stamp: 1, previous, commit: Index(0), inherited: Index(0), entries };
    drive(&mut votes, heard, from(1, message));
    let is_stale = |micros: u64, slow: u64, fast: u64| {
        let shown = |clock: Instant, percent| clock + Duration::from_micros(micros * percent / 100);
        is_leased(&mut leads.clone(), shown(drawn, slow))
            && grants(&mut votes.clone(), shown(heard, fast), Ballot::Real)
    };
    let finds = |slow, fast| (0..TIMEOUT * 2).step_by(100).any(|micros| is_stale(micros, slow, fast));
    assert!(!finds(100, 100));
    assert!(!finds(95, 105), "as far as they may be apart");
    assert!(finds(94, 106), "a lease ends no sooner than it has to");
}
