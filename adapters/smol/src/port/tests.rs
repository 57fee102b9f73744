use std::net::UdpSocket;

use smol::future::or;
use smol::{Timer, block_on};

use super::*;

const NOW: Instant = Instant::from_millis(1);

/// Who sends to a port.
struct Sender(UdpSocket);

impl Sender {
    fn new() -> Sender {
        Sender(UdpSocket::bind("127.0.0.1:0").expect("a free port"))
    }

    fn send(&self, port: &Port, content: &[u8]) {
        self.0.send_to(content, address(port)).expect("loopback is there");
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("it is bound")
    }
}

fn port() -> Port {
    Port::bind("127.0.0.1:0".parse().expect("an address")).expect("a free port")
}

fn address(port: &Port) -> SocketAddr {
    port.socket().address().expect("it is bound")
}

/// A port that has found its queue full of what leads to nothing.
fn flooded() -> Port {
    let mut port = port();
    (0..=100).for_each(|_| port.charge(Item::Dropped(0), NOW));
    assert!(port.due(NOW).is_some(), "it is shut");
    port
}

/// More than any queue holds.
fn fill(port: &Port, by: &Sender) {
    (0..40_000).for_each(|_| by.send(port, b"bad"));
}

/// All that is there now, and is not bad.
fn receive(port: &mut Port, now: Instant) -> Vec<(Vec<u8>, SocketAddr)> {
    let (mut batch, mut all) = (Batch::new(), Vec::new());
    while port.receive(&mut batch, now).expect("loopback is there") {
        let good = batch.iter_mut().filter(|(datagram, _)| *datagram != b"bad");
        all.extend(good.map(|(datagram, from)| (datagram.to_vec(), from)));
    }
    all
}

/// The same, once that is something.
fn wait(port: &mut Port, now: Instant) -> Vec<(Vec<u8>, SocketAddr)> {
    loop {
        let end = async {
            Timer::after(Duration::from_secs(10)).await;
            panic!("nothing comes");
        };
        block_on(or(port.readable(now), end));
        let received = receive(port, now);
        if !received.is_empty() {
            return received;
        }
    }
}

#[test]
fn a_member_is_heard_behind_any_flood_and_at_once() {
    let (mut port, member, stranger) = (flooded(), Sender::new(), Sender::new());
    port.tend(&[member.address()], NOW);
    fill(&port, &stranger);
    stranger.send(&port, b"lost");
    member.send(&port, b"good");
    assert_eq!(wait(&mut port, NOW), [(b"good".to_vec(), member.address())]);
}

/// Also of a node that listens at all addresses of its machine, by IPv6 and for IPv4 as well.
#[test]
fn a_member_has_a_lane_wherever_the_node_listens() {
    for (listens, place) in [("0.0.0.0:0", "127.0.0.1:0"), ("[::]:0", "[::1]:0"), ("[::]:0", "127.0.0.1:0")] {
        let Ok(mut port) = Port::bind(listens.parse().expect("an address")) else { continue };
        let Ok(member) = UdpSocket::bind(place) else { continue };
        let own = member.local_addr().expect("it is bound");
        let to = SocketAddr::new(own.ip(), address(&port).port());
        member.send_to(b"first", to).expect("loopback is there");
        let (_, from) = wait(&mut port, NOW).remove(0);
        port.current = 0;
        (0..=100).for_each(|_| port.charge(Item::Dropped(0), NOW));
        port.tend(&[from], NOW);
        member.send_to(b"second", to).expect("loopback is there");
        assert_eq!(wait(&mut port, NOW), [(b"second".to_vec(), from)]);
    }
}

#[test]
fn a_client_has_a_lane_from_its_first_good_frame_in_a_flood_on() {
    let (mut port, client, stranger) = (flooded(), Sender::new(), Sender::new());
    let open = port.due(NOW).expect("it is shut");
    client.send(&port, b"one");
    assert_eq!(receive(&mut port, NOW), [], "the queue of whoever comes is shut");
    assert_eq!(receive(&mut port, open), [(b"one".to_vec(), client.address())]);
    port.welcome(client.address(), open);
    fill(&port, &stranger);
    client.send(&port, b"two");
    assert_eq!(receive(&mut port, open), [(b"two".to_vec(), client.address())]);
}

#[test]
fn nobody_has_a_lane_while_there_is_no_flood() {
    let (mut port, member) = (port(), Sender::new());
    port.tend(&[member.address()], NOW);
    port.welcome(member.address(), NOW);
    assert_eq!(port.queues.len(), 1);
}

#[test]
fn whoever_poses_as_a_member_shuts_that_lane_alone() {
    let (mut port, one, other) = (flooded(), Sender::new(), Sender::new());
    port.tend(&[one.address(), other.address()], NOW);
    one.send(&port, b"bad");
    assert_eq!(receive(&mut port, NOW), []);
    port.current = 1;
    (0..=100).for_each(|_| port.charge(Item::Dropped(0), NOW));
    one.send(&port, b"one");
    other.send(&port, b"other");
    assert_eq!(wait(&mut port, NOW), [(b"other".to_vec(), other.address())]);
    let later = NOW + LINGER / 2;
    assert_eq!(wait(&mut port, later), [(b"one".to_vec(), one.address())]);
}

#[test]
fn a_member_that_moves_is_heard_where_whoever_comes_is() {
    let (mut port, member, moved) = (flooded(), Sender::new(), Sender::new());
    port.tend(&[member.address()], NOW);
    moved.send(&port, b"moved");
    let open = port.due(NOW).expect("it is shut");
    assert_eq!(receive(&mut port, open), [(b"moved".to_vec(), moved.address())]);
}

#[test]
fn lanes_are_as_few_as_are_of_use_and_gone_after_the_flood() {
    let (mut port, member) = (flooded(), Sender::new());
    let clients: Vec<_> = (0..100).map(|_| Sender::new()).collect();
    port.tend(&[member.address()], NOW);
    for client in &clients {
        port.current = 0;
        port.welcome(client.address(), NOW);
    }
    assert_eq!(port.queues.len(), 1 + LANES_MAX);
    let later = NOW + LINGER;
    port.flooded = Some(later + LINGER);
    port.tend(&[member.address()], later);
    assert_eq!(port.lanes().collect::<Vec<_>>(), [member.address()]);
    port.tend(&[member.address()], later + LINGER);
    assert_eq!(port.queues.len(), 1);
    member.send(&port, b"good");
    assert_eq!(receive(&mut port, later + LINGER), [(b"good".to_vec(), member.address())]);
}

/// Also of the same user: a node that is started twice is told so.
#[test]
fn no_other_process_comes_by_the_port_while_lanes_are_open() {
    use rustix::net::sockopt::set_socket_reuseport;
    use rustix::net::{AddressFamily, SocketType, bind, socket};

    let (mut port, members) = (flooded(), [Sender::new(), Sender::new()]);
    let is_taken = |port: &Port| {
        let thief = socket(AddressFamily::INET, SocketType::DGRAM, None).expect("a socket");
        set_socket_reuseport(&thief, true).expect("it can be set");
        bind(&thief, &address(port)).is_err() && UdpSocket::bind(address(port)).is_err()
    };
    assert!(is_taken(&port));
    port.tend(&members.each_ref().map(Sender::address), NOW);
    assert_eq!(port.queues.len(), 3);
    assert!(is_taken(&port));
}
