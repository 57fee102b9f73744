//! What is left when most boards are gone for good: a survivor's flash, and a new cluster that is made of it.

use quorate::{BootError, Index, Instant, Members, Node, Owner, Position, Seat, Seats};
use quorate_flash::double::Double;
use quorate_flash::{FlashError, Layout, restore};
use quorate_serial::{App, Memory, Pace, Plan, Rescue, Routes, Settings, StartError, Station, Stop, Wiring, rescue};
use quorate_wire::Cluster;

/// Adds up what it is told: what is done twice shows.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum(u32);

impl App for Sum {
    type Command = u32;
    type Answer = [u8; 4];
    const ANSWER_BYTES_MAX: usize = 4;
    const STATE_BYTES_MAX: usize = 4;

    fn apply(&mut self, _: Index, amount: u32) -> [u8; 4] {
        self.0 += amount;
        self.0.to_le_bytes()
    }

    fn query(&self, _: &[u8], _: &mut [u8]) -> Option<usize> {
        None
    }

    fn snapshot(&self, buffer: &mut [u8]) -> Option<usize> {
        buffer.first_chunk_mut().map(|room| *room = self.0.to_le_bytes()).map(|()| 4)
    }

    fn restore(&mut self, snapshot: &[u8]) -> bool {
        snapshot.try_into().map(|bytes| self.0 = u32::from_le_bytes(bytes)).is_ok()
    }

    fn digest(&self) -> u64 {
        self.0.into()
    }
}

const PACE: Pace = match (Plan { wiring: Wiring::Ring, ..Plan::new(115_200) }).pace() {
    Ok(pace) => pace,
    Err(_) => panic!("too much for the lines"),
};

type Flash = Double<8, 2048>;
type Board = Station<Sum, Flash, Vec<u8>, 3, 2, 256, 8>;

const LOG: u32 = Layout::log_bytes_min::<Flash>(1024, 3);
const LAYOUT: Layout = Layout { log: 0..LOG, snapshots: LOG..LOG + 3 * 2048, log_memory: 1024, seats: 3 };

fn erased() -> Flash {
    Flash::new((LAYOUT.snapshots.end / 2048) as usize)
}

fn memory() -> Memory<Vec<u8>> {
    Memory { log: vec![0; 1024], snapshot: vec![0; 1024] }
}

/// A board of a cluster, with the list of its members.
fn start(cluster: u64, seat: u8, listed: Seats, flash: Flash) -> Result<Board, StartError> {
    let settings = Settings {
        cluster: Cluster(cluster),
        seat: Seat(seat),
        members: Members::of(listed),
        existing: false,
        may_join: true,
        routes: Routes::ring(Seat(seat), &[Seat(0), Seat(1), Seat(2)]).expect("the seat is in the ring"),
        pace: PACE,
        seed: cluster << 8 | u64::from(seat),
    };
    Board::start(settings, Sum::default(), flash, LAYOUT, memory(), Instant::START)
}

fn three(cluster: u64, flashes: [Flash; 3]) -> [Board; 3] {
    let mut seats = 0..;
    flashes.map(|flash| {
        let seat = seats.next().expect("there are more");
        start(cluster, seat, Seats::first(3), flash).expect("it starts")
    })
}

/// Three boards in a ring, and their time.
struct World {
    boards: [Board; 3],
    now: Instant,
}

impl World {
    fn of(boards: [Board; 3]) -> World {
        World { boards, now: Instant::START }
    }

    /// Runs until this is some.
    #[track_caller]
    fn until<T>(&mut self, mut seen: impl FnMut(&mut [Board; 3]) -> Option<T>) -> T {
        for _ in 0..100_000 {
            for from in 0..3 {
                // One that has stopped says nothing more.
                let _ = self.boards[from].turn(self.now);
                for line in 0..2 {
                    let to = (from + 1 + line) % 3;
                    let bytes = self.boards[from].drain(line).to_vec();
                    self.boards[from].drained(line, bytes.len());
                    let _ = self.boards[to].feed(self.now, 1 - line, &bytes);
                }
            }
            if let Some(seen) = seen(&mut self.boards) {
                return seen;
            }
            let due = self.boards.iter().filter_map(Board::deadline).min();
            self.now = due.expect("somebody has something to do").max(self.now);
        }
        panic!("in vain");
    }

    /// Has a board add something: the sum then.
    #[track_caller]
    fn add(&mut self, board: usize, amount: u32) -> u32 {
        self.boards[board].propose(&amount).expect("nothing is under way");
        let (_, sum) = self.until(|boards| boards[board].answer()).expect("it is done");
        u32::from_le_bytes(sum)
    }
}

/// Runs a board that nobody hears until this holds.
#[track_caller]
fn alone_until(board: &mut Board, mut holds: impl FnMut(&mut Board) -> bool) {
    let mut now = Instant::START;
    for _ in 0..1_000 {
        board.turn(now).expect("it goes on");
        if holds(board) {
            return;
        }
        now = board.deadline().expect("it has something to do").max(now);
    }
    panic!("in vain");
}

fn rescued(flash: &mut Flash) -> Result<Rescue<Sum, Vec<u8>, 3, 8>, StartError> {
    rescue(Sum::default(), flash, LAYOUT, memory())
}

/// A flash for a board of the new cluster.
fn made(found: &mut Rescue<Sum, Vec<u8>, 3, 8>, cluster: u64, seat: u8, members: Seats) -> Flash {
    let (mut flash, position) = (erased(), found.last());
    let state = found.state().expect("the memory is long enough");
    let owner = Owner { cluster, seat: Seat(seat) };
    restore(&mut flash, LAYOUT, owner, &mut [0; 1024], position, Members::of(members), state).expect("it is erased");
    flash
}

/// Three boards that have added up to 60, and more than their logs hold.
fn old() -> World {
    let mut old = World::of(three(1, [(); 3].map(|()| erased())));
    for round in 0..60 {
        assert_eq!(old.add(round % 3, 1), round as u32 + 1);
    }
    old.until(|boards| boards.iter().all(|board| board.app() == Some(&Sum(60))).then_some(()));
    old
}

#[test]
fn a_survivor_goes_on_as_a_new_cluster_and_old_boards_do_not_disturb_it() {
    let [gone, survivor, stray] = old().boards.map(Board::release);
    drop(gone);
    let mut image = survivor.clone();
    let mut found = rescued(&mut image).expect("it can be read");
    assert!(image == survivor, "the survivor's flash has changed");
    assert_eq!((found.app(), found.owner()), (&Sum(60), Owner { cluster: 1, seat: Seat(1) }));
    assert_eq!((found.members(), found.damaged()), (Members::of(Seats::first(3)), None));
    assert_eq!(found.clients(), 3);
    assert!(found.committed() <= found.last().index && found.recency() >= found.last());
    let (old_founding, _) = found.identity();

    let seats = [0, 1, 2];
    let mut new = World::of(three(2, seats.map(|seat| made(&mut found, 2, seat, Seats::first(3)))));
    assert_eq!(new.add(0, 1), 61);
    let founding = new.boards[2].charter().expect("it is a member").founding;
    assert_ne!(founding, old_founding);
    // The third board finds all of it again after a restart, and then an old one is in its place.
    let now = new.now;
    let [one, two, three] = new.boards;
    let three = start(2, 2, Seats::first(3), three.release()).expect("it starts");
    new = World { boards: [one, two, three], now };
    new.until(|boards| (boards[2].app() == Some(&Sum(61))).then_some(()));
    let [one, two, _] = new.boards;
    let old = start(1, 2, Seats::first(3), stray.clone()).expect("it starts");
    new = World { boards: [one, two, old], now: new.now };
    let term = |board: &Board| board.node().expect("it is a member").term();
    let before = new.boards.each_ref().map(term);
    for amount in 0..10 {
        new.add(1, amount);
    }
    new.until(|boards| boards[2].refusals().iter().any(|(_, count)| count > 50).then_some(()));
    let heard = (new.boards[2].charter().map(|charter| charter.founding), new.boards[2].node().map(Node::leader));
    assert_eq!(heard, (Some(old_founding), Some(None)), "it has heard nobody");
    assert_eq!(term(&new.boards[0]).max(term(&new.boards[1])), before[0].max(before[1]), "it has disturbed nobody");
    assert_eq!(new.add(0, 1), 61 + 45 + 1);
    // As a board of the new cluster it is refused as long as its flash is the old one.
    let refused = start(2, 2, Seats::first(3), stray).map(|_| ()).expect_err("it is another cluster's");
    assert!(matches!(refused, StartError::Flash(FlashError::Foreign { .. })), "{refused}");
}

#[test]
fn all_of_the_log_is_rescued_be_it_known_to_be_committed_or_not() {
    let mut old = old();
    // A leader that is alone takes a command which nobody else has.
    let leader = old.boards[0].node().and_then(Node::leader).expect("somebody leads");
    let leader = usize::from(leader.0);
    let committed = old.boards[leader].node().expect("it is a member").commit();
    old.boards[leader].propose(&1000).expect("nothing is under way");
    let now = old.now;
    for _ in 0..100 {
        old.boards[leader].turn(now).expect("it goes on");
        for line in 0..2 {
            let bytes = old.boards[leader].drain(line).len();
            old.boards[leader].drained(line, bytes);
        }
    }
    let mut flashes = old.boards.map(|board| Some(board.release()));
    let mut survivor = flashes[leader].take().expect("it is there");
    let found = rescued(&mut survivor).expect("it can be read");
    assert_eq!(found.app(), &Sum(1060));
    assert!(found.committed() <= committed && found.last().index > committed);
}

#[test]
fn a_restored_board_founds_with_those_whom_it_was_restored_for() {
    let [survivor, ..] = old().boards.map(Board::release);
    let mut found = rescued(&mut survivor.clone()).expect("it can be read");
    let alone = Seats(0b10);
    let flash = made(&mut found, 2, 1, alone);
    let refused = start(2, 1, Seats::first(3), flash.clone()).map(|_| ()).expect_err("another list");
    assert_eq!(refused, StartError::RestoredFor { members: alone, listed: Seats::first(3) });
    let mut board = start(2, 1, alone, flash).expect("it starts");
    alone_until(&mut board, |board| board.app() == Some(&Sum(60)));
    assert_eq!(board.charter().expect("it is a member").members, Members::of(alone));
}

#[test]
fn a_restored_board_and_an_empty_one_found_nothing() {
    let [survivor, ..] = old().boards.map(Board::release);
    let mut found = rescued(&mut survivor.clone()).expect("it can be read");
    let [zero, one] = [0, 1].map(|seat| made(&mut found, 2, seat, Seats::first(3)));
    let mut new = World::of(three(2, [zero, one, erased()]));
    let obstacle = new.until(|boards| match boards[0].obstacle() {
        Some(obstacle @ quorate::founding::Obstacle::Differs { .. }) => Some(obstacle),
        _ => None,
    });
    assert!(matches!(obstacle, quorate::founding::Obstacle::Differs { seat: Seat(2), .. }), "{obstacle:?}");
    assert!(new.boards.iter().all(|board| board.charter().is_none()));
}

#[test]
fn what_is_no_survivor_is_refused() {
    let refused = |flash: &mut Flash| rescued(flash).map(|_| ()).expect_err("there is nothing");
    assert_eq!(refused(&mut erased()), StartError::Boot(BootError::NoMember));
    // One that waits for its founding is no member.
    let waiting = start(1, 0, Seats::first(3), erased()).expect("it starts").release();
    assert_eq!(refused(&mut waiting.clone()), StartError::Boot(BootError::NoMember));

    let [mut survivor, ..] = old().boards.map(Board::release);
    let short = Memory { log: vec![0; 1024], snapshot: vec![0; 20] };
    let refused = rescue::<_, _, _, 3, 8>(Sum::default(), &mut survivor, LAYOUT, short).map(|_| ());
    assert!(matches!(refused, Err(StartError::Flash(FlashError::Scratch { .. }))));
    let fewer = rescue::<_, _, _, 3, 4>(Sum::default(), &mut survivor, LAYOUT, memory()).map(|_| ());
    assert!(matches!(fewer, Err(StartError::Stop(Stop::ForeignSnapshot { .. }))));
}

/// The flash of a board that has added up to so much, without its snapshots.
fn without_snapshots(rounds: u32) -> Flash {
    let mut old = World::of(three(1, [(); 3].map(|()| erased())));
    for round in 0..rounds {
        assert_eq!(old.add(1, 1), round + 1);
    }
    let [_, mut survivor, _] = old.boards.map(Board::release);
    let places = LAYOUT.snapshots;
    (places.start as usize..places.end as usize).for_each(|at| survivor.rot(at, 0xff));
    survivor
}

#[test]
fn a_snapshot_that_is_lost_leaves_nothing_to_rescue() {
    let refused = rescued(&mut without_snapshots(600)).map(|_| ()).expect_err("there is nothing");
    assert!(matches!(refused, StartError::Flash(FlashError::NoSnapshot { .. })), "{refused}");
}

/// They are more than the board's memory holds.
#[test]
fn the_entries_that_a_damaged_snapshot_covered_take_its_place_while_they_are_here() {
    let mut survivor = without_snapshots(60);
    let refused = rescued(&mut survivor).map(|_| ()).expect_err("the memory is too short");
    assert!(matches!(refused, StartError::Boot(BootError::Full { .. })), "{refused}");
    let memory = Memory { log: vec![0; 2 * LAYOUT.log.len()], ..memory() };
    let found = rescue::<_, _, _, 3, 8>(Sum::default(), &mut survivor, LAYOUT, memory).expect("it can be read");
    assert_eq!(found.app(), &Sum(60));
    assert!(found.damaged().is_some_and(|damaged| damaged.index <= found.last().index), "{:?}", found.damaged());
}

#[test]
fn all_that_the_only_voter_has_is_committed() {
    let mut board = start(1, 1, Seats(0b10), erased()).expect("it starts");
    board.propose(&7).expect("nothing is under way");
    alone_until(&mut board, |board| board.answer().is_some());
    let mut flash = board.release();
    let found = rescued(&mut flash).expect("it can be read");
    assert_eq!((found.app(), found.committed()), (&Sum(7), found.last().index));
    assert_ne!(found.last(), Position::default());
}
