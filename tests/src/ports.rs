//! Addresses for nodes that tests start, stop and start again.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

/// Addresses of this machine that stay free while their node is down.
///
/// A client's port is drawn by the system, from 32,768 upwards on Linux: were a node's drawn in the same way, a client
/// could get it before the node starts. These lie below, and no two calls of one process give the same.
///
/// # Panics
/// If nearly no port is free.
pub fn free_addresses(count: usize) -> Vec<SocketAddr> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 10_000;
    const COUNT: u16 = 20_000;
    // Processes that run at the same time begin at different places.
    let start = (process::id() % u32::from(COUNT)) as u16;
    let next = || FIRST + start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT;
    let drawn = (0..COUNT).map(|_| SocketAddr::from((Ipv4Addr::LOCALHOST, next())));
    let free: Vec<_> = drawn.filter(|address| UdpSocket::bind(address).is_ok()).take(count).collect();
    assert_eq!(free.len(), count, "there are free ports");
    free
}
