//! A stage on which a talk between nodes is played by hand, line by line: for golden traces.
//!
//! Nodes are called 1, 2, 3 and have those seats. Nothing moves by itself: messages wait until they are delivered, writes
//! until they are synced, time until a node is woken.

mod line;
mod play;
pub(crate) mod show;

use std::collections::BTreeMap;

use quorate::{Boot, Config, Entry, HardState, Index, Instant, Kind, Members, Position, Seat, Term, Ticket};

/// A node on the stage. Its commands are words.
type Node = quorate::Node<String, Vec<u8>, 10>;

/// All that is on the stage.
#[derive(Default)]
pub struct Stage {
    actors: BTreeMap<u8, Actor>,
    /// Messages on their way, the oldest first.
    letters: Vec<Letter>,
}

struct Actor {
    config: Config,
    /// Each has a clock of its own, which stands still until the node is woken.
    now: Instant,
    node: Option<Node>,
    disk: Disk,
    write: Option<(Ticket, Disk)>,
    /// What the last line showed of it.
    shown: String,
}

/// What a disk holds, or a write adds.
#[derive(Clone, Default)]
struct Disk {
    hard_state: Option<HardState>,
    records: Vec<Vec<u8>>,
}

#[derive(Clone)]
struct Letter {
    from: u8,
    to: u8,
    frame: Vec<u8>,
}

impl Disk {
    /// A disk with a log whose entries have these terms, one after the other.
    fn of(hard_state: HardState, terms: &[u64]) -> Disk {
        let positions = terms.iter().zip(1..).map(|(term, index)| Position { term: Term(*term), index: Index(index) });
        let mut disk = Disk { hard_state: Some(hard_state), records: Vec::new() };
        positions.for_each(|position| disk.records.push(record(position)));
        disk
    }

    fn sync(&mut self, write: Disk) {
        self.hard_state = write.hard_state.or(self.hard_state);
        for record in write.records {
            let (entry, _) = Entry::parse(&record).expect("a write holds whole records");
            self.records.truncate(entry.position().index.0 as usize - 1);
            self.records.push(record);
        }
    }
}

/// An entry whose command is its own name: `x3` is the one at index 3.
fn record(position: Position) -> Vec<u8> {
    let command = format!("x{}", position.index.0);
    let mut payload = vec![command.len() as u8];
    payload.extend_from_slice(command.as_bytes());
    let mut room = vec![0; quorate::RECORD_OVERHEAD + payload.len()];
    Entry::write(&mut room, position, Kind::Command, &payload).expect("the room is large enough");
    room
}

impl Actor {
    fn new(seat: u8, members: Members, log_bytes: usize) -> Actor {
        // The seed leaves an actor's time-outs apart from the others'.
        let config = Config { entry_bytes_max: 100, ..Config::new(Seat(seat), members, u64::from(seat)) };
        let mut actor =
            Actor { config, now: Instant::START, node: None, disk: Disk::default(), write: None, shown: String::new() };
        actor.start(log_bytes);
        actor
    }

    /// Starts the node from exactly what its disk holds.
    fn start(&mut self, log_bytes: usize) {
        let mut boot = Boot::new(self.config.clone(), vec![0; log_bytes]).expect("the stage's configuration is sound");
        boot.hard_state(self.disk.hard_state.unwrap_or_default());
        for record in &self.disk.records {
            let (entry, _) = Entry::parse(record).expect("the disk holds whole records");
            boot.entry(entry).expect("the disk holds a whole log");
        }
        self.node = Some(boot.start(self.now));
        self.write = None;
    }
}
