use std::time::Instant;

use quorate::{Index, Role, Seat, Session};
use quorate_smol::{ClientError, Event, ServeError, ServerConfig};
use quorate_wire::client::ReplyBody;

use crate::harness::{CLUSTER, House, serve_in_vain};
use crate::stranger::{Stranger, command, read};
use crate::tally::Tally;

#[test]
fn a_node_that_stops_hands_leadership_over() {
    let mut house = House::of(3);
    let mut client = house.client();
    client.add("apples", 2);
    let (leader, follower) = house.leader();
    let before = client.status(follower).term;

    let start = Instant::now();
    house.stop(leader).expect("it stops in good order");
    let took = start.elapsed();
    let successor = client.status(follower);
    assert!(successor.term > before && successor.leader != Some(Seat(leader)));
    assert_eq!(client.add("apples", 3).1, 5);
    assert!(took.as_secs() < 5, "stopping took {took:?}");
}

#[test]
fn a_client_goes_on_when_the_leader_dies() {
    let mut house = House::of(3);
    let mut client = house.client();
    client.add("apples", 2);
    let (leader, _) = house.leader();
    house.kill(leader);
    let session = client.next();
    assert_eq!(client.add_as(session, "apples", 3).1, 5);
    assert_eq!(client.add_as(session, "apples", 3).1, 5, "the new leader knows the answer");
}

#[test]
fn without_a_majority_nothing_is_done_and_the_client_knows() {
    let mut house = House::of(3);
    let (leader, follower) = house.leader();
    for seat in (1..=3).filter(|seat| *seat != follower) {
        house.kill(seat);
    }
    let mut client = house.hasty_client();
    let session = Session { client: 7, epoch: Index(1), sequence: 1 };
    for attempt in
        [client.try_next().err(), client.try_add(session, "apples", 2).err(), client.try_read("apples").err()]
    {
        let Some(ClientError::NoLeader { reachable: 1, members: 3, silent, .. }) = attempt else {
            panic!("{attempt:?}");
        };
        assert_eq!(silent.count(), 2);
        assert!(silent.contains(Seat(leader)));
    }
    assert_eq!(client.read_local(follower, "apples"), 0);

    house.kill(follower);
    let nobody = client.try_add(session, "apples", 2);
    assert!(matches!(nobody, Err(ClientError::Unreachable { ref silent, .. }) if silent.count() == 3), "{nobody:?}");
}

#[test]
fn what_a_lonely_leader_took_is_of_unknown_outcome() {
    let mut house = House::of(3);
    let (leader, _) = house.leader();
    let mut client = house.hasty_client();
    let session = client.next();
    for seat in (1..=3).filter(|seat| *seat != leader) {
        house.kill(seat);
    }
    let lonely = client.try_add(session, "apples", 2);
    assert!(matches!(lonely, Err(ClientError::Unknown { .. })), "{lonely:?}");
    for seat in (1..=3).filter(|seat| *seat != leader) {
        house.start(seat);
    }
    let mut patient = house.client();
    assert_eq!(patient.add_as(session, "apples", 2).1, 2, "asked again, it is done once");
}

#[test]
fn a_lonely_leader_opens_no_session_and_so_the_command_was_certainly_not_done() {
    let mut house = House::of(3);
    house.client().add("apples", 1);
    let (leader, _) = house.leader();
    for seat in (1..=3).filter(|seat| *seat != leader) {
        house.kill(seat);
    }
    let lonely = house.hasty_client().try_next();
    assert!(matches!(lonely, Err(ClientError::Unopened { .. } | ClientError::NoLeader { .. })), "{lonely:?}");
}

#[test]
fn a_node_without_a_majority_steps_down_and_says_so() {
    let mut house = House::of(3);
    let (leader, _) = house.leader();
    for seat in (1..=3).filter(|seat| *seat != leader) {
        house.kill(seat);
    }
    crate::harness::eventually("a leader that steps down", || {
        let events = house.events(leader);
        let led = |event: &Event| matches!(event, Event::Role { role: Role::Leader, .. });
        let mut roles = events.iter().filter(|event| matches!(event, Event::Role { .. }));
        let was_leader = events.iter().any(led);
        (was_leader && !led(roles.next_back()?)).then_some(())
    });
}

#[test]
fn a_lonely_leader_tells_its_writers_when_it_gives_up() {
    let mut house = House::plain(3);
    let mut client = house.client();
    let session = client.next();
    let (leader, _) = house.leader();
    for seat in (1..=3).filter(|seat| *seat != leader) {
        house.kill(seat);
    }
    let stranger = Stranger::new();
    stranger.send(&command(CLUSTER, 1, session), house.members[&Seat(leader)]);
    assert!(stranger.hear(1, |body| body == ReplyBody::Unknown));
}

#[test]
fn a_lonely_leader_tells_its_readers_when_it_gives_up() {
    let mut house = House::plain(3);
    let (leader, _) = house.leader();
    for seat in (1..=3).filter(|seat| *seat != leader) {
        house.kill(seat);
    }
    let stranger = Stranger::new();
    stranger.send(&read(CLUSTER, 1), house.members[&Seat(leader)]);
    assert!(stranger.hear(1, |body| matches!(body, ReplyBody::NotLeader { leader: None, .. })));
}

#[test]
fn a_port_or_a_directory_in_use_stops_the_second_node() {
    let mut house = House::of(1);
    house.leader();
    let same = house.config(1);
    let refused = serve_in_vain(same.clone(), Tally::default());
    assert!(matches!(refused, ServeError::Socket { .. }), "{refused}");

    let mut elsewhere = same;
    elsewhere.listen.set_port(0);
    let refused = serve_in_vain(elsewhere, Tally::default());
    assert!(matches!(refused, ServeError::Disk(_)), "{refused}");

    let mut stranger = house.config(2);
    stranger.listen.set_port(0);
    let refused = serve_in_vain(stranger, Tally::default());
    assert!(matches!(refused, ServeError::Config(_)), "{refused}");

    for wanted in [0, 1025] {
        let refused = serve_in_vain(ServerConfig { clients_max: wanted, ..house.config(1) }, Tally::default());
        assert!(matches!(refused, ServeError::Clients { .. }), "{refused}");
    }
    house.stop(1).expect("the first one is unharmed");
}

#[test]
fn a_node_whose_application_panics_stops_and_says_that_it_will_again() {
    let mut house = House::of(1);
    let mut client = house.client();
    client.add("apples", 2);
    drop(house.hasty_client().try_add(client.next(), "poison", 1));
    for start in 0..2 {
        let error = house.end(1).expect_err("it has stopped");
        let ServeError::Apply { index: Index(3..), message } = &error else { panic!("{error}") };
        assert!(message.contains("nothing is added to that"), "{message}");
        assert!(error.to_string().contains("at each start"), "start {start}: {error}");
        house.start(1);
    }
}
