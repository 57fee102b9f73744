use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use lamps::SEATS;
use quorate::Seat;
use tempfile::TempDir;

use crate::board::Board;
use crate::gateway::Gateway;
use crate::interrupt::is_interrupted;
use crate::keys::Keys;
use crate::machine::{Kind, Machine};
use crate::member::Member;
use crate::port::short_pair;
use crate::{Failure, Firmware, Journal, Pending, Wire};

/// Machines, and the wires between them. All of it stops when this is dropped.
pub struct Rig {
    machines: Vec<Machine>,
    wires: Vec<Joined>,
    /// It ends when the wires have.
    gateway: Option<Gateway>,
    place: Place,
    journal: Arc<Journal>,
}

/// What all machines of a cluster have in common.
pub struct Setting {
    /// What the boards run.
    pub firmware: Firmware,
    /// How fast the wires are, in symbols a second.
    pub baud: u32,
    /// The number of the cluster.
    pub cluster: u64,
    /// Whether its machines say everything plainly.
    pub plain: bool,
}

/// A wire, and the machines that it joins.
struct Joined {
    wire: Arc<Wire>,
    ends: [Vec<usize>; 2],
}

/// Where flashes and disks are kept.
enum Place {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl Rig {
    /// Three boards in a mesh, which is a ring as well. They start with what is in `directory`, or with empty flashes
    /// that are removed in the end.
    ///
    /// # Errors
    /// A file or a process cannot be made.
    pub fn mesh(setting: &Setting, directory: Option<&Path>, journal: Journal) -> Result<Rig, Failure> {
        let &Setting { ref firmware, baud, cluster, plain } = setting;
        let mut rig = Rig::empty(directory.map(|directory| directory.join(BOARDS)), journal)?;
        let keys = rig.keys(plain)?;
        for seat in 0..SEATS {
            let next = (seat + 1) % SEATS;
            rig.wires.push(Joined { wire: Arc::new(Wire::new(baud)), ends: [vec![seat + 1], vec![next + 1]] });
        }
        for seat in 0..SEATS {
            let before = (seat + SEATS - 1) % SEATS;
            let lines = [Some((rig.wires[seat].wire.clone(), 0)), Some((rig.wires[before].wire.clone(), 1))];
            let (firmware, keys) = (firmware.clone(), keys.clone());
            let board = Board { firmware, cluster, seat, baud, wiring: "ring", keys, lines };
            rig.machines.push(Machine::new(format!("board {}", seat + 1), Kind::Board(board)));
        }
        rig.start_all()
    }

    /// One board, and two processes of this host: `program` is this one. They reach each other over UDP, and the board
    /// by a gateway at the other end of its serial line.
    ///
    /// # Errors
    /// A file, a socket or a process cannot be made.
    pub fn mixed(
        setting: &Setting,
        program: &Path,
        directory: Option<&Path>,
        journal: Journal,
    ) -> Result<Rig, Failure> {
        let failed = |error: io::Error| Failure::new(format!("no network: {error}"));
        let &Setting { ref firmware, baud, cluster, plain } = setting;
        let mut rig = Rig::empty(directory.map(|directory| directory.join(MIXED)), journal)?;
        // A host binds its address when it starts; until then it is kept from others.
        let sockets: Vec<UdpSocket> =
            (0..SEATS).map(|_| UdpSocket::bind("127.0.0.1:0")).collect::<Result<_, _>>().map_err(failed)?;
        let members: Vec<SocketAddr> =
            sockets.iter().map(UdpSocket::local_addr).collect::<Result<_, _>>().map_err(failed)?;
        let wire = Arc::new(Wire::new(baud));
        let lines = [Some((wire.clone(), 0)), None];
        let keys = rig.keys(plain)?;
        let (firmware, wiring) = (firmware.clone(), "gateway");
        let board = Board { firmware, cluster, seat: 0, baud, wiring, keys: keys.clone(), lines };
        rig.machines.push(Machine::new("board 1".into(), Kind::Board(board)));
        for number in 2..=SEATS {
            let (program, members, keys) = (program.into(), members.clone(), keys.clone());
            let member = Member { program, cluster, number, members, baud, keys };
            rig.machines.push(Machine::new(format!("host {number}"), Kind::Host(member)));
        }
        let (end, line) = short_pair().map_err(failed)?;
        wire.plug(1, end);
        let socket = sockets.into_iter().next().unwrap_or_else(|| unreachable!("there are three"));
        let members = (0..).map(Seat).zip(members).collect();
        rig.gateway = Some(Gateway::start(Seat(0), socket, line, members).map_err(failed)?);
        rig.wires.push(Joined { wire, ends: [vec![1], vec![2, 3]] });
        rig.start_all()
    }

    /// The key of its machines, unless they are to say everything plainly.
    fn keys(&self, plain: bool) -> Result<Option<Keys>, Failure> {
        if plain { Ok(None) } else { Keys::of(&self.directory()).map(Some) }
    }

    fn start_all(mut self) -> Result<Rig, Failure> {
        for number in 1..=self.machines.len() {
            self.start(number)?;
        }
        Ok(self)
    }

    fn empty(directory: Option<PathBuf>, journal: Journal) -> Result<Rig, Failure> {
        let place = match directory {
            Some(directory) => {
                let failed = |error| Failure::new(format!("cannot use {}: {error}", directory.display()));
                fs::create_dir_all(&directory).map_err(failed)?;
                Place::Kept(directory)
            }
            None => {
                let failed = |error| Failure::new(format!("no place for the flashes: {error}"));
                Place::Temporary(TempDir::with_prefix("quorate-rig-").map_err(failed)?)
            }
        };
        Ok(Rig { machines: Vec::new(), wires: Vec::new(), gateway: None, place, journal: Arc::new(journal) })
    }

    /// The last lines that the machines said, or one of them.
    ///
    /// # Errors
    /// There is no such machine.
    pub fn log(&mut self, count: usize, number: Option<usize>) -> Result<String, Failure> {
        let name = number.map(|number| self.machine(number).map(|machine| machine.name.clone())).transpose()?;
        Ok(self.journal.last(count, name.as_deref()))
    }

    /// The numbers of the machines that run.
    pub fn running(&mut self) -> Vec<usize> {
        let numbered = self.machines.iter_mut().zip(1..);
        numbered.filter_map(|(machine, number)| machine.running().is_ok().then_some(number)).collect()
    }

    /// Starts a machine that is off.
    ///
    /// # Errors
    /// It runs, or cannot be started.
    pub fn start(&mut self, number: usize) -> Result<(), Failure> {
        let (journal, directory) = (self.journal.clone(), self.directory());
        self.machine(number)?.start(&directory, &journal)
    }

    /// Kills a machine between any two of its instructions.
    ///
    /// # Errors
    /// It does not run.
    pub fn kill(&mut self, number: usize) -> Result<(), Failure> {
        self.machine(number)?.kill()
    }

    /// Takes from a machine all that its flash or disk holds, and starts it.
    ///
    /// # Errors
    /// There is no such machine, or it cannot be started.
    pub fn erase(&mut self, number: usize) -> Result<(), Failure> {
        let directory = self.directory();
        let machine = self.machine(number)?;
        // It may be off.
        let _ = machine.kill();
        machine.erase(&directory)?;
        self.start(number)
    }

    fn directory(&self) -> PathBuf {
        match &self.place {
            Place::Kept(path) => path.clone(),
            Place::Temporary(directory) => directory.path().into(),
        }
    }

    /// Presses a board's reset button.
    ///
    /// # Errors
    /// It is no board, or does not run.
    pub fn reset(&mut self, number: usize) -> Result<(), Failure> {
        self.machine(number)?.reset()
    }

    /// Gives a machine an order.
    ///
    /// # Errors
    /// It does not run.
    pub fn ask(&mut self, number: usize, order: &str) -> Result<Pending, Failure> {
        self.machine(number)?.ask(order)
    }

    /// The wire between two machines.
    ///
    /// # Errors
    /// There is none.
    pub fn wire(&self, a: usize, b: usize) -> Result<&Wire, Failure> {
        let joins = |[left, right]: &[Vec<usize>; 2]| {
            left.contains(&a) && right.contains(&b) || left.contains(&b) && right.contains(&a)
        };
        let found = self.wires.iter().find(|joined| joins(&joined.ends));
        found.map(|joined| &*joined.wire).ok_or_else(|| {
            let wires: Vec<String> = self.wires.iter().map(Joined::name).collect();
            Failure::new(format!("there is no wire between {a} and {b}, but between {}", wires.join(", ")))
        })
    }

    /// How each wire is.
    pub fn wires(&self) -> impl Iterator<Item = String> {
        self.wires.iter().map(|joined| format!("wire {}: {}", joined.name(), joined.wire.condition()))
    }

    /// What each machine answers to an order, or why it does not.
    pub fn ask_all(&mut self, order: &str) -> Vec<(String, Result<String, Failure>)> {
        let asked = self.machines.iter_mut().map(|machine| (machine.name.clone(), machine.ask(order)));
        let asked: Vec<_> = asked.collect();
        asked.into_iter().map(|(name, pending)| (name, pending.and_then(|pending| pending.wait(ANSWER)))).collect()
    }

    /// Waits until one of the machines leads.
    ///
    /// # Errors
    /// None does within this time.
    pub fn leader(&mut self, limit: Duration) -> Result<usize, Failure> {
        self.until(limit, |rig| rig.present_leader().map(|(leader, _)| leader))
    }

    /// Who leads now, and what it says of itself.
    pub(crate) fn present_leader(&mut self) -> Result<(usize, String), Failure> {
        let reports = self.ask_all("status").into_iter().zip(1..);
        let leads = |((_, report), number): ((_, Result<String, _>), _)| Some((number, report.ok()?));
        let mut leaders = reports.filter_map(leads).filter(|(_, report)| report.starts_with("leader"));
        leaders.next().ok_or_else(|| Failure::new("no machine leads: too few run or reach each other"))
    }

    /// Whether a machine is a process of this host.
    pub fn is_host(&self, number: usize) -> bool {
        self.machines.get(number.wrapping_sub(1)).is_some_and(Machine::is_host)
    }

    /// Waits until all machines that run have the same lamps and registers, and have applied as much: what they say
    /// then.
    ///
    /// # Errors
    /// They differ all this time.
    pub fn agreement(&mut self, limit: Duration) -> Result<String, Failure> {
        self.until(limit, |rig| {
            let running = rig.running();
            let all: Vec<_> = rig.ask_all("lamps").into_iter().zip(1..).collect();
            let said: Vec<_> = all.into_iter().filter(|(_, number)| running.contains(number)).collect();
            match &said[..] {
                [] => Err(Failure::new("no machine runs: start one")),
                [((_, Ok(first)), _), rest @ ..] if rest.iter().all(|((_, lamps), _)| lamps.as_ref() == Ok(first)) => {
                    Ok(first.clone())
                }
                _ => {
                    let said = said.iter().map(|((name, said), _)| match said {
                        Ok(lamps) => format!("\n  {name}: {lamps}"),
                        Err(failure) => format!("\n  {failure}"),
                    });
                    Err(Failure::new(format!("the lamps differ:{}", said.collect::<String>())))
                }
            }
        })
    }

    /// Tries until it succeeds or the time is over.
    pub(crate) fn until<T>(
        &mut self,
        limit: Duration,
        mut attempt: impl FnMut(&mut Rig) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let begun = Instant::now();
        loop {
            match attempt(self) {
                Err(_) if begun.elapsed() < limit && !is_interrupted() => thread::sleep(PAUSE),
                outcome => return outcome,
            }
        }
    }

    pub(crate) fn machine(&mut self, number: usize) -> Result<&mut Machine, Failure> {
        let count = self.machines.len();
        let unknown = || Failure::new(format!("there is no machine {number}: they have the numbers 1 to {count}"));
        self.machines.get_mut(number.wrapping_sub(1)).ok_or_else(unknown)
    }
}

impl Joined {
    fn name(&self) -> String {
        let side = |side: &[usize]| side.iter().map(usize::to_string).collect::<Vec<_>>().join(" and ");
        format!("{} to {}", side(&self.ends[0]), side(&self.ends[1]))
    }
}

/// Where the three boards of a mesh are below a directory that is kept, and where a board and two hosts.
pub(crate) const BOARDS: &str = "boards";
pub(crate) const MIXED: &str = "mixed";

/// For how long a question waits that a machine answers at once.
pub(crate) const ANSWER: Duration = Duration::from_secs(5);

const PAUSE: Duration = Duration::from_millis(50);
