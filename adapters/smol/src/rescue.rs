use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use quorate::founding::Record;
use quorate::{
    Apply, Boot, BootError, Charter, Config, Founding, Incarnation, Index, Instant, Members, Node, Position, Recovered,
    Snapshot,
};
use quorate_disk::{Damage, Owner, Survivor};
use quorate_driver::known_committed;

use crate::replica::{Replica, State, freeze, thaw};
use crate::server::{SEATS, thawed};
use crate::socket::DATAGRAM_MAX;
use crate::{App, ServeError, random};

/// What the directory of a node holds that is not to run again, locked for as long as this is kept: the state that all
/// of its log leads to, be it known to be committed or not.
#[must_use = "the directory is locked only as long as this is kept"]
pub struct Rescue<A: App> {
    replica: Box<Replica<A>>,
    members: Members,
    founding: Founding,
    incarnation: Incarnation,
    recency: Position,
    committed: Index,
    survivor: Survivor,
}

/// Reads a survivor's directory, and changes nothing. The application is given as it began, and `clients_max` as its
/// nodes had it.
///
/// # Errors
/// Another process has the directory open; it is damaged, a member's of no cluster, or another version wrote it. Or the
/// snapshot that its log stands on is lost: [`ServeError::SnapshotLost`].
pub fn rescue<A: App>(directory: &Path, app: A, clients_max: usize) -> Result<Rescue<A>, ServeError> {
    let survivor = Survivor::open(directory)?.ok_or(BootError::NoMember)?;
    let (charter, incarnation) = match survivor.record() {
        Some(Record::Complete(charter)) => (charter, Incarnation::FOUNDER),
        Some(Record::Joined(charter, incarnation)) => (charter, incarnation),
        Some(Record::Prepared(_)) | None => return Err(BootError::NoMember.into()),
    };
    let (node, latest) = recover::<A>(&survivor, &charter)?;
    if node.is_lost() {
        return Err(ServeError::SnapshotLost { position: node.base(), damage: survivor.damaged().first().cloned() });
    }
    let mut state = State::new(app, clients_max)?;
    if let Some(snapshot) = latest {
        state = thawed(snapshot, survivor.snapshots().open(snapshot)?, thaw(state.app()))?;
    }
    let mut replica = Box::new(state.into_replica(node.base()));
    for entry in node.log() {
        replica.apply(&Apply::new(entry))?;
    }
    Ok(Rescue {
        replica,
        members: node.roster().1.members(),
        founding: charter.founding,
        incarnation,
        recency: node.recency(),
        committed: known_committed(&node),
        survivor,
    })
}

/// The node as it would start, and its latest snapshot.
fn recover<A: App>(survivor: &Survivor, charter: &Charter) -> Result<(Stopped<A>, Option<Snapshot>), ServeError> {
    let usual = Config::new(survivor.owner().seat, random::number());
    let config = Config {
        election_timeout: usual.election_timeout.max(Duration::from_micros(charter.least.election_micros.into())),
        entry_bytes_max: DATAGRAM_MAX,
        inflight_bytes_max: DATAGRAM_MAX,
        ..usual
    };
    // In memory a record takes four bytes more, and it has 23 at least.
    let memory = survivor.bytes().saturating_mul(2).max(charter.least.log_bytes.into());
    let memory = vec![0; usize::try_from(memory).unwrap_or(usize::MAX)].into_boxed_slice();
    let (mut boot, mut latest) = (Boot::recover(config, memory)?, None);
    survivor.show(|recovered| {
        if let Recovered::Snapshot(snapshot) = recovered {
            latest = Some(snapshot);
        }
        boot.take(recovered).map_err(ServeError::Boot)
    })?;
    Ok((boot.start(Instant::START)?, latest))
}

/// A node that is never told anything.
type Stopped<A> = Node<<A as App>::Command, Box<[u8]>, SEATS>;

impl<A: App> Rescue<A> {
    /// The application, after the last entry.
    pub fn app(&self) -> &A {
        &self.replica.app().0
    }

    /// How many clients have a session.
    pub fn clients(&self) -> usize {
        self.replica.ledger().clients()
    }

    /// Whose directory it is.
    pub fn owner(&self) -> Owner {
        self.survivor.owner()
    }

    /// The identity of the cluster, and the life of the store.
    pub fn identity(&self) -> (Founding, Incarnation) {
        (self.founding, self.incarnation)
    }

    /// Who took part, by the last entry that says so.
    pub fn members(&self) -> Members {
        self.members
    }

    /// The position of the last entry.
    pub fn last(&self) -> Position {
        self.replica.applied()
    }

    /// How recent the log is, as elections compare it. All that was committed in earlier terms is in it, and what was
    /// committed in this term up to this index: of several survivors, none has more for certain than the one of the
    /// greatest recency.
    pub fn recency(&self) -> Position {
        self.recency
    }

    /// The last index that this store knows to be committed. What is behind it may be committed or not.
    pub fn committed(&self) -> Index {
        self.committed
    }

    /// What is wrong with the latest snapshots, if an earlier one takes their place.
    pub fn damaged(&self) -> &[Damage] {
        self.survivor.damaged()
    }

    /// Writes the state, as a node's snapshot holds it.
    ///
    /// # Errors
    /// What `out` returns.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        freeze(&self.replica)(out)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use quorate::{
        Entries, Entry, Features, HardState, Kind, Least, Mark, RECORD_OVERHEAD, Roster, Seat, Seats, Settled, Term,
    };
    use quorate_disk::{Disk, DiskError, Options};
    use tempfile::TempDir;

    use super::*;
    use crate::restore;

    /// All numbers that it was told, in order.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct List(Vec<u8>);

    impl App for List {
        type Command = u8;

        fn apply(&mut self, _: Index, number: u8) -> Vec<u8> {
            self.0.push(number);
            vec![number]
        }

        fn query(&self, _: &[u8]) -> Vec<u8> {
            Vec::new()
        }

        fn snapshot(&self) -> impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static {
            let numbers = self.0.clone();
            move |out| out.write_all(&numbers)
        }

        fn restore(&self) -> impl FnOnce(&mut dyn Read) -> io::Result<List> + Send + 'static {
            |snapshot| {
                let mut numbers = Vec::new();
                snapshot.read_to_end(&mut numbers)?;
                Ok(List(numbers))
            }
        }

        fn digest(&self) -> u64 {
            0
        }
    }

    const OWNER: Owner = Owner { cluster: 1, seat: Seat(2) };

    const CHARTER: Charter = Charter {
        founding: Founding(7),
        members: Members::of(Seats(0b1110)),
        least: Least { log_bytes: 1 << 20, election_micros: 2_000_000, features: Features::OWN },
    };

    /// A member's log, and where it is.
    fn member() -> (TempDir, Disk) {
        member_of(Seats(0b1110))
    }

    fn member_of(voters: Seats) -> (TempDir, Disk) {
        let directory = tempfile::tempdir().expect("there is room for a directory");
        let mut disk = reopen(&directory);
        let charter = Charter { members: Members::of(voters), ..CHARTER };
        disk.record(Record::Complete(charter)).expect("the disk takes it");
        (directory, disk)
    }

    fn reopen(directory: &TempDir) -> Disk {
        let opened = Disk::open(directory.path(), OWNER, Options::default(), |_| Ok::<(), DiskError>(()));
        opened.expect("it opens").0
    }

    fn position(term: u64, index: u64) -> Position {
        Position { term: Term(term), index: Index(index) }
    }

    /// Writes commands of a term from an index on, each the number at its place.
    fn append(disk: &mut Disk, term: u64, from: u64, numbers: &[u8]) {
        let record = |(number, index): (&u8, u64)| {
            let mut room = [0; RECORD_OVERHEAD + 1];
            Entry::write(&mut room, position(term, index), Kind::Command, &[*number]).expect("there is room");
            room
        };
        let records: Vec<u8> = numbers.iter().zip(from..).flat_map(record).collect();
        let entries = Entries::parse(&records).expect("they follow each other");
        let state = HardState { term: Term(term), vote: None };
        disk.write(Some(state), None, entries, None, None).expect("the disk takes it");
    }

    fn rescued(directory: &TempDir) -> Result<Rescue<List>, ServeError> {
        rescue(directory.path(), List::default(), 8)
    }

    #[test]
    fn all_of_the_log_is_rescued_be_it_known_to_be_committed_or_not() {
        let (directory, mut disk) = member();
        append(&mut disk, 1, 1, &[1, 2, 3, 4]);
        // A later leader has replaced the last two.
        append(&mut disk, 2, 3, &[30, 40, 50]);
        let found = rescued(&directory);
        assert!(matches!(found, Err(ServeError::Disk(DiskError::InUse { .. }))), "a node runs on it");
        drop(disk);
        let found = rescued(&directory).expect("it can be read");
        assert_eq!(found.app(), &List(vec![1, 2, 30, 40, 50]));
        assert_eq!((found.last(), found.recency(), found.committed()), (position(2, 5), position(2, 5), Index(0)));
        assert_eq!((found.owner(), found.members()), (OWNER, CHARTER.members));
        assert_eq!(found.identity(), (CHARTER.founding, Incarnation::FOUNDER));

        let mut bytes = Vec::new();
        found.write(&mut bytes).expect("memory takes everything");
        let (list, sessions) = restore(&List::default(), &mut &bytes[..]).expect("it is a state");
        assert_eq!((&list, sessions), (found.app(), 0));
    }

    #[test]
    fn what_a_mark_has_made_void_is_not_rescued_and_the_mark_counts_among_survivors() {
        let (directory, mut disk) = member();
        append(&mut disk, 1, 1, &[1, 2, 3]);
        let mark = Mark { term: Term(5), last: position(1, 2) };
        disk.write(None, None, Entries::default(), None, Some(mark)).expect("the disk takes it");
        drop(disk);
        let found = rescued(&directory).expect("it can be read");
        assert_eq!(found.app(), &List(vec![1, 2]));
        assert_eq!((found.last(), found.recency()), (position(1, 2), position(5, 2)));
    }

    #[test]
    fn a_snapshot_and_a_settled_configuration_are_known_to_be_committed() {
        let (directory, mut disk) = member();
        append(&mut disk, 1, 1, &[1, 2, 3]);
        let state = State::new(List(vec![1, 2]), 8).expect("there is room").into_replica(position(1, 2));
        let mut file = disk.snapshots().create(position(1, 2), CHARTER.members).expect("there is room");
        freeze(&state)(&mut file).expect("there is room");
        let snapshot = file.finish().expect("there is room");
        disk.mark(snapshot).expect("the disk takes it");
        drop(disk);
        let found = rescued(&directory).expect("it can be read");
        assert_eq!((found.app(), found.committed()), (&List(vec![1, 2, 3]), Index(2)));
        drop(found);

        let mut disk = reopen(&directory);
        let mut room = [0; 100];
        let roster = Roster::write(&mut room, CHARTER.members, CHARTER.least, None, |_| Default::default())
            .expect("there is room");
        let settled = Settled { since: Index(3), roster };
        disk.write(None, None, Entries::default(), Some(settled), None).expect("the disk takes it");
        drop(disk);
        assert_eq!(rescued(&directory).expect("it can be read").committed(), Index(3));
    }

    #[test]
    fn all_that_the_only_voter_has_is_committed() {
        let (directory, mut disk) = member_of(Seats(0b100));
        append(&mut disk, 1, 1, &[1, 2, 3]);
        drop(disk);
        assert_eq!(rescued(&directory).expect("it can be read").committed(), Index(3));
    }

    #[test]
    fn a_lost_snapshot_leaves_nothing_to_rescue() {
        let (directory, mut disk) = member();
        let snapshot = Snapshot { position: position(4, 9), bytes: 1, check: quorate::crc32c(b"x") };
        disk.snapshots().store(snapshot, CHARTER.members, 0, b"x").expect("there is room");
        disk.write(None, Some(snapshot), Entries::default(), None, None).expect("the disk takes it");
        drop(disk);
        let files = directory.path().read_dir().expect("it is there").map(|file| file.expect("it is there").path());
        let file = files.into_iter().find(|path| path.extension().is_some_and(|is| is == "snapshot"));
        std::fs::remove_file(file.expect("it is there")).expect("it can go");
        let Err(ServeError::SnapshotLost { position: lost, damage: None }) = rescued(&directory).map(|_| ()) else {
            panic!("something was made of it")
        };
        assert_eq!(lost, position(4, 9));
    }

    #[test]
    fn a_store_that_is_no_member_has_nothing() {
        let directory = tempfile::tempdir().expect("there is room for a directory");
        let no_member = |found| matches!(found, Err(ServeError::Boot(BootError::NoMember)));
        assert!(no_member(rescued(&directory).map(|_| ())));
        drop(reopen(&directory));
        assert!(no_member(rescued(&directory).map(|_| ())));
    }
}
