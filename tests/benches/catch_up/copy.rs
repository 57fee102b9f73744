use std::fs::File;
use std::net::UdpSocket;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// As long as the frames of a node, and with as much of a snapshot in each.
const DATAGRAM: usize = 1127;
/// As many bytes as a follower asks for at a time.
const WINDOW: u64 = 64 << 10;

/// How long so many bytes take over UDP on loopback, into a file that is synced at the end, if nothing else is done
/// with them: no node, no check. The receiver says how far it is each half window, and the sender goes back there if it
/// hears nothing.
pub(crate) fn time(bytes: u64, directory: &Path) -> Duration {
    let (sender, receiver) = (socket(), socket());
    sender.connect(receiver.local_addr().expect("an address")).expect("loopback is there");
    receiver.connect(sender.local_addr().expect("an address")).expect("loopback is there");
    sender.set_read_timeout(Some(Duration::from_millis(5))).expect("a socket can wait");
    let file = File::create(directory.join("copy")).expect("a file");
    let receives = thread::spawn(move || receive(&receiver, &file, bytes));
    let begun = Instant::now();
    let (mut acked, mut next) = (0, 0);
    let mut datagram = [0; DATAGRAM];
    while acked < bytes {
        while next < bytes.min(acked + WINDOW) {
            datagram[..8].copy_from_slice(&next.to_le_bytes());
            let _ = sender.send(&datagram);
            next += DATAGRAM as u64;
        }
        let mut answer = [0; 8];
        match sender.recv(&mut answer) {
            Ok(_) => acked = acked.max(u64::from_le_bytes(answer)),
            Err(_) => next = acked,
        }
    }
    receives.join().expect("the receiver ends in peace");
    begun.elapsed()
}

fn receive(receiver: &UdpSocket, file: &File, bytes: u64) {
    let (mut here, mut told) = (0, 0);
    let mut datagram = [0; DATAGRAM];
    while here < bytes {
        receiver.recv(&mut datagram).expect("loopback is there");
        let [a, b, c, d, e, f, g, h, ..] = datagram;
        if u64::from_le_bytes([a, b, c, d, e, f, g, h]) == here {
            file.write_all_at(&datagram, here).expect("the disk has room");
            here += DATAGRAM as u64;
        }
        if here - told >= WINDOW / 2 || here >= bytes || here == told {
            told = here;
            let _ = receiver.send(&here.to_le_bytes());
        }
    }
    file.sync_all().expect("the disk is sound");
}

fn socket() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").expect("a free port")
}
