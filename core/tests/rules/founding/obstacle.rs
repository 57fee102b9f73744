//! What stands in the way of a founding, and what a store makes of it.

use super::*;

/// The cluster of this founding as it is without seat 1, and without seat 0.
fn of_others(founding: Founding, seats: u32) -> Charter {
    Charter { members: Members::of(Seats(seats)), ..charter(founding) }
}

#[test]
fn a_prepared_store_is_a_founder_of_no_other_founding_and_among_no_other_members() {
    for other in [charter(Founding(78)), Charter { members: Members::of(Seats::first(2)), ..charter(F) }] {
        let mut store = prepared(1);
        let present = question(&mut store, at(0));
        let effects = write(&mut store, 2, answer(present, Standing::Complete(other)));
        assert!(matches!(effects[..], [Effect::Complete(found, incarnation)]
            if found == other && incarnation != Incarnation::FOUNDER));
    }
}

#[test]
fn a_stranger_that_hears_of_a_cluster_joins_no_founding_until_it_is_gone() {
    let mut store = store(&config(1));
    let present = question(&mut store, at(0));
    let others = of_others(F, 0b101);
    assert_eq!(receive(&mut store, 2, answer(present, Standing::Complete(others))), []);
    assert_eq!(store.obstacle(), Obstacle::Cluster { from: Seat(2), charter: others });
    let g = Founding(78);
    assert_eq!(receive(&mut store, 0, who(g)), [send(0, answer(g.0, Standing::Abstains))]);
    // The cluster is asked for all along.
    assert!(matches!(tick(&mut store, at(31))[..], [Effect::Send { message: Message::Where { .. }, .. }, ..]));
    tick(&mut store, at(32));
    assert_eq!(store.obstacle(), Obstacle::Silent(Seats(0b101)));
    let message = who(g);
    let (effects, _) = step(&mut store, at(32), Input::Receive { from: Seat(0), message });
    let [Effect::Send { message: Message::Answer { standing: Standing::Ready { token, .. }, .. }, .. }] = effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_ne!(token, present);
}

/// Whoever reads a log wants to know of the cluster, not which member said so last.
#[test]
fn a_cluster_that_several_members_tell_of_is_one_obstacle() {
    let mut store = store(&config(1));
    let present = question(&mut store, at(0));
    let others = of_others(F, 0b101);
    let told = Obstacle::Cluster { from: Seat(2), charter: others };
    for from in [2, 0, 2] {
        receive(&mut store, from, answer(present, Standing::Complete(others)));
        assert_eq!(store.obstacle(), told, "as the first one said");
    }
    let other = of_others(Founding(78), 0b101);
    receive(&mut store, 0, answer(present, Standing::Complete(other)));
    assert_eq!(store.obstacle(), Obstacle::Cluster { from: Seat(0), charter: other });
}

#[test]
fn a_founder_that_hears_of_a_cluster_of_others_founds_none() {
    let mut store = store(&config(0));
    let f = asked(&mut store);
    receive(&mut store, 1, answer(f.0, ready(11, None)));
    let others = of_others(F, 0b110);
    let effects = receive(&mut store, 2, answer(f.0, Standing::Complete(others)));
    let [Effect::Send { to: Seat(1), message: Message::Where { .. } }, Effect::Send { to: Seat(2), .. }] = effects[..]
    else {
        panic!("{effects:?}")
    };
    // Word of before does not count against it.
    assert_eq!(receive(&mut store, 2, answer(f.0, ready(12, None))), []);
    assert_eq!(store.obstacle(), Obstacle::Cluster { from: Seat(2), charter: others });
    // When it is gone, another founding begins.
    tick(&mut store, at(40));
    assert!(
        matches!(tick(&mut store, at(80))[..], [Effect::Send { message: Message::Who { founding, .. }, .. }, ..] if founding != f)
    );
}

#[test]
fn a_founder_that_hears_of_its_own_cluster_has_lost_its_disk() {
    let mut store = store(&config(0));
    let f = asked(&mut store);
    let effects = write(&mut store, 2, answer(f.0, Standing::Complete(charter(F))));
    assert!(matches!(effects[..], [Effect::Complete(found, incarnation)]
        if found == charter(F) && incarnation != Incarnation::FOUNDER));
}

#[test]
fn a_store_that_holds_a_snapshot_joins_no_cluster() {
    let snapshot = Snapshot { position: Position { term: Term(3), index: Index(40) }, bytes: 9, check: 1 };
    let mut store = store(&Config { snapshot, ..config(1) });
    let present = question(&mut store, at(0));
    assert_eq!(receive(&mut store, 2, answer(present, Standing::Complete(charter(F)))), []);
    assert_eq!(store.obstacle(), Obstacle::Cluster { from: Seat(2), charter: charter(F) });
}

/// It holds no charter that its build does not understand, be it one of those that founded the cluster or not.
#[test]
fn a_store_of_an_older_build_becomes_no_member() {
    let features = Features::of_app(0);
    let least = Least { features: LEAST.features.with(features), ..LEAST };
    let newer = Charter { least, ..charter(F) };
    for record in [None, Some(Prepared { founding: F, members: MEMBERS })] {
        let mut store = Prospect::new(&config(1), record, at(0)).expect("the configuration is sound");
        let present = question(&mut store, at(0));
        assert_eq!(receive(&mut store, 2, answer(present, Standing::Complete(newer))), []);
        assert_eq!(store.obstacle(), Obstacle::Outdated { features });
        assert_eq!(store.prepared(), record);
        let mut store =
            Prospect::new(&Config { features: least.features, ..config(1) }, record, at(0)).expect("as before");
        let present = question(&mut store, at(0));
        let effects = write(&mut store, 2, answer(present, Standing::Complete(newer)));
        assert!(matches!(effects[..], [Effect::Complete(found, _)] if found == newer));
    }
}

#[test]
fn lists_are_compared_first_and_both_are_named() {
    let mine = Terms { members: Members::of(Seats::first(2)), ..TERMS };
    let mut seat = store(&Config { members: mine.members, ..config(1) });
    let before = token_of(&mut seat);
    assert_eq!(receive(&mut seat, 0, who(F)), [send(0, answer(F.0, Standing::Differs(mine)))]);
    assert_eq!(token_of(&mut seat), before);

    let mut founder = store(&config(0));
    let f = asked(&mut founder);
    receive(&mut founder, 2, answer(f.0, ready(12, None)));
    assert_eq!(receive(&mut founder, 1, answer(f.0, Standing::Differs(mine))), []);
    assert_eq!((founder.obstacle(), founder.terms()), (Obstacle::Differs { seat: Seat(1), terms: mine }, TERMS));
}

/// The token that a store of two asks for the cluster with.
fn token_of(store: &mut Prospect<3>) -> u64 {
    let due = store.deadline().expect("it asks again");
    question(store, due)
}

#[test]
fn a_restored_store_founds_with_its_like_alone() {
    let position = Position { term: Term(3), index: Index(40) };
    let snapshot = Snapshot { position, bytes: 9, check: 1 };
    let terms = Terms { snapshot, ..TERMS };
    let mut seat = store(&Config { snapshot, ..config(1) });
    tick(&mut seat, at(0));
    let other = Terms { snapshot: Snapshot { check: 2, ..snapshot }, ..terms };
    for asked in [TERMS, other] {
        let question = Message::Who { founding: F, terms: asked };
        assert_eq!(receive(&mut seat, 0, question), [send(0, answer(F.0, Standing::Differs(terms)))]);
    }
    let effects = receive(&mut seat, 0, Message::Who { founding: F, terms });
    assert!(matches!(
        effects[..],
        [Effect::Send { message: Message::Answer { standing: Standing::Ready { .. }, .. }, .. }]
    ));
}

#[test]
fn a_store_that_is_told_to_wait_takes_no_part_in_a_founding() {
    let mut founder = store(&Config { intent: Intent::Join, ..config(0) });
    assert!(matches!(tick(&mut founder, at(0))[..], [Effect::Send { message: Message::Where { .. }, .. }, ..]));
    assert_eq!(founder.obstacle(), Obstacle::Waits);
    let mut seat = store(&Config { intent: Intent::Join, ..config(1) });
    tick(&mut seat, at(0));
    assert_eq!(receive(&mut seat, 0, who(F)), [send(0, answer(F.0, Standing::Abstains))]);
    let present = question(&mut seat, at(1));
    assert_eq!(receive(&mut seat, 0, Message::Prepare { founding: F, token: present }), []);
    assert_eq!(seat.prepared(), None);

    let mut founder = store(&config(0));
    let f = asked(&mut founder);
    receive(&mut founder, 1, answer(f.0, Standing::Abstains));
    assert_eq!(receive(&mut founder, 2, answer(f.0, ready(12, None))), []);
    assert_eq!(founder.obstacle(), Obstacle::Abstains(Seats(0b010)));
}

#[test]
fn a_store_that_is_told_to_wait_ends_the_founding_that_it_is_prepared_for() {
    let record = Prepared { founding: F, members: MEMBERS };
    let config = Config { intent: Intent::Join, ..config(1) };
    let mut store = Prospect::new(&config, Some(record), at(0)).expect("the configuration is sound");
    let present = question(&mut store, at(0));
    assert_eq!(
        write(&mut store, 0, answer(present, Standing::Complete(charter(F)))),
        [Effect::Complete(charter(F), Incarnation::FOUNDER)]
    );
}

/// Its disk is lost, or its volume is not mounted: whatever it was told to do.
#[test]
fn a_store_joins_the_cluster_that_its_seat_belongs_to() {
    for intent in [Intent::Found, Intent::Join] {
        let mut seat = store(&Config { intent, ..config(1) });
        let present = question(&mut seat, at(0));
        let effects = write(&mut seat, 2, answer(present, Standing::Complete(charter(F))));
        let [Effect::Complete(found, incarnation)] = effects[..] else { panic!("{effects:?}") };
        assert_eq!(found, charter(F));
        assert_ne!(incarnation, Incarnation::FOUNDER, "a founder's life may have voted");
    }
}

#[test]
fn a_store_whose_seat_is_none_of_the_members_joins_if_it_is_told_to() {
    let others = Charter { members: Members::of(Seats(0b101)), ..charter(F) };
    let mut stranger = store(&config(1));
    let present = question(&mut stranger, at(0));
    assert_eq!(receive(&mut stranger, 2, answer(present, Standing::Complete(others))), []);
    assert_eq!(stranger.obstacle(), Obstacle::Cluster { from: Seat(2), charter: others });

    let mut joiner = store(&Config { intent: Intent::Join, ..config(1) });
    let present = question(&mut joiner, at(0));
    let effects = write(&mut joiner, 2, answer(present, Standing::Complete(others)));
    assert!(matches!(effects[..], [Effect::Complete(found, _)] if found == others));
}

#[test]
fn what_no_such_store_sends_is_refused_and_counted() {
    let mut store = store(&config(1));
    let present = question(&mut store, at(0));
    let strange = [
        (7, who(F)),
        (200, Message::Where { token: 1, terms: TERMS }),
        (1, who(F)),
        (2, who(F)),
        (2, Message::Prepare { founding: F, token: present }),
    ];
    for (count, (from, message)) in (1..).zip(strange) {
        assert_eq!(receive(&mut store, from, message), []);
        assert_eq!(store.refused(), count);
    }
    assert_eq!(store.prepared(), None);
}

#[test]
fn whoever_has_not_answered_for_some_time_is_silent() {
    let mut founder = store(&config(0));
    assert_eq!(founder.obstacle(), Obstacle::Silent(Seats(0b110)));
    let f = asked(&mut founder);
    receive(&mut founder, 1, answer(f.0, ready(11, None)));
    tick(&mut founder, at(2));
    assert_eq!(founder.obstacle(), Obstacle::Silent(Seats(0b100)));
    step(&mut founder, at(2), Input::Receive { from: Seat(2), message: answer(f.0, ready(12, None)) });
    assert_eq!(founder.obstacle(), Obstacle::Nothing);
    tick(&mut founder, at(3));
    assert_eq!(founder.obstacle(), Obstacle::Silent(Seats(0b010)));
}

#[test]
fn wrong_members_are_refused() {
    let refused = |members| Prospect::<2>::new(&Config { members, ..config(0) }, None, at(0)).err();
    assert_eq!(refused(MEMBERS), Some(ConfigError::TooManySeats { seats: 2 }));
    assert_eq!(refused(Members::of(Seats(0b10))), Some(ConfigError::NotAMember { seat: Seat(0) }));
    let joint = Members { outgoing: Seats(0b10), ..Members::of(Seats(0b11)) };
    assert_eq!(refused(joint), Some(ConfigError::OutgoingVoters));
}

/// Else a lost disk could never come back, and nobody would be told.
#[test]
fn a_log_or_a_frame_without_room_for_what_replaces_a_lost_disk_founds_nothing() {
    let found = |config: Config| Prospect::<3>::new(&config, None, at(0)).map(drop);
    let (log, frame) = (Config { log_bytes: 174, ..config(0) }, Config { entry_bytes_max: 120, ..config(0) });
    assert_eq!((found(log.clone()), found(frame.clone())), (Ok(()), Ok(())));
    let (log, frame) = (Config { log_bytes: 173, ..log }, Config { entry_bytes_max: 119, ..frame });
    let refused = Err(ConfigError::RosterTooLong { room: 59 });
    assert_eq!((found(log.clone()), found(frame)), (refused, refused));
    assert_eq!(
        found(Config { intent: Intent::Join, ..log }),
        Ok(()),
        "it is told who takes part, and whether that fits"
    );
}
