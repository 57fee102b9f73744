use quorate::Index;
use quorate_smol::{App, Event, ServeError};
use std::io::{self, Read, Write};

use crate::harness::{House, serve_in_vain};

/// More entries than a node applies in one turn.
const MANY: u64 = 1500;

#[test]
fn a_cluster_that_was_killed_remembers_what_it_answered() {
    let mut house = House::of(3);
    let mut client = house.client();
    client.add("apples", 2);
    let session = client.next();
    let (last, _) = client.add_as(session, "apples", 3);
    for seat in 1..=3 {
        house.kill(seat);
    }
    for seat in 1..=3 {
        house.start(seat);
    }
    let mut client = house.client();
    assert_eq!(client.read("apples"), 5);
    assert_eq!(client.add_as(session, "apples", 3).1, 5, "the sessions came back as well");
    house.converge(last);
    let recovered = (1..=3).filter(|seat| {
        let events = house.events(*seat);
        matches!(events[0], Event::Started { created: false, last: Index(found), .. } if found >= last)
    });
    assert!(recovered.count() >= 2, "what was answered was on a majority of disks");
}

#[test]
fn a_follower_that_was_away_catches_up() {
    let mut house = House::of(3);
    let (_, follower) = house.leader();
    house.stop(follower).expect("it stops in good order");
    let mut client = house.client();
    let sums = (1..=MANY).map(|_| client.add("apples", 1));
    let (last, sum) = sums.last().expect("some sums");
    assert_eq!(sum, MANY);
    house.start(follower);
    house.converge(last);
    assert_eq!(client.read_local(follower, "apples"), MANY);

    // Now it has it all on its own disk, and learns at once that all of it is committed.
    house.kill(follower);
    house.start(follower);
    house.converge(last);
    assert_eq!(client.read_local(follower, "apples"), MANY);
}

/// Reads the commands of a tally as something else.
struct Other;

impl App for Other {
    type Command = (u64, Option<bool>);

    fn apply(&mut self, _: Index, _: Self::Command) -> Vec<u8> {
        Vec::new()
    }

    fn query(&self, _: &[u8]) -> Vec<u8> {
        Vec::new()
    }

    fn snapshot(&self) -> impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static {
        |_| Ok(())
    }

    fn restore(&self) -> impl FnOnce(&mut dyn Read) -> io::Result<Other> + Send + 'static {
        |_| Ok(Other)
    }

    fn digest(&self) -> u64 {
        0
    }
}

#[test]
fn a_node_stops_at_a_command_that_it_cannot_read() {
    let mut house = House::of(1);
    let mut client = house.client();
    let (index, _) = client.add("apples", 2);
    house.stop(1).expect("it stops in good order");
    let refused = serve_in_vain(house.config(1), Other);
    assert!(matches!(refused, ServeError::Command(quorate::CommandError(Index(at))) if at == index), "{refused}");
}
