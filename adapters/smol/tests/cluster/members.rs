use std::collections::BTreeMap;

use quorate::{Dismissal, Incarnation, Role, Seat, Unchanged};
use quorate_smol::{Change, ClientError, Event, Reason, ServeError, ServerConfig};

use crate::harness::{House, eventually};

impl House {
    /// Starts a node that knows where this one is, and nothing else.
    fn join(&mut self, seat: u8, at: u8) {
        let join = Some(self.members[&Seat(at)]);
        let config = ServerConfig { join, ..self.alone(seat) };
        self.run(config);
    }

    /// A node without a list.
    fn alone(&self, seat: u8) -> ServerConfig {
        ServerConfig { peers: BTreeMap::new(), ..self.config(seat) }
    }

    /// Makes this change, once the leader takes it, and waits until it is through.
    #[track_caller]
    fn change(&self, at: u8, change: Change) {
        let mut client = self.client_of([at]);
        eventually("the leader takes it", || match client.try_change(change) {
            Ok(()) => Some(()),
            Err(ClientError::Refused(
                Reason::Unchanged(Unchanged::Unheard(_) | Unchanged::UnderWay) | Reason::Outdated,
            )) => None,
            Err(error) => panic!("{error}"),
        });
        eventually("it is through", || {
            let known = client.try_members().ok()?;
            (known.is_settled && !known.members.is_joint() && known.pending.is_none()).then_some(())
        });
    }

    /// Adds a node that is there, as a voter.
    #[track_caller]
    fn add(&self, at: u8, seat: u8) {
        let (seat, address) = (Seat(seat), self.members[&Seat(seat)]);
        self.change(at, Change::Add { seat, address });
        self.change(at, Change::Promote { seat });
    }
}

#[test]
fn one_node_grows_to_three_and_a_client_follows_to_those_that_it_was_not_told_of() {
    let mut house = House::with_log(3, 1 << 20);
    house.run(ServerConfig { peers: house.list(&[1]), ..house.config(1) });
    let mut client = house.client_of([1]);
    client.add("apples", 2);
    for seat in [2, 3] {
        house.join(seat, 1);
        house.add(1, seat);
        let joined = house.events(seat).into_iter().find_map(|event| match event {
            Event::Joined { charter, incarnation } => Some((charter.founding, incarnation)),
            _ => None,
        });
        let (founding, life) = joined.expect("it says of what it is part");
        assert!(founding == house.founding() && life != Incarnation::FOUNDER);
        client.add("apples", 1);
    }
    house.settle();
    house.kill(1);
    let (last, sum) = client.add("apples", 1);
    assert_eq!(sum, 5);
    // They find each other by their data, and the first one them.
    [2, 3].into_iter().for_each(|seat| house.kill(seat));
    (1..=3).for_each(|seat| house.run(house.alone(seat)));
    house.converge(last);
    assert_eq!(house.client_of([2]).read("apples"), 5);
}

#[test]
fn a_removed_leader_ends_with_an_error_of_its_own_and_whoever_waits_is_told() {
    let mut house = House::of(3);
    let mut client = house.client();
    client.add("apples", 2);
    house.settle();
    let (leader, follower) = house.leader();
    house.change(follower, Change::Remove { seat: Seat(leader) });
    let ended = house.end(leader);
    assert!(matches!(ended, Err(ServeError::Dismissed(Dismissal::Removed))), "{ended:?}");
    assert_eq!(client.add("apples", 2).1, 4, "the client goes on at another one");
    let removed = |event: &Event| matches!(event, Event::Members { after, .. } if !after.all().contains(Seat(leader)));
    eventually("the others say so", || house.events(follower).iter().any(removed).then_some(()));
}

#[test]
fn a_disk_that_was_lost_heals_and_its_new_store_counts() {
    let mut house = House::of(3);
    let (last, _) = house.client().add("apples", 2);
    house.converge(last);
    let (leader, follower) = house.leader();
    house.kill(follower);
    house.erase(follower);
    house.start(follower);
    let reborn = |event: &Event| matches!(event, Event::Members { reborn, .. } if reborn.len() == 1);
    eventually("it takes the place of the one that was lost", || house.events(leader).iter().any(reborn).then_some(()));
    house.settle();
    // With one other it is a majority.
    let third = (1..=3).find(|seat| *seat != leader && *seat != follower).expect("there are three");
    house.kill(third);
    assert_eq!(house.client().add("apples", 1).1, 3);
    let status = house.client().status(follower);
    assert!(status.incarnation != Incarnation::FOUNDER && status.members.voters.count() == 3, "{status:?}");
}

#[test]
fn who_asks_to_be_added_says_so_and_is_heard_of() {
    let mut house = House::with_log(4, 1 << 20);
    for seat in 1..=3 {
        house.run(ServerConfig { peers: house.list(&[1, 2, 3]), ..house.config(seat) });
    }
    house.client_of([1]).add("apples", 2);
    house.join(4, 2);
    let place = house.members[&Seat(4)];
    eventually("it says that it is outside", || {
        let outside = |event: &Event| matches!(event, Event::Outside { has_seat: false, address: Some(address), .. } if *address == place);
        house.events(4).iter().any(outside).then_some(())
    });
    let (leader, _) = house.leader_of(&[1, 2, 3]);
    eventually("the leader says who asks", || {
        let asks = |event: &Event| matches!(event, Event::Asks { seat: Seat(4), address } if *address == place);
        house.events(leader).iter().any(asks).then_some(())
    });
    let twice = house.client_of([1]).try_change(Change::Add { seat: Seat(4), address: house.members[&Seat(3)] });
    let refused = Reason::Unchanged(Unchanged::AddressInUse(Seat(3)));
    assert!(matches!(twice, Err(ClientError::Refused(reason)) if reason == refused), "{twice:?}");
    // A learner knows what there is, and does not lead.
    let mut client = house.client_of([1]);
    let since = client.try_members().expect("it is known").since;
    house.change(1, Change::Add { seat: Seat(4), address: place });
    let meant_for_others = client.try_change_since(since, Change::Remove { seat: Seat(4) });
    assert!(matches!(meant_for_others, Err(ClientError::Refused(Reason::Outdated))), "{meant_for_others:?}");
    assert_eq!(house.client_of([4]).read("apples"), 2);
    assert_ne!(house.client_of([4]).status(4).role, Role::Leader);
}

#[test]
fn a_member_is_reached_where_the_members_have_it_and_a_list_comes_first() {
    let mut house = House::with_log(4, 1 << 20);
    for seat in 1..=3 {
        house.run(ServerConfig { peers: house.list(&[1, 2, 3]), ..house.config(seat) });
    }
    let (last, _) = house.client_of([1, 2, 3]).add("apples", 2);
    house.settle();
    house.kill(3);
    let elsewhere = house.members[&Seat(4)];
    house.change(1, Change::Move { seat: Seat(3), address: elsewhere });
    [1, 2].into_iter().for_each(|seat| house.kill(seat));
    house.run(house.alone(1));
    house.run(ServerConfig { peers: house.list(&[2, 3]), ..house.config(2) });
    house.run(ServerConfig { listen: elsewhere, ..house.alone(3) });
    let listed = house.members[&Seat(3)];
    let differs = |event: &Event| matches!(event, Event::AddressDiffers { seat: Seat(3), listed: l, known } if (*l, *known) == (listed, elsewhere));
    eventually("the list is found to differ", || house.events(2).iter().any(differs).then_some(()));
    house.kill(2);
    house.run(house.alone(2));
    house.members.insert(Seat(3), elsewhere);
    house.members.remove(&Seat(4));
    house.converge(last);
}

#[test]
fn where_no_founder_is_left_a_list_of_the_members_suffices() {
    let mut house = House::with_log(5, 1 << 20);
    house.run(ServerConfig { peers: house.list(&[1]), ..house.config(1) });
    house.client_of([1]).add("apples", 2);
    for seat in 2..=4 {
        house.join(seat, 1);
        house.add(1, seat);
    }
    house.change(2, Change::Remove { seat: Seat(1) });
    assert!(house.end(1).is_err());
    let mut client = house.client_of([2]);
    let mut life_of_4 =
        || client.try_members().ok().filter(|known| known.is_settled)?.occupants.get(&Seat(4)).map(|it| it.incarnation);
    let lost = eventually("it is a member", &mut life_of_4);
    house.kill(4);
    house.erase(4);
    for seat in [4, 5] {
        house.run(ServerConfig { existing: true, peers: house.list(&[2, 3, 4, 5]), ..house.config(seat) });
    }
    eventually("its new store takes the place of the one that was lost", || life_of_4().filter(|life| *life != lost));
    house.add(2, 5);
    house.kill(3);
    assert_eq!(house.client_of([2]).add("apples", 1).1, 3, "both count");
}
