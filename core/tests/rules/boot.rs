//! A node starts from what its disk holds, or says why it cannot.

use super::common::{config, drive, position, record, snapshot};
use quorate::{
    Ballot, Boot, BootError, Config, ConfigError, Entry, HardState, Index, Input, Instant, Mark, Message, Role, Seat,
    Seats, Snapshot, Stored, Term,
};

type Starting = Boot<u32, Vec<u8>, 3>;

fn boot(log_bytes: usize) -> Starting {
    Boot::new(config(3), vec![0; log_bytes]).expect("the configuration is sound")
}

/// Gives back an entry of this index and term.
fn entry(boot: &mut Starting, index: u64, term: u64) -> Result<(), BootError> {
    let record = record(index, term, &[0]);
    boot.entry(Entry::parse(&record).expect("the record is whole").0)
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
    let node = boot.start(Instant::START);
    assert_eq!(node.log().map(|entry| entry.position()).collect::<Vec<_>>(), [position(1, 1), position(2, 2)]);
    assert_eq!((node.last(), node.durable()), (position(2, 2), Index(2)));
}

/// Pieces are stored while the write of the term that they came in is under way.
#[test]
fn a_snapshot_that_was_stored_before_its_term_was_durable_raises_the_term() {
    let mut boot = boot(1024);
    let snapshot = Snapshot { bytes: 1, check: quorate::crc32c(&[0]), ..snapshot(5, 2) };
    boot.stored(Stored { snapshot, received: 1, check: snapshot.check });
    let mut node = boot.start(Instant::START);
    drive(&mut node, Instant::START, Input::Tick);
    assert_eq!((node.last(), node.durable_hard_state()), (position(5, 2), HardState { term: Term(2), vote: None }));
}

#[test]
fn what_a_snapshot_covers_is_not_needed() {
    let mut boot = boot(1024);
    boot.snapshot(snapshot(5, 2));
    for index in 4..=7 {
        entry(&mut boot, index, 2).unwrap();
    }
    let node = boot.start(Instant::START);
    assert_eq!((node.base(), node.last()), (position(5, 2), position(7, 2)));
    assert_eq!((node.commit(), node.applied()), (Index(5), Index(5)), "a snapshot is committed and applied");
    assert_eq!(node.log().next().map(|entry| entry.position()), Some(position(6, 2)));
}

#[test]
fn what_was_replaced_before_a_snapshot_was_taken_does_not_come_back() {
    let log_of = |snapshot, entries: &[(u64, u64)]| {
        let mut boot = boot(1024);
        boot.snapshot(snapshot);
        let taken: Result<(), BootError> = entries.iter().try_for_each(|(index, term)| entry(&mut boot, *index, *term));
        taken.map(|()| boot.start(Instant::START).log().map(|entry| entry.position()).collect::<Vec<_>>())
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
        boot.snapshot(snapshot(3, term));
        boot.start(Instant::START).log().map(|entry| entry.position()).collect::<Vec<_>>()
    };
    assert_eq!(log_behind(2), [position(4, 2)]);
    assert_eq!(log_behind(3), [], "the snapshot of a leader replaced them");
}

#[test]
fn a_node_starts_as_a_follower_with_its_term_and_vote() {
    let mut boot = boot(1024);
    boot.hard_state(HardState { term: Term(2), vote: None });
    boot.hard_state(HardState { term: Term(3), vote: Some(Seat(2)) });
    entry(&mut boot, 1, 3).unwrap();
    let node = boot.start(Instant::START);
    assert_eq!((node.role(), node.leader()), (Role::Follower, None));
    assert_eq!((node.term(), node.vote()), (Term(3), Some(Seat(2))));
    assert_eq!((node.durable_hard_state().term, node.durable()), (Term(3), Index(1)));
    assert_eq!(node.commit(), Index(0), "nobody has said yet what is committed");
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    let wrong = |change: fn(&mut Config)| {
        let mut config = config(3);
        change(&mut config);
        config.check(3).err()
    };
    assert_eq!(wrong(|_| ()), None);
    assert_eq!(wrong(|config| config.members.voters = Seats::NONE), Some(ConfigError::NoVoters));
    let stranger = ConfigError::NotAMember { seat: Seat(9) };
    assert_eq!(wrong(|config| config.identity.seat = Seat(9)), Some(stranger));
    let fourth = |config: &mut Config| config.members.voters = Seats::first(4);
    assert_eq!(wrong(fourth), Some(ConfigError::TooManySeats { seats: 3 }));
    let both = |config: &mut Config| config.members.learners = Seats::first(1);
    assert_eq!(wrong(both), Some(ConfigError::LearnerVotes));
    let hasty = |config: &mut Config| config.election_timeout = config.heartbeat_interval;
    assert_eq!(wrong(hasty), Some(ConfigError::ElectionTooShort));
    let shut = |config: &mut Config| config.inflight_messages_max = 0;
    assert_eq!(wrong(shut), Some(ConfigError::WindowTooSmall));
    let narrow = |config: &mut Config| config.inflight_bytes_max = config.entry_bytes_max - 1;
    assert_eq!(wrong(narrow), Some(ConfigError::WindowTooSmall));
}

/// Once, and to nobody if there is nobody: then it waits for its time, as ever.
#[test]
fn a_node_that_starts_asks_who_leads() {
    let mut boot = boot(1024);
    entry(&mut boot, 1, 2).unwrap();
    let mut node = boot.start(Instant::from_millis(3));
    assert_eq!(node.deadline(), Some(Instant::from_millis(3)));
    let question = "RequestVote { term: Term(3), last: Position { term: Term(2), index: Index(1) }, ballot: Pre }";
    let told = drive(&mut node, Instant::from_millis(3), Input::Tick);
    assert_eq!(told, [1, 2].map(|seat| format!("to {seat}: {question}")));
    assert_eq!(drive(&mut node, Instant::from_millis(4), Input::Tick), [""; 0]);
    assert!(node.deadline().unwrap() >= Instant::from_millis(253));

    let alone = Boot::<u64, _, 3>::new(config(1), vec![0; 1024]).unwrap().start(Instant::START);
    assert!(alone.deadline().unwrap() >= Instant::from_millis(250));
}

/// Answers to a question that is none are not counted: the node would take office against a leader that is there.
#[test]
fn who_only_asks_who_leads_is_not_elected() {
    let mut node = boot(1024).start(Instant::START);
    drive(&mut node, Instant::START, Input::Tick);
    for seat in [1, 2] {
        let message = Message::Vote { term: Term(1), ballot: Ballot::Pre, granted: true };
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
    boot.hard_state(HardState { term: Term(4), vote: None });
    boot.mark(Mark { term: Term(4), last: position(2, 1) });
    boot.mark(Mark { term: Term(3), last: position(2, 1) });
    let node = boot.start(Instant::START);
    assert_eq!((node.last(), node.durable()), (position(2, 1), Index(2)));
    assert_eq!((node.mark(), node.durable_mark()), (Term(4), Term(4)), "it never goes down");
    assert_eq!(node.recency(), position(2, 4));
}

#[test]
fn a_mark_of_before_a_snapshot_leaves_what_is_behind_that() {
    let mut boot = boot(1024);
    boot.snapshot(snapshot(5, 2));
    boot.mark(Mark { term: Term(2), last: position(3, 1) });
    entry(&mut boot, 6, 2).unwrap();
    let node = boot.start(Instant::START);
    assert_eq!((node.last(), node.mark()), (position(6, 2), Term(2)));
}
