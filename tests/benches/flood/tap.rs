use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Somebody between a client and a node, who writes down what the client says.
pub(crate) struct Tap {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Tap {
    pub(crate) fn before(node: SocketAddr) -> Tap {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let address = socket.local_addr().expect("it is bound");
        let heard = Arc::<std::sync::Mutex<Vec<_>>>::default();
        let written = heard.clone();
        thread::spawn(move || {
            let (mut buffer, mut client) = ([0; 1500], node);
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let to = if from == node { client } else { node };
                if from != node {
                    client = from;
                    written.lock().expect("nobody panics").push(buffer[..length].to_vec());
                }
                let _ = socket.send_to(&buffer[..length], to);
            }
        });
        Tap { address, heard }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has written down, once that is something.
    pub(crate) fn recorded(&self) -> Vec<Vec<u8>> {
        loop {
            let heard = self.heard.lock().expect("nobody panics").clone();
            if heard.len() >= 50 {
                return heard;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}
