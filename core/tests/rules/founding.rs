use std::time::Duration;

use quorate::founding::{Config, Effect, Input, Intent, Message, Obstacle, Prepared, Record, Standing, Terms};
use quorate::{
    Charter, ConfigError, Features, Founding, Incarnation, Index, Instant, Least, Members, Position, Prospect, Seat,
    Seats, Snapshot, Term, Ticket,
};

mod obstacle;

const INTERVAL: Duration = Duration::from_millis(100);
const MEMBERS: Members = Members::of(Seats::first(3));
const TERMS: Terms = Terms { members: MEMBERS, snapshot: Snapshot { position: NOWHERE, bytes: 0, check: 0 } };
const NOWHERE: Position = Position { term: Term(0), index: Index(0) };
const LEAST: Least = Least { log_bytes: 1000, election_micros: 250_000, features: Features::OWN };
const F: Founding = Founding(77);

fn config(seat: u8) -> Config {
    let snapshot = Snapshot::default();
    let (seat, members, intent) = (Seat(seat), MEMBERS, Intent::Found);
    let election_timeout = Duration::from_micros(LEAST.election_micros.into());
    let (log_bytes, entry_bytes_max, ask_interval) = (LEAST.log_bytes, 200, INTERVAL);
    let seed = u64::from(seat.0);
    let features = LEAST.features;
    Config {
        seat,
        members,
        snapshot,
        log_bytes,
        entry_bytes_max,
        election_timeout,
        features,
        intent,
        ask_interval,
        seed,
    }
}

fn store(config: &Config) -> Prospect<3> {
    Prospect::new(config, None, Instant::START).expect("the configuration is sound")
}

fn at(intervals: u64) -> Instant {
    Instant::from_millis(100 * intervals)
}

/// A store's effects, and the ticket of its write.
fn step(store: &mut Prospect<3>, now: Instant, input: Input) -> (Vec<Effect>, Option<Ticket>) {
    let mut ticket = None;
    let effects = store.step(now, input).filter_map(|effect| match effect {
        Effect::Persist { ticket: its, .. } => {
            ticket = Some(its);
            None
        }
        effect => Some(effect),
    });
    (effects.collect(), ticket)
}

fn tick(store: &mut Prospect<3>, now: Instant) -> Vec<Effect> {
    step(store, now, Input::Tick).0
}

fn receive(store: &mut Prospect<3>, from: u8, message: Message) -> Vec<Effect> {
    let now = at(0);
    step(store, now, Input::Receive { from: Seat(from), message }).0
}

/// Lets a store take a message, whose write becomes durable at once.
#[track_caller]
fn write(store: &mut Prospect<3>, from: u8, message: Message) -> Vec<Effect> {
    let (_, ticket) = step(store, at(0), Input::Receive { from: Seat(from), message });
    step(store, at(0), Input::Persisted(ticket.expect("it writes"))).0
}

fn send(to: u8, message: Message) -> Effect {
    Effect::Send { to: Seat(to), message }
}

fn who(founding: Founding) -> Message {
    Message::Who { founding, terms: TERMS }
}

fn answer(echo: u64, standing: Standing) -> Message {
    Message::Answer { echo, standing }
}

fn ready(token: u64, prepared: Option<Founding>) -> Standing {
    Standing::Ready { token, least: LEAST, prepared }
}

fn charter(founding: Founding) -> Charter {
    Charter { founding, members: MEMBERS, least: LEAST }
}

/// The founding that a founder asks about.
#[track_caller]
fn asked(store: &mut Prospect<3>) -> Founding {
    match tick(store, at(0))[..] {
        [Effect::Send { message: Message::Who { founding, .. }, .. }, ..] => founding,
        ref effects => panic!("no founder says {effects:?}"),
    }
}

/// The token that a store answers a founding with.
#[track_caller]
fn token(store: &mut Prospect<3>, founding: Founding) -> u64 {
    match receive(store, 0, who(founding))[..] {
        [Effect::Send { message: Message::Answer { standing: Standing::Ready { token, .. }, .. }, .. }, ..] => token,
        ref effects => panic!("no store that is ready says {effects:?}"),
    }
}

/// The token that a store asks for the cluster with.
#[track_caller]
fn question(store: &mut Prospect<3>, now: Instant) -> u64 {
    match tick(store, now)[..] {
        [Effect::Send { message: Message::Where { token, .. }, .. }, ..] => token,
        ref effects => panic!("no store that waits says {effects:?}"),
    }
}

/// A store of this seat that is prepared for F, and has asked nothing since.
#[track_caller]
fn prepared(seat: u8) -> Prospect<3> {
    let record = Prepared { founding: F, members: MEMBERS };
    Prospect::new(&config(seat), Some(record), Instant::START).expect("the configuration is sound")
}

#[test]
fn a_list_of_one_founds_by_itself() {
    let members = Members::of(Seats::first(1));
    let mut store = Prospect::<3>::new(&Config { members, ..config(0) }, None, at(0)).expect("one is enough");
    assert_eq!(store.deadline(), Some(at(0)));
    let (effects, ticket) = step(&mut store, at(0), Input::Tick);
    assert_eq!((effects, store.deadline()), (vec![], None));
    let (effects, _) = step(&mut store, at(0), Input::Persisted(ticket.expect("it writes its charter")));
    let [Effect::Complete(Charter { members: founders, least: LEAST, .. }, Incarnation::FOUNDER)] = effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(founders, members);
    assert!(matches!(tick(&mut store, at(9))[..], [Effect::Complete(..)]));
    assert_eq!(store.deadline(), None);
}

#[test]
fn a_founder_asks_all_then_prepares_all_then_is_complete_with_the_least_of_all() {
    let (one, other) = (Features::OWN.with(Features::of_app(0)), Features::OWN.with(Features::of_app(1)));
    let mut store = store(&Config { features: one, ..config(0) });
    let f = asked(&mut store);
    let small = |prepared| {
        let least = Least { log_bytes: 600, features: one.with(other), ..LEAST };
        answer(f.0, Standing::Ready { token: 12, least, prepared })
    };
    let hasty = |prepared| {
        let least = Least { election_micros: 100_000, features: other, ..LEAST };
        answer(f.0, Standing::Ready { token: 11, least, prepared })
    };
    assert_eq!(receive(&mut store, 2, small(None)), []);
    let prepare = |token| Message::Prepare { founding: f, token };
    assert_eq!(receive(&mut store, 1, hasty(None)), [send(1, prepare(11)), send(2, prepare(12))]);
    assert_eq!(receive(&mut store, 1, hasty(Some(f))), []);
    let least = Least { log_bytes: 600, election_micros: 100_000, features: Features::OWN };
    assert_eq!(
        write(&mut store, 2, small(Some(f))),
        [Effect::Complete(Charter { least, ..charter(f) }, Incarnation::FOUNDER)]
    );
}

#[test]
fn a_founder_asks_again_whoever_is_not_prepared_and_prepares_it_again() {
    let mut store = store(&config(0));
    let f = asked(&mut store);
    receive(&mut store, 1, answer(f.0, ready(11, None)));
    receive(&mut store, 2, answer(f.0, ready(12, None)));
    receive(&mut store, 2, answer(f.0, ready(12, Some(f))));
    assert_eq!(store.deadline(), Some(at(1)));
    assert_eq!(tick(&mut store, at(1)), [send(1, who(f))]);
    let again = Message::Prepare { founding: f, token: 13 };
    assert_eq!(receive(&mut store, 1, answer(f.0, ready(13, None))), [send(1, again)]);
}

/// An answer to a question of an earlier boot says nothing about now.
#[test]
fn an_answer_to_another_question_counts_for_nothing() {
    let mut store = store(&config(0));
    let f = asked(&mut store);
    for seat in [1, 2] {
        assert_eq!(receive(&mut store, seat, answer(f.0 + 1, ready(11, Some(f)))), []);
    }
    assert_eq!(store.heard().filter(|(_, heard)| heard.is_some()).count(), 0);
}

#[test]
fn seats_that_are_prepared_for_an_earlier_founding_are_not_prepared() {
    let mut store = store(&config(0));
    let f = asked(&mut store);
    receive(&mut store, 1, answer(f.0, ready(11, Some(F))));
    let effects = receive(&mut store, 2, answer(f.0, ready(12, Some(F))));
    assert_eq!(effects.len(), 2, "it prepares both: {effects:?}");
}

#[test]
fn a_token_is_new_for_each_founding_that_asks() {
    let mut store = store(&config(1));
    let first = token(&mut store, F);
    assert_eq!(token(&mut store, F), first);
    let second = token(&mut store, Founding(78));
    assert_ne!(second, first);
    assert_ne!(token(&mut store, F), first);
}

#[test]
fn a_seat_prepares_with_its_present_token_alone_and_says_so_when_it_is_durable() {
    let mut store = store(&config(1));
    let old = token(&mut store, F);
    let present = token(&mut store, Founding(78));
    let prepare = |founding, token| Message::Prepare { founding, token };
    assert_eq!(receive(&mut store, 0, prepare(F, old)), []);
    assert_eq!(store.prepared(), None);
    let told = write(&mut store, 0, prepare(Founding(78), present));
    assert_eq!(told, [send(0, answer(78, ready(present, Some(Founding(78)))))]);
    assert_eq!(store.prepared(), Some(Prepared { founding: Founding(78), members: MEMBERS }));
    // It says so again, and writes nothing.
    assert_eq!(receive(&mut store, 0, prepare(Founding(78), present)), told);
    // Another founding takes its place.
    let next = token(&mut store, Founding(79));
    write(&mut store, 0, prepare(Founding(79), next));
    assert_eq!(store.prepared().map(|prepared| prepared.founding), Some(Founding(79)));
}

#[test]
fn nothing_is_looked_at_while_a_record_is_written() {
    let mut store = store(&config(1));
    let present = token(&mut store, F);
    let prepare = Message::Prepare { founding: F, token: present };
    let (_, ticket) = step(&mut store, at(0), Input::Receive { from: Seat(0), message: prepare });
    assert_eq!(receive(&mut store, 0, who(F)), []);
    assert_eq!(receive(&mut store, 2, answer(present, Standing::Complete(charter(F)))), []);
    assert_eq!((tick(&mut store, at(5)), store.deadline()), (vec![], None));
    assert_eq!(store.prepared(), None);
    step(&mut store, at(5), Input::Persisted(ticket.expect("it writes")));
    assert!(store.prepared().is_some());
}

#[test]
fn the_ticket_of_another_store_says_nothing() {
    let mut lone = Prospect::<3>::new(&Config { members: Members::of(Seats::first(1)), ..config(0) }, None, at(0))
        .expect("one is enough");
    let (_, stranger) = step(&mut lone, at(0), Input::Tick);
    let mut store = store(&config(1));
    let present = token(&mut store, F);
    let _ = step(
        &mut store,
        at(0),
        Input::Receive { from: Seat(0), message: Message::Prepare { founding: F, token: present } },
    );
    assert_eq!(step(&mut store, at(0), Input::Persisted(stranger.expect("it writes"))).0, []);
    assert_eq!(store.prepared(), None);
}

#[test]
fn a_prepared_store_takes_the_charter_of_its_founding_with_its_present_token() {
    let mut store = prepared(1);
    let present = question(&mut store, at(0));
    let complete = |founding| Standing::Complete(charter(founding));
    assert_eq!(receive(&mut store, 2, answer(present + 1, complete(F))), []);
    assert_eq!(
        write(&mut store, 2, answer(present, complete(F))),
        [Effect::Complete(charter(F), Incarnation::FOUNDER)]
    );
}

/// If the founder died before, the others get another list.
#[test]
fn the_lowest_seat_of_another_list_founds_though_it_is_prepared() {
    let mut store = prepared(0);
    let f = asked(&mut store);
    assert_ne!(f, F);
    // But it was founded before: then that counts.
    receive(&mut store, 2, answer(f.0, Standing::Complete(charter(F))));
    let present = question(&mut store, at(1));
    assert_eq!(
        write(&mut store, 2, answer(present, Standing::Complete(charter(F)))),
        [Effect::Complete(charter(F), Incarnation::FOUNDER)]
    );
}

#[test]
fn every_store_says_how_it_stands() {
    let mut store = prepared(1);
    let question = Message::Where { token: 5, terms: TERMS };
    let effects = receive(&mut store, 2, question);
    assert!(
        matches!(
            effects[0],
            Effect::Send {
                to: Seat(2),
                message: Message::Answer { echo: 5, standing: Standing::Ready { prepared: Some(F), .. } }
            }
        ),
        "{effects:?}"
    );
    let complete = Standing::Complete(charter(F));
    assert_eq!(charter(F).answer(&question), Some(answer(5, complete)));
    assert_eq!(charter(F).answer(&who(Founding(9))), Some(answer(9, complete)));
    assert_eq!(charter(F).answer(&Message::Prepare { founding: F, token: 5 }), None);
    assert_eq!(charter(F).answer(&answer(5, complete)), None);
}

#[test]
fn what_is_not_drawn_is_offered_again() {
    let mut store = store(&config(1));
    let _ = store.step(at(0), Input::Tick).next();
    assert_eq!(store.deadline(), Some(at(0)));
    assert!(matches!(tick(&mut store, at(0))[..], [Effect::Send { to: Seat(2), .. }]));
    assert_eq!((tick(&mut store, at(0)), store.deadline()), (vec![], Some(at(1))));
    let present = token(&mut store, F);
    let message = Message::Prepare { founding: F, token: present };
    let _ = store.step(at(0), Input::Receive { from: Seat(0), message });
    assert_eq!(store.deadline(), Some(at(0)));
    let (_, ticket) = step(&mut store, at(0), Input::Tick);
    assert!(ticket.is_some());
}

/// Known 43, of a store that is not complete: its timers count on, and its deadlines follow the clock.
#[test]
fn a_store_whose_clock_jumps_back_asks_on() {
    let mut store = store(&config(1));
    let ahead = at(1000);
    tick(&mut store, ahead);
    for back in [at(10), Instant::START] {
        tick(&mut store, back);
        let due = store.deadline().unwrap();
        assert!(due.saturating_since(back) <= at(1).saturating_since(Instant::START), "{due:?} is due at {back:?}");
        assert_eq!(tick(&mut store, due).len(), 2, "it asks");
    }
}

#[test]
fn a_founding_shows_as_sixteen_digits() {
    assert_eq!(Founding(0xbeef).to_string(), "000000000000beef");
}

/// A record that is written names what it is prepared for.
#[test]
fn a_record_names_its_members() {
    let mut store = store(&config(2));
    let present = token(&mut store, F);
    let message = Message::Prepare { founding: F, token: present };
    let records = store.step(at(0), Input::Receive { from: Seat(0), message }).filter_map(|effect| match effect {
        Effect::Persist { record, .. } => Some(record),
        _ => None,
    });
    assert_eq!(records.collect::<Vec<_>>(), [Record::Prepared(Prepared { founding: F, members: MEMBERS })]);
}
