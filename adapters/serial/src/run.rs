use core::cell::{Cell, RefCell};
use core::future::{pending, poll_fn};
use core::task::{Poll, Waker};

use embassy_futures::join::{join, join_array};
use embassy_futures::select::{Either, select};
use embedded_io_async::{Read, Write};
use embedded_storage::nor_flash::NorFlash;
use quorate::Instant;

use crate::{App, Fault, Station, Stop};

/// Runs a station over asynchronous ports, one for each line: their reading and their writing half. Ends when the
/// station has stopped.
///
/// `clock` tells the time. `wait` waits until the time that it is given, if any, and may end earlier: when the app has
/// a command to propose, say. `on_turn` is called after every turn: there the app looks at its state, takes the answer
/// to its command, and proposes the next one, if so with a turn to follow at once: it returns whether it has proposed.
pub async fn run<A, F, B, R, W, const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize>(
    station: &mut Station<A, F, B, SEATS, LINES, FRAME, CLIENTS>,
    ports: [(R, W); LINES],
    clock: impl Fn() -> Instant,
    wait: impl AsyncFn(Option<Instant>),
    mut on_turn: impl FnMut(&mut Station<A, F, B, SEATS, LINES, FRAME, CLIENTS>) -> bool,
) -> Stop
where
    A: App,
    F: NorFlash,
    B: AsRef<[u8]> + AsMut<[u8]>,
    R: Read,
    W: Write,
{
    let station = RefCell::new(station);
    let turn = Bell::default();
    let outgoing = [const { Bell::new() }; LINES];
    let receive = async |line: usize, mut port: R| {
        let mut bytes = [0; CHUNK];
        loop {
            let read = port.read(&mut bytes).await;
            // A port cannot have read more than there was room for.
            match read.ok().and_then(|length| bytes.get(..length)) {
                // The station remembers why it has stopped: the turn that follows says so.
                Some(read @ [_, ..]) => {
                    let _ = station.borrow_mut().feed(clock(), line, read);
                }
                Some([]) | None => {
                    station.borrow_mut().fault(line, Fault::Port);
                    // A port that fails at once must not keep the others waiting.
                    embassy_futures::yield_now().await;
                }
            }
            turn.ring();
        }
    };
    let send = async |line: usize, bell: &Bell, mut port: W| {
        let mut bytes = [0; CHUNK];
        loop {
            let bytes = copy(&mut bytes, station.borrow().drain(line));
            if bytes.is_empty() {
                bell.wait().await;
                continue;
            }
            let sent = port.write(bytes).await;
            let mut station = station.borrow_mut();
            // What the port refuses is lost, as on a wire.
            station.drained(line, sent.as_ref().map_or(bytes.len(), |sent| *sent));
            if sent.is_err() {
                station.fault(line, Fault::Port);
            }
            turn.ring();
        }
    };
    let turns = async {
        loop {
            let deadline = {
                let mut station = station.borrow_mut();
                if let Err(stop) = station.turn(clock()) {
                    return stop;
                }
                if on_turn(&mut station) {
                    turn.ring();
                }
                station.deadline()
            };
            outgoing.iter().for_each(Bell::ring);
            select(turn.wait(), wait(deadline)).await;
        }
    };
    let mut lines = outgoing.iter().enumerate();
    let lines = ports.map(|(reader, writer)| {
        let (line, bell) = lines.next().unwrap_or((0, &turn));
        join(receive(line, reader), send(line, bell, writer))
    });
    let lines = async {
        join_array(lines).await;
        pending().await
    };
    match select(turns, lines).await {
        Either::First(stop) | Either::Second(stop) => stop,
    }
}

/// Wakes one task of the same executor.
#[derive(Default)]
struct Bell {
    has_rung: Cell<bool>,
    waker: Cell<Option<Waker>>,
}

impl Bell {
    const fn new() -> Self {
        Bell { has_rung: Cell::new(false), waker: Cell::new(None) }
    }

    fn ring(&self) {
        self.has_rung.set(true);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    async fn wait(&self) {
        poll_fn(|context| {
            if self.has_rung.take() {
                return Poll::Ready(());
            }
            self.waker.set(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

fn copy<'b>(to: &'b mut [u8; CHUNK], from: &[u8]) -> &'b [u8] {
    let length = from.len().min(to.len());
    to[..length].copy_from_slice(&from[..length]);
    &to[..length]
}

/// So many bytes go through a port at once.
const CHUNK: usize = 32;
