use std::collections::BTreeMap;
use std::net::SocketAddr;

use quorate::Seat;

/// Where the members are, and who leads, as far as a client knows.
#[derive(Debug)]
pub(crate) struct Directory {
    addresses: BTreeMap<Seat, SocketAddr>,
    /// Whom to send commands to: a node that said that it leads, or one that knows who does.
    pub(crate) leader: Option<Seat>,
}

impl Directory {
    pub(crate) fn new(addresses: BTreeMap<Seat, SocketAddr>) -> Directory {
        Directory { addresses, leader: None }
    }

    pub(crate) fn address(&self, seat: Seat) -> Option<SocketAddr> {
        self.addresses.get(&seat).copied()
    }

    pub(crate) fn seats(&self) -> impl Iterator<Item = Seat> {
        self.addresses.keys().copied()
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.addresses.values().copied()
    }

    pub(crate) fn count(&self) -> usize {
        self.addresses.len()
    }

    pub(crate) fn knows(&self, seat: Seat) -> bool {
        self.addresses.contains_key(&seat)
    }

    /// Takes in where a member is, as another one says. What the client was given itself stays: its own way to the
    /// member may be another one.
    pub(crate) fn learn(&mut self, seat: Seat, address: &str) {
        if let Ok(address) = address.parse() {
            self.addresses.entry(seat).or_insert(address);
        }
    }
}
