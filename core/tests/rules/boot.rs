//! A node starts from what its disk holds, or says why it cannot.

use super::common::{charter, config, drive, position, record, recovering, snapshot};
use quorate::{
    Ballot, Boot, BootError, Charter, Config, ConfigError, Effect, Entry, Features, HardState, Identity, Incarnation,
    Index, Input, Instant, Least, Mark, Members, Message, Occupant, Recovered, Role, Roster, Seat, Seats, Settled,
    Snapshot, Stored, Term,
};

type Starting = Boot<u32, Vec<u8>, 3>;

fn boot(log_bytes: usize) -> Starting {
    recovering(3, log_bytes)
}

/// Gives back an entry of this index and term.
fn entry(boot: &mut Starting, index: u64, term: u64) -> Result<(), BootError> {
    let record = record(index, term, &[0]);
    boot.take(Recovered::Entry(Entry::parse(&record).expect("the record is whole").0))
}

#[test]
fn a_log_with_a_hole_is_not_taken_back() {
    let mut boot = boot(1024);
    entry(&mut boot, 1, 1).unwrap();
    let gap = |last, found| Err(BootError::Gap { last, found });
    assert_eq!(entry(&mut boot, 3, 1), gap(position(1, 1), position(3, 1)));
    assert_eq!(entry(&mut boot, 2, 1), Ok(()), "the one that was missing still fits");
}

#[test]
fn a_log_whose_terms_fall_is_not_taken_back() {
    let mut boot = boot(1024);
    entry(&mut boot, 1, 2).unwrap();
    let (last, found) = (position(1, 2), position(2, 1));
    assert_eq!(entry(&mut boot, 2, 1), Err(BootError::Gap { last, found }));
}

#[test]
fn a_log_that_is_larger_than_the_memory_is_not_taken_back() {
    let mut boot = boot(2 * (quorate::RECORD_OVERHEAD + 1 + 4));
    entry(&mut boot, 1, 1).unwrap();
    entry(&mut boot, 2, 1).unwrap();
    assert_eq!(entry(&mut boot, 3, 1), Err(BootError::Full { index: Index(3) }));
}

#[test]
fn a_later_record_replaces_the_one_at_its_index_and_all_behind() {
    let mut boot = boot(1024);
    for (index, term) in [(1, 1), (2, 1), (3, 1), (2, 2)] {
        entry(&mut boot, index, term).unwrap();
    }
    let node = boot.start(Instant::START).unwrap();
    assert_eq!(node.log().map(|entry| entry.position()).collect::<Vec<_>>(), [position(1, 1), position(2, 2)]);
    assert_eq!((node.last(), node.durable()), (position(2, 2), Index(2)));
}

/// Else a node could hold more above its own snapshot than others have room for, and nobody could say what is committed.
#[test]
fn what_a_damaged_snapshot_covered_is_committed() {
    for (term, commit) in [(1, 2), (2, 0)] {
        let mut boot = boot(1024);
        boot.take(Recovered::DamagedSnapshot(position(2, term))).unwrap();
        for index in 1..=3 {
            entry(&mut boot, index, 1).unwrap();
        }
        let mut node = boot.start(Instant::START).unwrap();
        assert_eq!(
            (node.commit(), node.applied()),
            (Index(commit), Index(0)),
            "of an entry that is not here it says nothing"
        );
        let told = drive(&mut node, Instant::START, Input::Tick);
        let applied: Vec<_> = told.iter().filter(|line| line.starts_with("apply")).collect();
        assert_eq!(applied.len() as u64, commit, "{told:?}");
    }
}

/// One of less would take the place of the damaged one in the log, which would no longer say what that covered.
#[test]
fn no_snapshot_of_less_takes_the_place_of_a_damaged_one() {
    let mut boot = boot(512);
    boot.take(Recovered::DamagedSnapshot(position(12, 1))).unwrap();
    for index in 1..=14 {
        entry(&mut boot, index, 1).unwrap();
    }
    let mut node = boot.start(Instant::START).unwrap();
    let mut asked = Vec::new();
    for effect in node.step(Instant::START, Input::Tick) {
        if let Effect::TakeSnapshot { position, .. } = effect {
            asked.push(position.index);
        }
    }
    assert_eq!((node.applied(), &asked[..]), (Index(12), &[Index(12)][..]));
    assert_eq!(drive(&mut node, Instant::START, Input::Snapshotted(snapshot(11, 1))), ["BadSnapshot"]);
    assert!(drive(&mut node, Instant::START, Input::Snapshotted(snapshot(12, 1))).is_empty());
}

/// Pieces are stored while the write of the term that they came in is under way.
#[test]
fn a_snapshot_that_was_stored_before_its_term_was_durable_raises_the_term() {
    let mut boot = boot(1024);
    let snapshot = Snapshot { bytes: 1, check: quorate::crc32c(&[0]), ..snapshot(5, 2) };
    boot.take(Recovered::Stored(Stored { snapshot, received: 1, check: snapshot.check })).unwrap();
    let mut node = boot.start(Instant::START).unwrap();
    drive(&mut node, Instant::START, Input::Tick);
    assert_eq!(node.durable_hard_state(), HardState { term: Term(2), vote: None });
    // Who took part by then is known from the leader that offers it.
    assert_eq!(node.last(), position(0, 0), "nobody has offered it yet");
    let roster = node.settled().roster.bytes().to_vec();
    let settled = Settled { since: Index(0), roster: Roster::parse(&roster).unwrap() };
    let (before, inherited) = (Snapshot::default(), Index(5));
    let offer = Message::Offer { term: Term(2), stamp: 1, latest: snapshot, before, inherited, settled };
    drive(&mut node, Instant::START, Input::Receive { from: Seat(1).into(), message: offer });
    assert_eq!(node.last(), position(5, 2));
}

#[test]
fn what_a_snapshot_covers_is_not_needed() {
    let mut boot = boot(1024);
    boot.take(Recovered::Snapshot(snapshot(5, 2))).unwrap();
    for index in 4..=7 {
        entry(&mut boot, index, 2).unwrap();
    }
    let node = boot.start(Instant::START).unwrap();
    assert_eq!((node.base(), node.last()), (position(5, 2), position(7, 2)));
    assert_eq!((node.commit(), node.applied()), (Index(5), Index(5)), "a snapshot is committed and applied");
    assert_eq!(node.log().next().map(|entry| entry.position()), Some(position(6, 2)));
}

#[test]
fn what_was_replaced_before_a_snapshot_was_taken_does_not_come_back() {
    let log_of = |snapshot, entries: &[(u64, u64)]| {
        let mut boot = boot(1024);
        boot.take(Recovered::Snapshot(snapshot)).unwrap();
        let taken: Result<(), BootError> = entries.iter().try_for_each(|(index, term)| entry(&mut boot, *index, *term));
        taken.map(|()| boot.start(Instant::START).unwrap().log().map(|entry| entry.position()).collect::<Vec<_>>())
    };
    let of_an_earlier_term = [(4, 1), (5, 1), (6, 1), (7, 1), (4, 2), (5, 2)];
    assert_eq!(log_of(snapshot(5, 2), &of_an_earlier_term), Ok(vec![]), "they need not follow the snapshot");
    let of_a_later_term = [(4, 3), (5, 3), (6, 3), (4, 2), (5, 2)];
    assert_eq!(log_of(snapshot(5, 2), &of_a_later_term), Ok(vec![]), "though they could follow it");
    let and_went_on = [(4, 1), (5, 1), (6, 1), (7, 1), (4, 2), (5, 2), (6, 2), (7, 3)];
    assert_eq!(log_of(snapshot(5, 2), &and_went_on), Ok(vec![position(6, 2), position(7, 3)]));
    let (last, found) = (position(5, 2), position(7, 2));
    assert_eq!(log_of(snapshot(5, 2), &[(5, 2), (7, 2)]), Err(BootError::Gap { last, found }), "a hole is one still");
}

#[test]
fn a_snapshot_leaves_the_entries_behind_it_if_they_follow_it() {
    let log_behind = |term| {
        let mut boot = boot(1024);
        for index in 1..=4 {
            entry(&mut boot, index, 2).unwrap();
        }
        boot.take(Recovered::Snapshot(snapshot(3, term))).unwrap();
        boot.start(Instant::START).unwrap().log().map(|entry| entry.position()).collect::<Vec<_>>()
    };
    assert_eq!(log_behind(2), [position(4, 2)]);
    assert_eq!(log_behind(3), [], "the snapshot of a leader replaced them");
}

#[test]
fn a_node_starts_as_a_follower_with_its_term_and_vote() {
    let mut boot = boot(1024);
    boot.take(Recovered::HardState(HardState { term: Term(2), vote: None })).unwrap();
    boot.take(Recovered::HardState(HardState { term: Term(3), vote: Some(Seat(2).into()) })).unwrap();
    entry(&mut boot, 1, 3).unwrap();
    let node = boot.start(Instant::START).unwrap();
    assert_eq!((node.role(), node.leader()), (Role::Follower, None));
    assert_eq!((node.term(), node.vote()), (Term(3), Some(Seat(2).into())));
    assert_eq!((node.durable_hard_state().term, node.durable()), (Term(3), Index(1)));
    assert_eq!(node.commit(), Index(0), "nobody has said yet what is committed");
}

/// What `start` without what the store holds would forget is noticed.
#[test]
fn a_store_that_gives_nothing_back_is_no_member() {
    let boot = || Starting::recover(config(), vec![0; 64]).unwrap();
    assert_eq!(boot().start(Instant::START).err(), Some(BootError::NoMember));
    let state = HardState { term: Term(1), vote: None };
    assert_eq!(boot().take(Recovered::HardState(state)), Err(BootError::NoMember), "the charter comes first");
    let mut founder = Starting::found(config(), &charter(3, 64), vec![0; 64]).unwrap();
    assert_eq!(founder.take(Recovered::HardState(state)), Err(BootError::NoMember), "a founder's store has nothing");
}

/// In a founder's life a store may be one that has voted before.
#[test]
fn a_store_joins_in_a_life_that_was_drawn_for_it() {
    let join = |incarnation| Starting::join(config(), &charter(3, 64), incarnation, vec![0; 64]);
    assert_eq!(join(Incarnation::FOUNDER).err(), Some(ConfigError::NotDrawn));
    let node = join(Incarnation::drawn(7)).unwrap().start(Instant::START).unwrap();
    assert_eq!(node.deadline(), Some(Instant::START), "it asks who leads");
    assert_eq!(node.identity(), Identity { seat: Seat(0), incarnation: Incarnation(7) });
    assert!(!node.is_member(), "the members name the founder's life");
}

#[test]
fn what_a_store_was_is_given_back() {
    let mut boot = Starting::recover(config(), vec![0; 64]).unwrap();
    boot.take(Recovered::Joined(charter(3, 64), Incarnation(9))).unwrap();
    assert_eq!(boot.start(Instant::START).unwrap().identity().incarnation, Incarnation(9));
    assert_eq!(Incarnation::drawn(0), Incarnation(1), "no later life is a founder's");
}

/// Such numbers leave no room for an election or an entry.
#[test]
fn numbers_that_no_node_reaches_are_not_taken_back() {
    let (last_term, last_index) = (Term::MAX, Index::MAX);
    let with = |term, index| {
        let mut boot = boot(64);
        boot.take(Recovered::Snapshot(snapshot(index, 1))).unwrap();
        boot.take(Recovered::HardState(HardState { term, vote: None })).unwrap();
        boot.start(Instant::START).err()
    };
    assert_eq!(with(last_term, last_index.0), None);
    let (term, index) = (Term(last_term.0 + 1), last_index);
    assert_eq!(with(term, index.0), Some(BootError::Bounds { term, index }));
    let (term, index) = (last_term, Index(last_index.0 + 1));
    assert_eq!(with(term, index.0), Some(BootError::Bounds { term, index }));
    let mut boot = boot(64);
    let term = Term(u64::MAX);
    boot.take(Recovered::Mark(Mark { term, last: position(0, 0) })).unwrap();
    assert_eq!(boot.start(Instant::START).err(), Some(BootError::Bounds { term, index: Index(0) }));
}

#[test]
fn a_charter_that_is_not_for_this_node_is_refused() {
    let wrong = |change: fn(&mut Charter)| {
        let mut charter = charter(3, 64);
        change(&mut charter);
        let mut recovering = Starting::recover(config(), vec![0; 64]).unwrap();
        let taken = recovering.take(Recovered::Charter(charter)).err();
        let refused = Starting::found(config(), &charter, vec![0; 64]).err();
        assert_eq!(taken, refused.map(BootError::Charter));
        refused
    };
    assert_eq!(wrong(|_| ()), None);
    assert_eq!(wrong(|charter| charter.members.voters = Seats::NONE), Some(ConfigError::NoVoters));
    let stranger = ConfigError::NotAMember { seat: Seat(0) };
    assert_eq!(wrong(|charter| charter.members.voters = Seats(6)), Some(stranger));
    let fourth = |charter: &mut Charter| charter.members.voters = Seats::first(4);
    assert_eq!(wrong(fourth), Some(ConfigError::TooManySeats { seats: 3 }));
    let both = |charter: &mut Charter| charter.members.learners = Seats::first(1);
    assert_eq!(wrong(both), Some(ConfigError::LearnerVotes));
    let large = |charter: &mut Charter| charter.least.log_bytes = 65;
    assert_eq!(wrong(large), Some(ConfigError::LogTooSmall { bytes: 64, least: 65 }));
    let patient = |charter: &mut Charter| charter.least.election_micros = 250_001;
    assert_eq!(wrong(patient), Some(ConfigError::ElectionBelowLeast { micros: 250_000, least: 250_001 }));
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    let wrong = |change: fn(&mut Config)| {
        let mut config = config();
        change(&mut config);
        config.check().err()
    };
    assert_eq!(wrong(|_| ()), None);
    let hasty = |config: &mut Config| config.election_timeout = config.heartbeat_interval;
    assert_eq!(wrong(hasty), Some(ConfigError::ElectionTooShort));
    let shut = |config: &mut Config| config.inflight_messages_max = 0;
    assert_eq!(wrong(shut), Some(ConfigError::WindowTooSmall));
    let narrow = |config: &mut Config| config.inflight_bytes_max = config.entry_bytes_max - 1;
    assert_eq!(wrong(narrow), Some(ConfigError::WindowTooSmall));
}

/// A leader is heard by its next heartbeat: whoever asked all others at once would make of each start of a cluster as many
/// messages as it has pairs.
#[test]
fn a_member_that_starts_waits_for_its_time() {
    let mut boot = boot(1024);
    entry(&mut boot, 1, 2).unwrap();
    let mut node = boot.start(Instant::from_millis(3)).unwrap();
    assert!(node.deadline().unwrap() >= Instant::from_millis(253));
    assert_eq!(drive(&mut node, Instant::from_millis(3), Input::Tick), [""; 0]);
}

/// Nobody would ever speak to it.
#[test]
fn a_store_that_is_no_member_says_at_once_that_it_is_there() {
    let boot = Boot::<u32, _, 3>::join(config(), &charter(3, 1024), Incarnation::drawn(5), vec![0; 1024]);
    let mut node = boot.unwrap().start(Instant::from_millis(3)).unwrap();
    assert_eq!(node.deadline(), Some(Instant::from_millis(3)));
    let question = "RequestVote { term: Term(1), last: Position { term: Term(0), index: Index(0) }, ballot: Pre }";
    let told = drive(&mut node, Instant::from_millis(3), Input::Tick);
    assert_eq!(told, [1, 2].map(|seat| format!("to {seat}: {question}")));
    assert_eq!(drive(&mut node, Instant::from_millis(4), Input::Tick), [""; 0]);
    assert_eq!(node.deadline(), Some(Instant::from_millis(128)), "and twice in an election time-out from then on");
}

/// Answers to a question that nobody has asked are not counted: the node would take office against a leader that is there.
#[test]
fn who_has_not_asked_is_not_elected() {
    let mut node = boot(1024).start(Instant::START).unwrap();
    drive(&mut node, Instant::START, Input::Tick);
    for seat in [1, 2] {
        let message =
            Message::Vote { term: Term(1), ballot: Ballot::Pre, granted: true, incarnation: Incarnation::FOUNDER };
        drive(&mut node, Instant::START, Input::Receive { from: Seat(seat).into(), message });
    }
    assert_eq!((node.role(), node.term()), (Role::Follower, Term(0)));
}

#[test]
fn a_mark_voids_what_was_written_before_behind_its_last_position() {
    let mut boot = boot(1024);
    for index in 1..=3 {
        entry(&mut boot, index, 1).unwrap();
    }
    boot.take(Recovered::HardState(HardState { term: Term(4), vote: None })).unwrap();
    boot.take(Recovered::Mark(Mark { term: Term(4), last: position(2, 1) })).unwrap();
    boot.take(Recovered::Mark(Mark { term: Term(3), last: position(2, 1) })).unwrap();
    let node = boot.start(Instant::START).unwrap();
    assert_eq!((node.last(), node.durable()), (position(2, 1), Index(2)));
    assert_eq!((node.mark(), node.durable_mark()), (Term(4), Term(4)), "it never goes down");
    assert_eq!(node.recency(), position(2, 4));
}

#[test]
fn a_mark_of_before_a_snapshot_leaves_what_is_behind_that() {
    let mut boot = boot(1024);
    boot.take(Recovered::Snapshot(snapshot(5, 2))).unwrap();
    boot.take(Recovered::Mark(Mark { term: Term(2), last: position(3, 1) })).unwrap();
    entry(&mut boot, 6, 2).unwrap();
    let node = boot.start(Instant::START).unwrap();
    assert_eq!((node.last(), node.mark()), (position(6, 2), Term(2)));
}

/// The log may have forgotten the entry that made them.
#[test]
fn the_last_members_that_were_settled_are_given_back() {
    let mut boot = boot(1024);
    boot.take(Recovered::Snapshot(snapshot(5, 2))).unwrap();
    for (since, learners) in [(4, Seats::first(3)), (2, Seats::NONE)] {
        let learners = Seats(learners.0 & !Seats::first(2).0);
        let members = Members { learners, ..Members::of(Seats::first(2)) };
        let mut room = [0; 200];
        let roster = Roster::write(
            &mut room,
            members,
            Least { log_bytes: 1024, election_micros: 250_000, features: Features::OWN },
            None,
            |_| Occupant::default(),
        )
        .unwrap();
        boot.take(Recovered::Settled(Settled { since: Index(since), roster })).unwrap();
    }
    let node = boot.start(Instant::START).unwrap();
    assert_eq!((node.roster().0, node.members().learners), (Index(4), Seats(0b100)), "an earlier one changes nothing");
}
