//! A node of one, whose host keeps nothing and remembers what it has said.
#![allow(dead_code, reason = "each test binary uses some of it")]

use quorate::{
    Boot, Charter, CommandError, Config, Dismissal, Effect, Features, Founding, Index, Instant, Least, Members,
    Message, Persist, Piece, Position, Roster, Seat, Seats, Snapshot, Ticket,
};
use quorate_driver::{App, Asked, Driver, Host, Ledger, Observer, Replica, View, WaitingCommand, WaitingRead};
use quorate_wire::Dropped;
use quorate_wire::client::{ReplyBody, RequestBody};

pub(crate) const CLIENTS: usize = 8;
pub(crate) const COMMANDS: usize = 16;
pub(crate) const READS: usize = 4;

/// Adds up numbers.
pub(crate) struct Sum(pub(crate) u32);

impl App for Sum {
    type Command = u32;
    type Answer = [u8; 4];
    type Error = CommandError;

    fn apply(&mut self, _: Index, number: View<'_, Sum>) -> Result<[u8; 4], CommandError> {
        self.0 += number;
        Ok(self.0.to_le_bytes())
    }

    fn digest(&self) -> u64 {
        self.0.into()
    }
}

/// What the host is told, and what it is to say.
#[derive(Default)]
pub(crate) struct Desk {
    pub(crate) said: Vec<String>,
    /// Whether a write is durable at once; otherwise its ticket is kept here.
    pub(crate) is_slow: bool,
    pub(crate) ticket: Option<Ticket>,
    /// How many effects of a step there is room for.
    pub(crate) room: Option<usize>,
    pub(crate) writes_wait: bool,
    /// How many writes were drawn.
    pub(crate) writes: u32,
}

impl Observer for Desk {
    fn draw<V>(&mut self, effect: &Effect<'_, V>) {
        self.writes += u32::from(matches!(effect, Effect::Persist(_)));
    }
}

impl Host<CLIENTS> for Desk {
    type App = Sum;
    type Asker = u32;
    type Query = [u8; 1];
    type Commands = heapless::Deque<WaitingCommand<u32>, COMMANDS>;
    type Reads = heapless::Deque<WaitingRead<u32, [u8; 1]>, READS>;
    type Error = CommandError;

    const WRITES_LAST: bool = true;

    fn has_room(&mut self, drawn: usize) -> bool {
        self.room.is_none_or(|room| drawn < room)
    }

    fn may_write(&mut self) -> bool {
        !self.writes_wait
    }

    fn send(&mut self, to: Seat, message: &Message<'_>) {
        self.said.push(format!("to {}: {message:?}", to.0));
    }

    fn send_piece(&mut self, _: Seat, _: &Piece) {}

    fn meet(&mut self, since: Index, _: Roster<'_>) {
        self.said.push(format!("members of {}", since.0));
    }

    fn dismiss(&mut self, _: Dismissal) -> CommandError {
        CommandError(Index(0))
    }

    fn persist(&mut self, write: Persist<'_>) -> Result<Option<Ticket>, CommandError> {
        if !self.is_slow {
            return Ok(Some(write.ticket));
        }
        self.ticket = Some(write.ticket);
        Ok(None)
    }

    fn store(&mut self, _: Members, _: Snapshot, _: u64, _: &[u8]) -> Result<(), CommandError> {
        Ok(())
    }

    fn take_snapshot(&mut self, _: &Replica<Sum, CLIENTS>, _: Position, _: Members) -> Result<(), CommandError> {
        Ok(())
    }

    fn restore(&mut self, _: &mut Replica<Sum, CLIENTS>, _: Snapshot) -> Result<(), CommandError> {
        Ok(())
    }

    fn reply(&mut self, asker: u32, body: ReplyBody<'_>) {
        self.said.push(format!("{asker}: {body:?}"));
    }

    fn query(&mut self, replica: &Replica<Sum, CLIENTS>, asker: u32, _: &[u8]) {
        self.said.push(format!("{asker}: the sum is {}", replica.app().0));
    }

    fn query_bytes_max(&self) -> usize {
        1
    }

    fn dropped(&self) -> Dropped {
        Dropped::default()
    }
}

pub(crate) struct Bench {
    pub(crate) driver: Driver<Desk, [u8; 1024], 2, CLIENTS>,
    pub(crate) desk: Desk,
    pub(crate) now: Instant,
}

impl Bench {
    /// A node that leads.
    pub(crate) fn new() -> Bench {
        let members = Members::of(Seats::first(1));
        let charter = Charter {
            founding: Founding(1),
            members,
            least: Least { log_bytes: 1024, election_micros: 250_000, features: Features::OWN },
        };
        let boot = Boot::found(Config::new(Seat(0), 1), &charter, [0; 1024]).expect("it is sound");
        let node = boot.start(Instant::START).expect("it has nothing");
        let now = node.deadline().expect("it campaigns");
        let driver = Driver::new(node, Replica::new(Sum(0), Ledger::new(), Position::default()));
        let mut bench = Bench { driver, desk: Desk::default(), now };
        bench.act();
        bench
    }

    pub(crate) fn act(&mut self) {
        self.driver.act(&mut self.desk, self.now).expect("numbers can be read");
    }

    /// Asks, and has all done that follows.
    pub(crate) fn ask(&mut self, asker: u32, body: RequestBody<'_>) -> Option<Asked> {
        let asked = self.driver.request(&mut self.desk, self.now, asker, body);
        self.act();
        asked
    }

    /// What was said since it was asked last.
    pub(crate) fn said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.desk.said)
    }
}
