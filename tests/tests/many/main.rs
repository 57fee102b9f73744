//! Twenty-seven nodes, some of them slow and some dead: the rest goes on at its own speed, and a dead one comes in line
//! by a snapshot afterwards. An election takes few messages. Time is virtual here, so speed can be held against a number.

mod house;

use house::{House, Kind};

const NODES: u8 = 27;
const COMMANDS: u64 = 100;

/// One command after the other, each when the one before is done: how long all of them take, in virtual microseconds.
fn time(house: &mut House) -> u64 {
    house.elect();
    let begun = house.now();
    (0..COMMANDS).for_each(|number| house.command(number));
    house.now() - begun
}

/// Three questions to each of the others, and their answers: for a pre-vote, for a vote, and where the logs meet.
#[test]
fn a_first_election_takes_six_messages_for_each_of_the_others() {
    for nodes in [3, NODES] {
        let mut house = House::alike(nodes);
        house.elect();
        assert_eq!(house.sent(), 6 * (usize::from(nodes) - 1), "messages of {nodes} nodes");
    }
}

#[test]
fn the_slow_and_the_dead_do_not_hold_up_the_others() {
    let fast = time(&mut House::of(NODES, |_| Kind::Fast));
    let mixed = time(&mut House::of(NODES, |seat| match seat {
        0..14 => Kind::Fast,
        14..18 => Kind::Slow,
        _ => Kind::Dead,
    }));
    assert!(mixed <= fast + fast / 10, "{mixed} us with slow and dead members, {fast} us without");
    let waits = time(&mut House::of(NODES, |seat| if seat < 13 { Kind::Fast } else { Kind::Slow }));
    assert!(waits > 10 * fast, "with a slow member in each majority it takes {waits} us: else this shows nothing");
}

#[test]
fn a_dead_member_comes_in_line_by_a_snapshot_while_the_others_go_on() {
    let mut house = House::of(NODES, |seat| match seat {
        0..20 => Kind::Fast,
        20..24 => Kind::Slow,
        _ => Kind::Dead,
    });
    time(&mut house);
    // The log keeps what the slow ones lack for a while.
    let mut number = COMMANDS;
    while number < 2 * COMMANDS {
        house.command(number);
        number += 1;
    }
    house.revive(26);
    while !house.is_in_line(26) {
        house.command(number);
        number += 1;
        assert!(number < 4 * COMMANDS, "it does not come in line");
    }
    assert_eq!(house.restored(26), 1, "the entries that it missed are forgotten");
    house.await_agreement();
}
