//! A stage on which a talk between nodes is played by hand, line by line: for golden traces.
//!
//! Nodes are called 1, 2, 3 and have those seats. Nothing moves by itself: messages wait until they are delivered, writes
//! until they are synced, and each node's own clock stands until the node is woken or waits.
//!
//! | line | what happens |
//! | --- | --- |
//! | `cluster 3 learners=1 frame=100 window=64 window-bytes=.. log-bytes=..` | an empty stage, with new nodes |
//! | `disk 1 term=2 vote=1 log=1,1,2` | node 1 starts from a disk with entries of these terms |
//! | `log-bytes 1 bytes=90` | node 1 starts with another memory for its log |
//! | `elect 1 without=3` | node 1 is elected in the usual way, unseen |
//! | `tick 1`, `wait 1 ms=50`, `wait ms=50` | node 1 is woken when it is due; time passes for it, or for all |
//! | `client 1 word bytes=60 session=7#1`, `read 1`, `transfer 1 2` | what clients and operators want |
//! | `sync 1` | the write under way is durable |
//! | `deliver 1 2`, `at=2`, `keep`, `all` | messages from 1 to 2, the oldest first |
//! | `drop 1 2`, `at=1` | all messages from 1 to 2, or one, are lost |
//! | `run without=3` | delivers and syncs until all is quiet; what node 3 says and hears is lost |
//! | `hold 1`, `draw 1` | the effects of node 1 wait, and are drawn |
//! | `crash 1`, `start 1` | the power goes and comes back: the disk has what was synced |
//! | `forge 3 1 vote term=1` | a message that nobody sent: see `forge` |
//! | `log 1`, `progress 1`, `due 1` | shows a log, what a leader knows of the others, the next deadline |
//! | `quietly ..` | the same, and only changes of the nodes are shown |

mod forge;
mod line;
mod play;
pub(crate) mod show;

use std::collections::BTreeMap;

use quorate::{Boot, Config, Entry, HardState, Index, Instant, Kind, Position, Refusals, Term, Ticket};

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
    log_bytes: usize,
    now: Instant,
    /// Whether its effects wait until they are drawn on demand.
    held: bool,
    node: Option<Node>,
    disk: Disk,
    write: Option<(Ticket, Disk)>,
    /// What the last line showed of it.
    shown: String,
    refusals: Refusals,
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
    fn new(config: Config, log_bytes: usize) -> Actor {
        let mut actor = Actor {
            config,
            log_bytes,
            now: Instant::START,
            held: false,
            node: None,
            disk: Disk::default(),
            write: None,
            shown: String::new(),
            refusals: Refusals::default(),
        };
        actor.start();
        actor
    }

    /// Starts the node from exactly what its disk holds.
    fn start(&mut self) {
        let mut boot =
            Boot::new(self.config.clone(), vec![0; self.log_bytes]).expect("the stage's configuration is sound");
        boot.hard_state(self.disk.hard_state.unwrap_or_default());
        for record in &self.disk.records {
            let (entry, _) = Entry::parse(record).expect("the disk holds whole records");
            boot.entry(entry).expect("the disk holds a whole log");
        }
        self.node = Some(boot.start(self.now));
        self.write = None;
        self.refusals = Refusals::default();
    }

    /// Starts once more: each boot has a name of its own.
    fn restart(&mut self) {
        self.config.seed += 10;
        self.start();
    }
}
