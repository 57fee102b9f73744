//! Section 5.2: each node draws its time-outs anew, so that elections seldom collide.

use std::collections::BTreeSet;
use std::time::Duration;

use super::common::{config, drive, fresh};
use quorate::{Config, Entries, Index, Input, Instant, Message, Position, Seat, Term};

fn timeouts(millis: u64) -> Vec<u64> {
    let short = Config {
        election_timeout: Duration::from_millis(millis),
        heartbeat_interval: Duration::from_micros(100),
        ..config(3)
    };
    let nodes = (0..64).map(|seed| fresh::<u32>(Config { seed, ..short.clone() }, 64));
    nodes.map(|node| node.deadline().unwrap().as_micros()).collect()
}

/// Time-outs of a few milliseconds spread over microseconds, not over whole ticks (sailing 9221235).
#[test]
fn short_time_outs_spread_as_well_as_long_ones() {
    for millis in [1, 2, 5, 250] {
        let drawn = timeouts(millis);
        let micros = millis * 1000;
        assert!(drawn.iter().all(|time| (micros..2 * micros).contains(time)), "one to two time-outs: {drawn:?}");
        let different = drawn.iter().collect::<BTreeSet<_>>().len();
        assert!(different > 56, "only {different} of 64 seeds differ at {millis} ms");
        let quarter = |n: u64| drawn.iter().filter(|time| (**time - micros) * 4 / micros == n).count();
        assert!(
            (0..4).all(|n| quarter(n) >= 4),
            "{:?} in the quarters at {millis} ms",
            (0..4).map(quarter).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_node_draws_anew_each_time() {
    let mut node = fresh::<u32>(config(3), 64);
    let mut drawn = BTreeSet::new();
    for second in 1..=32 {
        let now = Instant::from_millis(second * 1000);
        let heartbeat = Message::AppendEntries {
            term: Term(1),
            stamp: second,
            previous: Position::default(),
            commit: Index(0),
            inherited: Index(0),
            entries: Entries::default(),
        };
        drive(&mut node, now, Input::Receive { from: Seat(1).into(), message: heartbeat });
        drawn.insert(node.deadline().unwrap().saturating_since(now));
    }
    assert!(drawn.len() > 28, "only {} of 32 differ", drawn.len());
}

#[test]
fn members_with_the_same_seed_draw_differently() {
    let of = |seat: u8| {
        let mut config = config(3);
        config.identity.seat = Seat(seat);
        fresh::<u32>(config, 64).deadline()
    };
    assert_ne!(of(0), of(1));
    assert_ne!(of(1), of(2));
}

#[test]
fn time_that_goes_back_changes_nothing() {
    let mut node = fresh::<u32>(config(3), 64);
    let due = node.deadline().unwrap();
    let early = Instant::from_micros(due.as_micros() - 1);
    assert_eq!(drive(&mut node, early, Input::Tick), [""; 0]);
    let before = node.clone();
    assert_eq!(drive(&mut node, Instant::START, Input::Tick), [""; 0]);
    assert_eq!((node.deadline(), &node), (Some(due), &before));
}
