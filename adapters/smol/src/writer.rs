use std::panic::resume_unwind;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use quorate::{Entries, HardState, Index, Persist, Roster, Settled, Snapshot, Ticket};
use quorate_disk::{Disk, DiskError, Snapshots};
use smol::channel::{Receiver, bounded};

/// The disk, on a thread of its own: a sync would stop everything else that the executor does.
///
/// One write is under way at a time, and what comes meanwhile joins the next one; beside it the log may be told of a
/// snapshot, and one that is fetched be synced. When dropped, it waits for what is under way, so that the directory is
/// free for the next node.
pub(crate) struct Writer {
    /// None once it ends.
    jobs: Option<SyncSender<Job>>,
    results: Receiver<Done>,
    thread: Option<JoinHandle<()>>,
    is_busy: bool,
    is_syncing: bool,
    /// The bytes of the write before, to be used again.
    spare: Vec<u8>,
}

/// A write, word of a snapshot, and a sync of another one.
const JOBS_MAX: usize = 3;

enum Job {
    Write {
        ticket: Ticket,
        hard_state: Option<HardState>,
        snapshot: Option<Snapshot>,
        records: Vec<u8>,
        settled: Option<Known>,
        mark: Option<quorate::Mark>,
    },
    Mark {
        snapshot: Snapshot,
        /// Who takes part, unless that is durable: a log that stands on a snapshot forgets the entries that say so.
        settled: Option<Known>,
    },
    Sync(Snapshot),
}

/// Who takes part, on its way to the disk.
struct Known {
    since: Index,
    roster: Vec<u8>,
}

impl Known {
    fn of(settled: Settled<'_>) -> Known {
        Known { since: settled.since, roster: settled.roster.bytes().to_vec() }
    }

    fn settled(&self) -> Settled<'_> {
        let roster = Roster::parse(&self.roster).expect("a roster was whole when it came out of the node");
        Settled { since: self.since, roster }
    }
}

/// What the disk has done, or could not.
pub(crate) enum Done {
    Written { ticket: Ticket, records: Vec<u8>, result: Result<(), DiskError> },
    Marked { snapshot: Snapshot, result: Result<(), DiskError> },
    Synced(Result<(), DiskError>),
}

/// What to tell the node.
pub(crate) enum News {
    Persisted(Ticket),
    Snapshotted(Snapshot),
}

impl Writer {
    pub(crate) fn start(mut disk: Disk) -> std::io::Result<Writer> {
        let (jobs, to_do) = sync_channel::<Job>(JOBS_MAX);
        let (done, results) = bounded(JOBS_MAX);
        let mut snapshots = disk.snapshots();
        let work = move || {
            for job in to_do {
                let _ = done.send_blocking(job.run(&mut disk, &mut snapshots));
            }
        };
        let thread = thread::Builder::new().name("quorate-disk".into()).spawn(work)?;
        Ok(Writer {
            jobs: Some(jobs),
            results,
            thread: Some(thread),
            is_busy: false,
            is_syncing: false,
            spare: Vec::new(),
        })
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// Hands a write to the disk.
    pub(crate) fn begin(&mut self, write: Persist<'_>) {
        assert!(!self.is_busy, "one write is under way at a time");
        let mut records = std::mem::take(&mut self.spare);
        records.clear();
        records.extend_from_slice(write.entries.bytes());
        self.is_busy = true;
        let Persist { ticket, hard_state, snapshot, mark, settled, .. } = write;
        let settled = settled.map(Known::of);
        self.give(Job::Write { ticket, hard_state, snapshot, records, settled, mark });
    }

    /// Tells the log of a snapshot of the application's own, which is durable. One at a time.
    pub(crate) fn mark(&mut self, snapshot: Snapshot, unsettled: Option<Settled<'_>>) {
        self.give(Job::Mark { snapshot, settled: unsettled.map(Known::of) });
    }

    /// Makes what was stored of a snapshot of the leader durable, unless that is under way.
    pub(crate) fn sync(&mut self, snapshot: Snapshot) {
        if !std::mem::replace(&mut self.is_syncing, true) {
            self.give(Job::Sync(snapshot));
        }
    }

    /// If the thread is gone, its end is seen where its result is awaited.
    fn give(&mut self, job: Job) {
        if let Some(jobs) = &self.jobs {
            let _ = jobs.try_send(job);
        }
    }

    /// Waits for what is under way, for ever if there is nothing. `None` if the thread has panicked.
    pub(crate) async fn done(&self) -> Option<Done> {
        self.results.recv().await.ok()
    }

    /// What to tell the node of what is done.
    pub(crate) fn finish(&mut self, done: Option<Done>) -> Result<Option<News>, DiskError> {
        match done {
            Some(Done::Written { ticket, records, result }) => {
                self.is_busy = false;
                self.spare = records;
                result.map(|()| Some(News::Persisted(ticket)))
            }
            Some(Done::Marked { snapshot, result }) => result.map(|()| Some(News::Snapshotted(snapshot))),
            Some(Done::Synced(result)) => {
                self.is_syncing = false;
                result.map(|()| None)
            }
            None => {
                self.join();
                unreachable!("the thread of the disk ends by a panic, or when it is told to");
            }
        }
    }

    /// Ends the thread; a panic there becomes one here.
    fn join(&mut self) {
        self.jobs = None;
        let ended = self.thread.take().map_or(Ok(()), JoinHandle::join);
        if let Err(panic) = ended
            && !thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.join();
    }
}

impl Job {
    fn run(self, disk: &mut Disk, snapshots: &mut Snapshots) -> Done {
        match self {
            Job::Write { ticket, hard_state, snapshot, records, settled, mark } => {
                let entries = Entries::parse(&records).expect("records were whole when they came out of the log");
                let settled = settled.as_ref().map(Known::settled);
                let result = disk.write(hard_state, snapshot, entries, settled, mark);
                Done::Written { ticket, records, result }
            }
            Job::Mark { snapshot, settled } => {
                let known = settled.as_ref().map(Known::settled);
                let written =
                    known.map_or(Ok(()), |settled| disk.write(None, None, Entries::default(), Some(settled), None));
                Done::Marked { snapshot, result: written.and_then(|()| disk.mark(snapshot)) }
            }
            Job::Sync(snapshot) => Done::Synced(snapshots.sync(snapshot)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use quorate::{
        Boot, Charter, Config, Effect, Features, Founding, Input, Instant, Least, Members, Node, Role, Seat, Seats,
    };
    use quorate_disk::{Options, Owner};
    use smol::block_on;

    use super::*;

    const SEAT: Seat = Seat(0);

    fn open(directory: &Path, segment_bytes: u64, mut take: impl FnMut(quorate_disk::Recovered<'_>)) -> Disk {
        let (owner, options) = (Owner { cluster: 1, seat: SEAT }, Options { segment_bytes });
        let take = |recovered: quorate_disk::Recovered<'_>| {
            take(recovered);
            Ok::<(), DiskError>(())
        };
        Disk::open(directory, owner, options, take).expect("a sound log").0
    }

    fn writer(directory: &Path, segment_bytes: u64) -> Writer {
        Writer::start(open(directory, segment_bytes, |_| ())).expect("a thread")
    }

    fn node() -> Node<u64, [u8; 4096], 1> {
        let charter = Charter {
            founding: Founding(1),
            members: Members::of(Seats::first(1)),
            least: Least { log_bytes: 4096, election_micros: 250_000, features: Features::OWN },
        };
        let boot = Boot::found(Config::new(SEAT, 1), &charter, [0; 4096]).expect("a cluster of one");
        boot.start(Instant::START).expect("it has nothing")
    }

    /// Hands what the node wants written to the disk. Whether it wants anything.
    fn begin(node: &mut Node<u64, [u8; 4096], 1>, writer: &mut Writer, input: Input<'_, u64>) -> bool {
        for effect in node.step(Instant::from_millis(1000), input) {
            if let Effect::Persist(write) = effect {
                writer.begin(write);
            }
        }
        writer.is_busy()
    }

    #[test]
    fn what_was_written_comes_back_as_a_ticket() {
        let directory = tempfile::tempdir().expect("a directory");
        let (mut node, mut writer) = (node(), writer(directory.path(), 1 << 12));
        let mut input = Input::Tick;
        while begin(&mut node, &mut writer, input) {
            let done = block_on(writer.done());
            let Ok(Some(News::Persisted(ticket))) = writer.finish(done) else { panic!("the disk is sound") };
            input = Input::Persisted(ticket);
        }
        assert_eq!(node.role(), Role::Leader);
        assert_eq!(node.durable(), node.last().index);
    }

    #[test]
    fn a_write_that_fails_gives_no_ticket() {
        let directory = tempfile::tempdir().expect("a directory");
        // Its first write needs a new segment, and there is no place for one.
        let (mut node, mut writer) = (node(), writer(directory.path(), 0));
        fs::remove_dir_all(directory.path()).expect("the directory can go");
        assert!(begin(&mut node, &mut writer, Input::Tick), "the vote is to be written");
        let done = block_on(writer.done());
        let Err(error) = writer.finish(done) else { panic!("there is no directory") };
        assert!(error.to_string().contains("cannot create"), "{error}");
    }

    /// A snapshot that was taken unasked may come before the write that says who takes part.
    #[test]
    fn who_takes_part_is_durable_before_the_log_stands_on_a_snapshot() {
        let directory = tempfile::tempdir().expect("a directory");
        let disk = open(directory.path(), 1 << 12, |_| ());
        let files = disk.snapshots();
        let mut writer = Writer::start(disk).expect("a thread");
        let mut room = [0; 64];
        let everyone = Members::of(Seats::first(1));
        let roster = Roster::write(
            &mut room,
            everyone,
            Least { log_bytes: 4096, election_micros: 250_000, features: Features::OWN },
            None,
            |_| Default::default(),
        )
        .expect("there is room");
        let position = quorate::Position { term: quorate::Term(1), index: Index(5) };
        let snapshot = files.create(position, everyone).expect("a file").finish().expect("a snapshot");
        writer.mark(snapshot, Some(Settled { since: Index(5), roster }));
        let done = block_on(writer.done());
        assert!(matches!(writer.finish(done), Ok(Some(News::Snapshotted(_)))));
        drop(writer);
        let mut since = None;
        let _ = open(directory.path(), 1 << 12, |recovered| {
            if let quorate_disk::Recovered::Settled(settled) = recovered {
                since = Some(settled.since);
            }
        });
        assert_eq!(since, Some(Index(5)));
    }
}
