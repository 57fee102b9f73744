//! Stations on ports with the traits of `embedded-io`, blocking and asynchronous.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use quorate::{Instant, Members, Seat, Seats, Term};
use quorate_serial::{Fault, Memory, Routes, Settings, Stop, Wiring, pump, run};
use quorate_tests::boards::{CLUSTER, Chip, Press, Presses, Record, Setting, Simulated};
use smol::LocalExecutor;
use smol::future::yield_now;

/// One direction of a wire, with room for a few bytes.
#[derive(Default)]
struct Pipe {
    bytes: RefCell<VecDeque<u8>>,
    waker: RefCell<Option<Waker>>,
    is_stuck: Cell<bool>,
    is_broken: Cell<bool>,
}

/// A port takes so many bytes before it is full.
const ROOM: usize = 5;

impl Pipe {
    fn room(&self) -> usize {
        if self.is_stuck.get() { 0 } else { ROOM - self.bytes.borrow().len() }
    }

    fn wake(&self) {
        self.waker.borrow_mut().take().into_iter().for_each(Waker::wake);
    }

    fn put(&self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room());
        self.bytes.borrow_mut().extend(&bytes[..count]);
        self.wake();
        count
    }

    fn get(&self, bytes: &mut [u8]) -> usize {
        let mut waiting = self.bytes.borrow_mut();
        let count = bytes.len().min(waiting.len());
        bytes.iter_mut().zip(waiting.drain(..count)).for_each(|(place, byte)| *place = byte);
        self.wake();
        count
    }
}

/// The end of a wire.
#[derive(Clone)]
struct Port {
    incoming: Rc<Pipe>,
    outgoing: Rc<Pipe>,
}

impl ErrorType for Port {
    type Error = ErrorKind;
}

impl ReadReady for Port {
    fn read_ready(&mut self) -> Result<bool, ErrorKind> {
        Ok(self.incoming.is_broken.get() || !self.incoming.bytes.borrow().is_empty())
    }
}

impl Read for Port {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, ErrorKind> {
        assert!(self.read_ready()?, "this read would block");
        if self.incoming.is_broken.get() { Err(ErrorKind::Other) } else { Ok(self.incoming.get(bytes)) }
    }
}

impl WriteReady for Port {
    fn write_ready(&mut self) -> Result<bool, ErrorKind> {
        Ok(self.outgoing.room() > 0)
    }
}

impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        assert!(self.write_ready()?, "this write would block");
        Ok(self.outgoing.put(bytes))
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        panic!("a flush blocks")
    }
}

/// The same port on an executor.
struct Awaited(Port);

impl ErrorType for Awaited {
    type Error = ErrorKind;
}

impl embedded_io_async::Read for Awaited {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, ErrorKind> {
        poll_fn(|context| {
            let pipe = &self.0.incoming;
            match pipe.get(bytes) {
                0 => *pipe.waker.borrow_mut() = Some(context.waker().clone()),
                count => return Poll::Ready(Ok(count)),
            }
            Poll::Pending
        })
        .await
    }
}

impl embedded_io_async::Write for Awaited {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        while self.0.outgoing.room() == 0 {
            yield_now().await;
        }
        Ok(self.0.outgoing.put(bytes))
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

/// Three boards, and the ports of each. As a ring they find a way round a cut; as a mesh they have none.
fn boards(wiring: Wiring) -> Vec<(Simulated, Vec<Port>)> {
    // From each board to the next, and back.
    let wires: Vec<[Rc<Pipe>; 2]> = (0..3).map(|_| [Rc::default(), Rc::default()]).collect();
    let record = Record::new();
    let station = |seat: usize| {
        let ahead = Port { incoming: Rc::clone(&wires[seat][1]), outgoing: Rc::clone(&wires[seat][0]) };
        let behind = &wires[(seat + 2) % 3];
        let behind = Port { incoming: Rc::clone(&behind[0]), outgoing: Rc::clone(&behind[1]) };
        let [me, next, before] = [0, 1, 2].map(|ahead| Seat(((seat + ahead) % 3) as u8));
        let routes = match wiring {
            Wiring::Ring => Routes::ring(me, &[0, 1, 2].map(Seat)).expect("a ring"),
            Wiring::Mesh => Routes::lines(&[next, before].map(|seat| Seats::NONE.with(seat))),
        };
        let settings = Settings {
            cluster: CLUSTER,
            seat: me,
            members: Members::of(Seats::first(3)),
            existing: false,
            may_join: true,
            routes,
            pace: Setting::new(0, 3, Wiring::Ring, 115_200).pace(),
            seed: me.0.into(),
        };
        let memory = Memory { log: vec![0; 1024].into(), snapshot: vec![0; 1024].into() };
        let app = Presses::new(Rc::clone(&record));
        let station = Simulated::start(settings, app, Chip::new(1024), Chip::layout(1024), memory, Instant::START);
        (station.expect("it starts"), vec![ahead, behind])
    };
    (0..3).map(station).collect()
}

/// When they begin to press: long after they have begun to beat.
const BEGIN: Instant = Instant::from_millis(5_000);

/// How many presses each board makes.
const PRESSES: u32 = 20;

/// Takes the answer to a press and makes the next one: whether it made one.
fn press(station: &mut Simulated, board: u8, pressed: &mut u32, answered: &mut u32) -> bool {
    if let Some(answer) = station.answer() {
        answer.expect("it was done");
        *answered += 1;
    }
    let presses = station.is_free() && *pressed < PRESSES;
    if presses {
        station.propose(&Press { board, number: *pressed }).expect("it is free");
        *pressed += 1;
    }
    presses
}

/// Runs super-loops until every press of these boards is answered, in steps of 100 microseconds.
fn super_loops(ring: &mut [(Simulated, Vec<Port>)], pressing: &[usize]) -> Result<(), Stop> {
    let (mut pressed, mut answered) = ([0; 3], [0; 3]);
    for now in (0..100_000_000).step_by(100).map(Instant::from_micros) {
        for (board, (station, ports)) in ring.iter_mut().enumerate() {
            if now >= BEGIN && pressing.contains(&board) {
                press(station, board as u8, &mut pressed[board], &mut answered[board]);
            }
            for (line, port) in ports.iter_mut().enumerate() {
                pump(station, line, port, now)?;
            }
            station.turn(now)?;
        }
        if pressing.iter().all(|board| answered[*board] == PRESSES) {
            return Ok(());
        }
    }
    panic!("only {answered:?} presses were answered");
}

#[test]
fn a_super_loop_never_blocks_and_answers_every_press() {
    super_loops(&mut boards(Wiring::Ring), &[0, 1, 2]).expect("no flash fails");
}

#[test]
fn a_port_that_takes_no_bytes_or_gives_errors_does_not_hold_up_the_other() {
    let mut ring = boards(Wiring::Ring);
    ring[0].1[0].outgoing.is_stuck.set(true);
    ring[0].1[0].incoming.is_broken.set(true);
    super_loops(&mut ring, &[0, 1, 2]).expect("no flash fails");
    assert!(ring[0].0.faults(0).count(Fault::Port) > 0);
    assert!(!ring[0].0.is_up(0) && !ring[1].0.is_up(1));
}

#[test]
fn a_board_goes_on_with_the_one_that_takes_its_bytes() {
    for mute in 0..3 {
        let mut mesh = boards(Wiring::Mesh);
        // The first command of all needs every board.
        super_loops(&mut mesh, &[mute]).expect("no flash fails");
        mesh[mute].1[0].outgoing.is_stuck.set(true);
        // Of the other two one may lead that the third does not hear, or cannot ask.
        super_loops(&mut mesh, &[(mute + 2) % 3]).expect("no flash fails");
        // No leader fell silent, so that another had to come.
        assert_eq!(mesh[mute].0.node().expect("a member").term(), Term(1));
    }
}

#[test]
fn an_executor_runs_boards_that_answer_every_press() {
    let (clock, left) = (Cell::new(0), Cell::new(3));
    let (clock, left) = (&clock, &left);
    let executor = LocalExecutor::new();
    let boards = boards(Wiring::Ring).into_iter().enumerate().map(|(board, (mut station, ports))| {
        executor.spawn(async move {
            let ports: [_; 4] = std::array::from_fn(|line| {
                // Two lines lead nowhere.
                let port = ports.get(line).cloned();
                let nowhere = || Port { incoming: Rc::default(), outgoing: Rc::default() };
                let port = port.unwrap_or_else(nowhere);
                (Awaited(port.clone()), Awaited(port))
            });
            // Time goes on with every wait.
            let wait = async |_| {
                clock.set(clock.get() + 50);
                yield_now().await;
            };
            let (mut pressed, mut answered) = (0, 0);
            let on_turn = |station: &mut Simulated| {
                let before = answered;
                let presses = press(station, board as u8, &mut pressed, &mut answered);
                if answered == PRESSES && before < PRESSES {
                    left.set(left.get() - 1);
                }
                presses
            };
            run(&mut station, ports, || Instant::from_micros(clock.get()), wait, on_turn).await
        })
    });
    let boards: Vec<_> = boards.collect();
    smol::block_on(executor.run(async {
        while left.get() > 0 {
            assert!(clock.get() < 1_000_000_000, "some presses are not answered");
            yield_now().await;
        }
    }));
    drop(boards);
}
