//! Exactly-once (section 6.3 of the thesis): a retry gets the first answer, no late copy is taken for a later command,
//! and a client that lost its place can tell that from success.

use quorate::{Entry, Index, Kind, Session, Sessions, Verdict};
use serde::{Deserialize, Serialize};

use crate::common::position;

type Table = Sessions<&'static str, 2>;

fn session(client: u64, epoch: u64, sequence: u64) -> Session {
    Session { client, epoch: Index(epoch), sequence }
}

/// An Open that names this epoch.
fn open(client: u64, epoch: u64) -> Session {
    session(client, epoch, 0)
}

/// Shows the entry of a request to `look`.
fn with_entry<T>(index: u64, session: Session, command: &str, look: impl FnOnce(Entry<'_>) -> T) -> T {
    let (mut payload, mut room) = ([0; 64], [0; 96]);
    let payload = match session.sequence {
        0 => postcard::to_slice(&session, &mut payload),
        _ => postcard::to_slice(&(session, command), &mut payload),
    };
    let entry = Entry::write(&mut room, position(index, 1), Kind::Request, payload.expect("it is short"));
    look(entry.expect("a whole request"))
}

fn admit<A: Clone, const N: usize>(table: &mut Sessions<A, N>, index: u64, of: Session, command: &str) -> Verdict<A> {
    with_entry(index, of, command, |entry| table.admit(entry)).expect("the entry is of a session")
}

/// A command is done, with this answer.
#[track_caller]
fn done<A, const N: usize>(table: &mut Sessions<A, N>, index: u64, of: Session, command: &str, answer: A)
where
    A: Clone + PartialEq + core::fmt::Debug,
{
    assert_eq!(admit(table, index, of, command), Verdict::Fresh);
    with_entry(index, of, command, |entry| table.record(entry, answer));
}

/// A table in which these clients have opened a session, in this order: the epochs are 1, 2 and so on.
#[track_caller]
fn table(clients: &[u64]) -> Table {
    let mut table = Table::new();
    for (client, index) in clients.iter().zip(1..) {
        assert_eq!(admit(&mut table, index, open(*client, 0), ""), Verdict::Opened { epoch: Index(index) });
    }
    table
}

#[test]
fn a_retry_gets_the_first_answer() {
    let mut table = table(&[7]);
    done(&mut table, 2, session(7, 1, 1), "add", "first");
    assert_eq!(admit(&mut table, 3, session(7, 1, 1), "add"), Verdict::Repeated("first"));
    assert_eq!(admit(&mut table, 4, session(7, 1, 2), "add"), Verdict::Fresh);
}

#[test]
fn another_command_of_the_same_sequence_is_told_so_and_not_done() {
    let mut table = table(&[7]);
    done(&mut table, 2, session(7, 1, 1), "add", "first");
    assert_eq!(admit(&mut table, 3, session(7, 1, 1), "remove"), Verdict::Mismatch);
    assert_eq!(admit(&mut table, 4, session(7, 1, 1), "add"), Verdict::Repeated("first"));
    done(&mut table, 5, session(7, 1, 2), "remove", "second");
    assert_eq!(admit(&mut table, 6, session(7, 1, 2), "add"), Verdict::Mismatch);
}

#[test]
fn a_command_before_the_last_one_is_outdated_and_not_done() {
    let mut table = table(&[7]);
    for sequence in [1, 2] {
        done(&mut table, 2, session(7, 1, sequence), "add", "done");
    }
    assert_eq!(admit(&mut table, 4, session(7, 1, 1), "add"), Verdict::Outdated { last: 2 });
}

#[test]
fn who_never_opened_a_session_is_told_so() {
    let mut table = table(&[7]);
    assert_eq!(admit(&mut table, 2, session(8, 1, 1), "add"), Verdict::Expired);
    with_entry(2, session(8, 1, 1), "add", |entry| table.record(entry, "lost"));
    assert_eq!((table.len(), table.is_empty(), table.epoch(8)), (1, false, None));
}

#[test]
fn a_request_of_another_epoch_does_nothing() {
    let mut table = table(&[7, 8]);
    done(&mut table, 3, session(7, 1, 5), "add", "done");
    let before = table.clone();
    for epoch in [0, 2, 3, u64::MAX] {
        assert_eq!(admit(&mut table, 9, session(7, epoch, 5), "add"), Verdict::Expired);
        assert_eq!(admit(&mut table, 9, session(7, epoch, 6), "add"), Verdict::Expired);
        with_entry(9, session(7, epoch, 6), "add", |entry| table.record(entry, "lost"));
    }
    assert_eq!(table, before);
}

#[test]
fn a_late_copy_is_not_taken_for_a_command_of_a_later_session() {
    let mut table = Sessions::<_, 1>::new();
    admit(&mut table, 1, open(7, 0), "");
    // Its command is on the way when another client takes its place; it opens a session anew.
    admit(&mut table, 2, open(8, 0), "");
    assert_eq!(admit(&mut table, 3, session(7, 1, 1), "old"), Verdict::Expired);
    assert_eq!(admit(&mut table, 4, open(7, 1), ""), Verdict::Opened { epoch: Index(4) });
    assert_eq!(admit(&mut table, 5, session(7, 1, 1), "old"), Verdict::Expired);
    done(&mut table, 6, session(7, 4, 1), "new", "done");
    assert_eq!(admit(&mut table, 7, session(7, 1, 1), "old"), Verdict::Expired);
    assert_eq!(admit(&mut table, 8, session(7, 4, 1), "new"), Verdict::Repeated("done"));
}

#[test]
fn an_open_that_finds_a_session_changes_nothing_and_one_that_names_it_takes_its_place() {
    let mut table = table(&[7, 8]);
    done(&mut table, 3, session(7, 1, 4), "add", "done");
    let before = table.clone();
    for named in [0, 2, 4, u64::MAX] {
        assert_eq!(admit(&mut table, 4, open(7, named), ""), Verdict::Held { epoch: Index(1) });
    }
    assert_eq!(table, before);

    assert_eq!(admit(&mut table, 5, open(7, 1), ""), Verdict::Opened { epoch: Index(5) });
    assert_eq!(admit(&mut table, 6, open(7, 1), ""), Verdict::Held { epoch: Index(5) }, "a copy opens none");
    assert_eq!(admit(&mut table, 7, session(7, 1, 5), "add"), Verdict::Expired, "the one before is over");
    assert_eq!(admit(&mut table, 8, session(7, 1, 4), "add"), Verdict::Expired);
    done(&mut table, 9, session(7, 5, 1), "add", "anew");
    assert_eq!((table.len(), table.epoch(7), table.epoch(8)), (2, Some(Index(5)), Some(Index(2))));
}

#[test]
fn no_number_harms_another_client() {
    let mut table = table(&[u64::MAX, 8]);
    done(&mut table, 3, session(u64::MAX, 1, u64::MAX), "add", "done");
    assert_eq!(admit(&mut table, 4, session(u64::MAX, 1, 1), "add"), Verdict::Outdated { last: u64::MAX });
    assert_eq!(admit(&mut table, 5, open(9, u64::MAX), ""), Verdict::Opened { epoch: Index(5) });
    done(&mut table, 6, session(9, 5, 1), "add", "done");
    // And it goes on itself, in a session that takes the place of the one that is used up.
    assert_eq!(admit(&mut table, 7, open(u64::MAX, 1), ""), Verdict::Opened { epoch: Index(7) });
    done(&mut table, 8, session(u64::MAX, 7, 1), "add", "done");
}

#[test]
fn a_further_client_takes_the_place_of_the_one_that_was_silent_longest() {
    let mut table = table(&[9, 3]);
    done(&mut table, 3, session(9, 1, 1), "add", "kept");
    done(&mut table, 4, session(3, 2, 1), "add", "kept");
    done(&mut table, 5, session(9, 1, 2), "add", "kept");
    assert_eq!(admit(&mut table, 6, open(5, 0), ""), Verdict::Opened { epoch: Index(6) });
    assert_eq!(table.len(), 2);
    assert_eq!(admit(&mut table, 7, session(3, 2, 1), "add"), Verdict::Expired);
    assert_eq!(admit(&mut table, 8, session(9, 1, 2), "add"), Verdict::Repeated("kept"));
    assert_eq!(admit(&mut table, 9, session(5, 6, 1), "add"), Verdict::Fresh);
}

#[test]
fn a_session_without_a_command_loses_its_place_first() {
    let mut table = table(&[1]);
    done(&mut table, 2, session(1, 1, 1), "add", "kept");
    for index in 3..100 {
        assert_eq!(admit(&mut table, index, open(index, 0), ""), Verdict::Opened { epoch: Index(index) });
    }
    assert_eq!(admit(&mut table, 100, session(1, 1, 1), "add"), Verdict::Repeated("kept"));
    assert_eq!((table.len(), table.epoch(99)), (2, Some(Index(99))));
}

#[test]
fn of_sessions_without_a_command_the_one_that_was_silent_longest_goes() {
    let mut table = table(&[2, 1]);
    admit(&mut table, 3, open(3, 0), "");
    assert_eq!((table.epoch(2), table.epoch(1)), (None, Some(Index(2))));
    // Whoever begins anew is heard of.
    admit(&mut table, 4, open(1, 2), "");
    admit(&mut table, 5, open(4, 0), "");
    assert_eq!((table.epoch(3), table.epoch(1)), (None, Some(Index(4))));
}

#[test]
fn a_retry_counts_as_a_sign_of_life() {
    let mut table = table(&[1, 2]);
    done(&mut table, 3, session(1, 1, 1), "add", "one");
    done(&mut table, 4, session(2, 2, 1), "add", "two");
    admit(&mut table, 5, session(1, 1, 1), "add");
    admit(&mut table, 6, open(3, 0), "");
    assert_eq!(admit(&mut table, 7, session(2, 2, 1), "add"), Verdict::Expired);
    assert_eq!(admit(&mut table, 8, session(1, 1, 1), "add"), Verdict::Repeated("one"));
}

#[test]
fn a_client_that_is_not_there_disturbs_nobody() {
    let mut table = table(&[1, 2]);
    let before = table.clone();
    assert_eq!(admit(&mut table, 3, session(3, 1, 9), "add"), Verdict::Expired);
    assert_eq!(table, before);
}

#[test]
fn an_entry_outside_of_any_session_is_none_of_its_business() {
    let mut table = table(&[1]);
    let before = table.clone();
    let mut room = [0; 32];
    let entry = Entry::write(&mut room, position(2, 1), Kind::Command, &[1]).expect("a whole command");
    assert_eq!(table.admit(entry), None);
    table.record(entry, "lost");
    assert_eq!(table, before);
}

/// What a table answers from here on to everything that could be asked of it.
fn future<A: Clone, const N: usize>(table: &Sessions<A, N>) -> Vec<Verdict<A>> {
    let mut verdicts = Vec::new();
    for client in 1..=4 {
        for (epoch, sequence) in (0..=8).flat_map(|epoch| (0..=4).map(move |sequence| (epoch, sequence))) {
            for command in ["add", "remove"] {
                verdicts.push(admit(&mut table.clone(), 50, session(client, epoch, sequence), command));
            }
        }
    }
    // And whose place a further client takes, one after the other.
    let mut table = table.clone();
    for newcomer in 10..14 {
        admit(&mut table, newcomer + 50, open(newcomer, 0), "");
        verdicts.extend((1..=4).map(|client| admit(&mut table.clone(), 99, open(client, 0), "")));
    }
    verdicts
}

#[test]
fn all_that_matters_of_a_table_travels_in_snapshots() {
    let mut table = Sessions::<u32, 4>::for_clients(3).expect("there is room");
    for client in 1..=3 {
        admit(&mut table, client, open(client, 0), "");
    }
    done(&mut table, 4, session(1, 1, 3), "add", 42);
    done(&mut table, 5, session(3, 3, 1), "add", 43);
    admit(&mut table, 6, session(1, 1, 3), "add");
    let mut room = [0; 128];
    let bytes = postcard::to_slice(&table, &mut room).expect("it is short");
    let restored: Sessions<u32, 4> = postcard::from_bytes(bytes).expect("it was written so");
    assert_eq!(future(&restored), future(&table));
    assert_eq!(restored, table);
}

#[test]
fn tables_with_more_and_less_room_agree_if_they_admit_as_many() {
    let mut small = Sessions::<u32, 2>::new();
    let mut large = Sessions::<u32, 64>::for_clients(2).expect("there is room");
    let mut room = [[0; 64]; 2];
    for (index, client) in (1..).zip([1, 2, 3, 1, 2, 2, 3]) {
        let verdict = admit(&mut small, index, open(client, 0), "");
        assert_eq!(admit(&mut large, index, open(client, 0), ""), verdict);
        let [one, other] = &mut room;
        assert_eq!(postcard::to_slice(&small, one).unwrap(), postcard::to_slice(&large, other).unwrap());
    }
    assert_eq!(postcard::from_bytes::<Sessions<u32, 64>>(&room[0]).unwrap(), large);
}

#[test]
fn a_table_for_more_clients_than_there_is_room_for_is_refused() {
    assert_eq!(Sessions::<u32, 2>::for_clients(3), None);
    assert_eq!(Sessions::<u32, 2>::for_clients(0), None);
    let mut room = [0; 64];
    let bytes = postcard::to_slice(&Sessions::<u32, 3>::new(), &mut room).unwrap();
    assert!(postcard::from_bytes::<Sessions<u32, 2>>(bytes).is_err());
}

/// An answer that takes four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Four([u8; 4]);

#[test]
fn no_table_takes_more_bytes_of_a_snapshot_than_it_says() {
    let mut table = Sessions::<Four, 16>::new();
    let (epochs, highest) = (Index::MAX.0 - 100, u64::MAX);
    for place in 0..16 {
        admit(&mut table, epochs + place, open(highest - place, 0), "");
        done(&mut table, epochs + place + 16, session(highest - place, epochs + place, highest), "add", Four([255; 4]));
    }
    let mut room = [0; 1024];
    let bytes = postcard::to_slice(&table, &mut room).expect("it fits").len();
    let most = Sessions::<Four, 16>::snapshot_bytes_max(4);
    assert!((bytes..bytes + 16).contains(&most), "{bytes} bytes, and at most {most}");
    assert_eq!(Sessions::<Four, 16>::snapshot_bytes_max(usize::MAX), usize::MAX, "nothing overflows");
}
