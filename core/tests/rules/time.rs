//! Section 5.2: each node draws its time-outs anew, so that elections seldom collide.

use std::collections::BTreeSet;
use std::time::Duration;

use super::common::{config, drive, founded};
use quorate::{Ballot, Config, Entries, Incarnation, Index, Input, Instant, Message, Node, Position, Role, Seat, Term};

fn timeouts(millis: u64) -> Vec<u64> {
    let short = Config {
        election_timeout: Duration::from_millis(millis),
        heartbeat_interval: Duration::from_micros(100),
        ..config()
    };
    let nodes = (0..64).map(|seed| founded::<u32>(3, Config { seed, ..short.clone() }, vec![0; 64]));
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
    let mut node = founded::<u32>(3, config(), vec![0; 64]);
    let mut drawn = BTreeSet::new();
    for second in 1..=32 {
        let now = Instant::from_millis(second * 1000);
        drive(&mut node, now, Input::Receive { from: Seat(1).into(), message: heartbeat(second) });
        drawn.insert(node.deadline().unwrap().saturating_since(now));
    }
    assert!(drawn.len() > 28, "only {} of 32 differ", drawn.len());
}

#[test]
fn members_with_the_same_seed_draw_differently() {
    let of = |seat: u8| {
        let mut config = config();
        config.seat = Seat(seat);
        founded::<u32>(3, config, vec![0; 64]).deadline()
    };
    assert_ne!(of(0), of(1));
    assert_ne!(of(1), of(2));
}

#[test]
fn a_time_out_takes_no_longer_when_the_clock_jumps_back() {
    let mut node = founded::<u32>(3, config(), vec![0; 64]);
    let due = node.deadline().unwrap();
    let early = Instant::from_micros(due.as_micros() - 1);
    assert_eq!(drive(&mut node, early, Input::Tick), [""; 0]);
    assert_eq!(drive(&mut node, Instant::START, Input::Tick), [""; 0]);
    assert_eq!(node.deadline(), Some(Instant::from_micros(1)));
}

const HOUR: Duration = Duration::from_secs(3600);

/// Known 43: a timer that wraps, or a clock that was an hour ahead, must not silence a node.
#[test]
fn a_leader_whose_clock_jumps_back_beats_on() {
    let (mut node, now) = leader_of_three();
    assert_eq!(node.role(), Role::Leader);
    for back in [now, Instant::START] {
        drive(&mut node, back, Input::Tick);
        let due = node.deadline().unwrap();
        assert!(due.saturating_since(back) <= Duration::from_millis(10), "{due:?} is due, and it is {back:?}");
        assert_eq!(drive(&mut node, due, Input::Tick).len(), 2, "it beats");
    }
}

#[test]
fn a_follower_whose_clock_was_an_hour_ahead_votes_again_within_a_time_out() {
    let mut node = founded::<u32>(3, config(), vec![0; 64]);
    let ahead = Instant::START + HOUR;
    drive(&mut node, ahead, Input::Receive { from: Seat(1).into(), message: heartbeat(1) });
    let back = Instant::from_millis(1);
    drive(&mut node, back, Input::Tick);
    let asks = |now| {
        let last = Position { term: Term(1), index: Index(0) };
        let message = Message::RequestVote { term: Term(2), last, ballot: Ballot::Pre };
        (now, Input::Receive { from: Seat(2).into(), message })
    };
    let (now, input) = asks(back + Duration::from_millis(250));
    assert!(drive(&mut node, now, input).iter().any(|told| told.contains("granted: true")));
}

#[test]
fn a_little_jitter_of_the_clock_does_not_let_time_run_faster() {
    let mut node = founded::<u32>(3, config(), vec![0; 64]);
    let due = node.deadline().unwrap();
    for step in 0..100 {
        drive(&mut node, Instant::from_millis(100 + 5 * (step % 2)), Input::Tick);
    }
    assert_eq!(node.deadline(), Some(due));
}

fn leader_of_three() -> (Node<u32, Vec<u8>, 3>, Instant) {
    let mut node = founded(3, config(), vec![0; 64]);
    let now = node.deadline().unwrap();
    drive(&mut node, now, Input::Tick);
    for ballot in [Ballot::Pre, Ballot::Real] {
        let message = Message::Vote { term: Term(1), ballot, granted: true, incarnation: Incarnation::FOUNDER };
        drive(&mut node, now, Input::Receive { from: Seat(1).into(), message });
    }
    (node, now)
}

fn heartbeat(stamp: u64) -> Message<'static> {
    let (previous, none, entries) = (Position::default(), Index(0), Entries::default());
    Message::AppendEntries { term: Term(1), stamp, previous, commit: none, inherited: none, entries }
}
