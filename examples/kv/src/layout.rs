use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use quorate::{Features, Founding, Seat};
use quorate_smol::ClientKey;
use quorate_wire::Cluster;

/// The cluster that is meant when none is named.
pub(crate) const LOCAL_CLUSTER: u64 = 1;

/// The port of the local layout's first node; the others follow.
pub(crate) const LOCAL_PORT: u16 = 7101;

/// How many nodes the local layout has.
pub(crate) const LOCAL_NODES: u8 = 3;

/// Who takes part, and where each node is reached.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) cluster: Cluster,
    pub(crate) members: BTreeMap<Seat, SocketAddr>,
    /// The cluster's identity, if it is known: no other one is believed.
    pub(crate) founding: Option<Founding>,
    /// What a client seals with, if it does.
    pub(crate) keys: Option<Arc<[ClientKey]>>,
}

impl Layout {
    /// Three nodes of this machine, on consecutive ports.
    pub(crate) fn local(cluster: u64, first_port: u16) -> Layout {
        let member = |id| {
            let port = first_port + u16::from(id) - 1;
            (Seat(id), SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        };
        Layout {
            cluster: Cluster(cluster),
            members: (1..=LOCAL_NODES).map(member).collect(),
            founding: None,
            keys: None,
        }
    }

    /// These members, or those of the local layout if none is named.
    ///
    /// # Errors
    /// Which node or address was named twice.
    pub(crate) fn of(cluster: u64, peers: &[Peer]) -> Result<Layout, String> {
        if peers.is_empty() {
            return Ok(Layout::local(cluster, LOCAL_PORT));
        }
        let mut members = BTreeMap::new();
        for peer in peers {
            if let Some((seat, _)) = members.iter().find(|(_, address)| **address == peer.address) {
                let (one, other, address) = (name(*seat), name(peer.seat), peer.address);
                return Err(format!("{one} and {other} have the same address {address}: each node needs its own"));
            }
            match members.entry(peer.seat) {
                Entry::Vacant(place) => place.insert(peer.address),
                Entry::Occupied(_) => return Err(format!("{} is named twice: name each peer once", name(peer.seat))),
            };
        }
        Ok(Layout { cluster: Cluster(cluster), members, founding: None, keys: None })
    }
}

/// A node as users name it.
pub(crate) fn name(seat: Seat) -> String {
    format!("n{}", seat.0)
}

/// Several nodes, in this order.
pub(crate) fn names(seats: impl Iterator<Item = Seat>) -> String {
    seats.map(name).collect::<Vec<_>>().join(", ")
}

/// A number that names a node: 1 to 31.
pub(crate) fn parse_id(text: &str) -> Result<Seat, String> {
    let digits = text.strip_prefix('n').unwrap_or(text);
    let seat = digits.parse().ok().and_then(Seat::new).filter(|seat| seat.0 > 0);
    seat.ok_or_else(|| format!("a node's id is a number from 1 to {ID_MAX}"))
}

/// Ids are seats, and seat 0 stays empty: users count from one.
const ID_MAX: u8 = Seat::COUNT_MAX as u8 - 1;

/// A feature that this version knows, by its name.
pub(crate) fn parse_feature(text: &str) -> Result<Features, String> {
    let known = Features::OWN.iter().find(|feature| feature.to_string() == text);
    known.ok_or_else(|| format!("this version knows of these: {}", Features::OWN))
}

/// A cluster's identity, as it is printed: sixteen hexadecimal digits.
pub(crate) fn parse_founding(text: &str) -> Result<Founding, String> {
    let number = u64::from_str_radix(text, 16).ok().filter(|_| text.len() == 16);
    number
        .map(Founding)
        .ok_or_else(|| "a cluster's identity has sixteen hexadecimal digits, as nodes print it".to_owned())
}

/// The name of a file; `-` is none, as it stands for standard input elsewhere.
pub(crate) fn parse_file(text: &str) -> Result<PathBuf, String> {
    match text {
        "-" => Err("name a file: this is no stream, and one called '-' is ./-".to_owned()),
        _ => Ok(PathBuf::from(text)),
    }
}

/// A member as it is named on the command line: `2=127.0.0.1:7102`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) seat: Seat,
    pub(crate) address: SocketAddr,
}

impl FromStr for Peer {
    type Err = String;

    fn from_str(text: &str) -> Result<Peer, String> {
        let (id, address) = text.split_once('=').ok_or("expected ID=ADDRESS, as in 2=127.0.0.1:7102")?;
        Ok(Peer { seat: parse_id(id)?, address: resolve(address)? })
    }
}

/// An address and port, or a host's name and port.
pub(crate) fn resolve(text: &str) -> Result<SocketAddr, String> {
    let mut addresses = text
        .to_socket_addrs()
        .map_err(|error| format!("'{text}' is no address: {error}; expected ADDRESS:PORT, as in 127.0.0.1:7102"))?;
    addresses.next().ok_or_else(|| format!("the host of '{text}' has no address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_an_id_and_an_address() {
        let peer: Peer = "2=127.0.0.1:7102".parse().unwrap();
        assert_eq!((peer.seat, peer.address.port()), (Seat(2), 7102));
        for wrong in ["2", "=127.0.0.1:1", "0=127.0.0.1:1", "64=127.0.0.1:1", "2=127.0.0.1", "2=127.0.0.1:99999"] {
            assert!(wrong.parse::<Peer>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_node_or_an_address_named_twice_is_refused() {
        let layout = |peers: [&str; 2]| Layout::of(1, &peers.map(|peer| peer.parse().unwrap()));
        assert!(layout(["1=127.0.0.1:1", "1=127.0.0.1:2"]).unwrap_err().contains("n1 is named twice"));
        assert!(layout(["1=127.0.0.1:1", "2=127.0.0.1:1"]).unwrap_err().contains("n1 and n2"));
        assert_eq!(Layout::of(1, &[]).unwrap().members, Layout::local(1, LOCAL_PORT).members);
    }
}
