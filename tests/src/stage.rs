//! A stage on which a talk between nodes is played by hand, line by line: for golden traces.
//!
//! Nodes are called 1, 2, 3 and have those seats. Nothing moves by itself: messages wait until they are delivered,
//! writes until they are synced, and each node's own clock stands until the node is woken or waits.
//!
//! | line | what happens |
//! | --- | --- |
//! | `cluster 3 learners=1 frame=104 window=64 window-bytes=.. log-bytes=..` | an empty stage, with new nodes |
//! | `cluster 3 log-bytes=400 least=200` | the same, and no member's log has less memory than that |
//! | `disk 1 term=2 vote=1 log=1,1,2 mark=2` | node 1 starts from a disk with entries of these terms, and a mark of this term |
//! | `log-bytes 1 bytes=90` | node 1 starts with another memory for its log, and a charter of its own that allows it |
//! | `elect 1 without=3` | node 1 is elected in the usual way, unseen |
//! | `reigns 1 count=20` | node 1 is elected so many times, unseen, and commits nothing: what it says as a leader is lost |
//! | `tick 1`, `wait 1 ms=50`, `wait ms=50` | node 1 is woken when it is due; time passes for it, or for all |
//! | `client 1 word bytes=60 session=7#1`, `read 1`, `transfer 1 2` | what clients and operators want |
//! | `sync 1` | the write under way is durable |
//! | `deliver 1 2`, `at=2`, `keep`, `all` | messages from 1 to 2, the oldest first |
//! | `drop 1 2`, `at=1` | all messages from 1 to 2, or one, are lost |
//! | `run without=3` | delivers and syncs until all is quiet; what node 3 says and hears is lost |
//! | `snapshot 1 bytes=200 damaged` | node 1's app takes a snapshot, filled up to so many bytes; it is durable at once |
//! | `lose-disk 1`, `lose-disk 1 same` | node 1 starts from an empty disk in another life, or, as it must not, in the same |
//! | `join 4` | node 4 starts from an empty disk, in a life of its own, with what node 1 has of settings |
//! | `change 1 add 4 at=here`, `promote 4`, `remove 4`, `move 4 at=there` | an operator wants other members |
//! | `change 1 enable features=16` | an operator wants features on, by their numbers |
//! | `change 1 use key=2` | an operator wants the members to seal under this key |
//! | `cluster 3 knows=0`, `build 1 knows=0,16` | all are builds that know these features; another build takes node 1's disk up |
//! | `lose-snapshots 1` | the snapshots of node 1 cannot be read any more |
//! | `state 1` | shows what the app of node 1 holds |
//! | `hold 1`, `draw 1` | the effects of node 1 wait, and are drawn |
//! | `crash 1`, `start 1` | the power goes and comes back: the disk has what was synced |
//! | `forge 3 1 vote term=1` | a message that nobody sent: see `forge` |
//! | `log 1`, `progress 1`, `due 1` | shows a log and its mark, what a leader knows of the others, the next deadline |
//! | `members 1` | shows who takes part as node 1 sees it, and since when that is settled |
//! | `quietly ..` | the same, and only changes of the nodes are shown |

mod act;
mod disk;
mod forge;
mod line;
mod play;
pub(crate) mod show;

use std::collections::BTreeMap;

use quorate::{Boot, BootError, Charter, Config, Incarnation, Instant, Recovered, Refusals, Term, Ticket};

use self::disk::Disk;
use crate::simulator::records::Batch;

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
    charter: Charter,
    incarnation: Incarnation,
    log_bytes: usize,
    now: Instant,
    /// Whether its effects wait until they are drawn on demand.
    held: bool,
    node: Option<Node>,
    disk: Disk,
    write: Option<(Ticket, Batch)>,
    /// The app's state: the words that were applied.
    state: String,
    /// What the last line showed of it.
    shown: String,
    refusals: Refusals,
}

#[derive(Clone)]
struct Letter {
    from: u8,
    to: u8,
    frame: Vec<u8>,
}

impl Actor {
    fn new(config: Config, charter: Charter, log_bytes: usize) -> Actor {
        let mut actor = Actor {
            config,
            charter,
            incarnation: Incarnation::FOUNDER,
            log_bytes,
            now: Instant::START,
            held: false,
            node: None,
            disk: Disk::default(),
            write: None,
            state: String::new(),
            shown: String::new(),
            refusals: Refusals::default(),
        };
        actor.start();
        actor
    }

    /// Starts the node from exactly what its disk holds. It has been up for an election time-out when the play goes on: before
    /// that it votes for nobody, and few plays are about that.
    fn start(&mut self) {
        self.try_start().expect("the disk holds what a node wrote");
    }

    fn try_start(&mut self) -> Result<(), BootError> {
        let boot = Boot::recover(self.config.clone(), vec![0; self.log_bytes]);
        let mut boot = boot.expect("the stage's configuration is sound");
        let mut take = |item| boot.take(item);
        take(match self.incarnation {
            Incarnation::FOUNDER => Recovered::Charter(self.charter),
            incarnation => Recovered::Joined(self.charter, incarnation),
        })?;
        take(Recovered::HardState(self.disk.log.hard_state))?;
        self.state.clear();
        if let Some(position) = self.disk.lost {
            take(Recovered::LostSnapshot(position))?;
        }
        for (snapshot, state) in &self.disk.snapshots {
            take(Recovered::Snapshot(*snapshot))?;
            self.state.clone_from(state);
        }
        if let Some((stored, _)) = self.disk.stored {
            take(Recovered::Stored(stored))?;
        }
        self.disk.log.entries().try_for_each(|entry| take(Recovered::Entry(entry)))?;
        self.disk.log.settled().into_iter().try_for_each(|settled| take(Recovered::Settled(settled)))?;
        let mark = self.disk.log.last_mark();
        if mark.term > Term(0) {
            take(Recovered::Mark(mark))?;
        }
        let node = boot.start(self.now)?;
        self.node = Some(node);
        self.now = self.now + self.config.election_timeout;
        self.write = None;
        self.refusals = Refusals::default();
        Ok(())
    }

    /// It has lost all, and lives another life.
    fn begin_anew(&mut self) {
        self.disk = Disk::default();
        self.incarnation = Incarnation::drawn(self.incarnation.0 + 1);
    }

    /// Starts once more: each boot has a name of its own.
    fn restart(&mut self) {
        self.config.seed += 10;
        self.start();
    }
}
