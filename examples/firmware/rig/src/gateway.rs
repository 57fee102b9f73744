use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{io, iter};

use lamps::FRAME;
use quorate::Seat;
use quorate_serial::{Address, Header, Receiver, Transmitter};
use quorate_wire::{DecodeError, verify};

/// Stands for a board on the network: what comes to its socket goes over the board's serial line, and back. The frames
/// of members and clients are the same on both sides. It keeps nothing, and what it cannot pass on is lost.
pub(crate) struct Gateway {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// Who is where: members by their seats, and the clients that asked last.
struct Table {
    members: BTreeMap<Seat, SocketAddr>,
    guests: VecDeque<(Address, SocketAddr)>,
}

impl Gateway {
    /// Joins the network and the line that leads to the board at this seat.
    pub(crate) fn start(
        board: Seat,
        socket: UdpSocket,
        line: UnixStream,
        members: BTreeMap<Seat, SocketAddr>,
    ) -> io::Result<Gateway> {
        let is_over = Arc::<AtomicBool>::default();
        let table = Arc::new(Mutex::new(Table::new(members)));
        let (queue, queued) = mpsc::sync_channel::<Vec<u8>>(QUEUE_MAX);
        socket.set_read_timeout(Some(PATIENCE))?;
        let (to_network, to_line, from_line) = (socket.try_clone()?, line.try_clone()?, line);
        let receive = {
            let (table, is_over) = (table.clone(), is_over.clone());
            move || from_network(board, &socket, &table, &queue, &is_over)
        };
        let send = move || queued.iter().try_for_each(|bytes| (&to_line).write_all(&bytes)).unwrap_or_default();
        let pass = move || to_network_from(from_line, &to_network, &table);
        Ok(Gateway { is_over, threads: vec![thread::spawn(receive), thread::spawn(send), thread::spawn(pass)] })
    }
}

/// The line has been closed before.
impl Drop for Gateway {
    fn drop(&mut self) {
        self.is_over.store(true, Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Table {
    fn new(members: BTreeMap<Seat, SocketAddr>) -> Table {
        let numbers = (0..).map_while(Address::guest);
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        Table { members, guests: numbers.zip(iter::repeat(nowhere)).collect() }
    }

    /// Where frames for this address go.
    fn place(&self, address: Address) -> Option<SocketAddr> {
        match address.seat() {
            Some(seat) => self.members.get(&seat).copied(),
            None => self.guests.iter().find(|(guest, _)| *guest == address).map(|(_, place)| *place),
        }
    }

    /// The address of who sends from this place. A client takes the address of the one that asked longest ago.
    fn address(&mut self, place: SocketAddr) -> Option<Address> {
        if let Some((seat, _)) = self.members.iter().find(|(_, member)| **member == place) {
            return Some((*seat).into());
        }
        let known = self.guests.iter().position(|(_, guest)| *guest == place);
        let (address, _) = self.guests.remove(known.unwrap_or(0))?;
        self.guests.push_back((address, place));
        Some(address)
    }
}

fn from_network(
    board: Seat,
    socket: &UdpSocket,
    table: &Mutex<Table>,
    queue: &SyncSender<Vec<u8>>,
    is_over: &AtomicBool,
) {
    let mut bytes = [0; FRAME];
    while !is_over.load(Relaxed) {
        let Ok((length, place)) = socket.recv_from(&mut bytes) else { continue };
        let frame = &bytes[..length];
        let Some(from) = table.lock().unwrap().address(place) else { continue };
        let mut line = Transmitter::<FRAME>::new();
        let header = Header { hops: Header::HOPS_MAX, turned: false, hears: true, to: board.into(), from };
        if may_pass(frame) && line.push(&header, frame).is_ok() {
            let _ = queue.try_send(line.pending().to_vec());
        }
    }
}

fn to_network_from(mut line: UnixStream, socket: &UdpSocket, table: &Mutex<Table>) {
    let mut receiver = Receiver::<FRAME>::new();
    let mut bytes = [0; FRAME];
    while let Ok(length @ 1..) = line.read(&mut bytes) {
        let mut rest = &bytes[..length];
        while let Some(taken) = receiver.take(&mut rest) {
            let Ok((header, frame)) = taken else { continue };
            let place = table.lock().unwrap().place(header.to);
            if let Some(place) = place.filter(|_| may_pass(frame)) {
                let _ = socket.send_to(frame, place);
            }
        }
    }
}

/// Whether a frame is unharmed, or is sealed: that it is unharmed sees only whom it is for.
fn may_pass(frame: &[u8]) -> bool {
    matches!(verify(frame), Ok(_) | Err(DecodeError::Sealed(_)))
}

/// The most frames that wait for the line: it is slower than the network.
const QUEUE_MAX: usize = 16;

/// For how long the gateway waits for a datagram before it looks around.
const PATIENCE: Duration = Duration::from_millis(200);
