//! A node's channels to all other seats, some of which two lives speak for.

use core::time::Duration;

use quorate::{Ballot, Founding, Incarnation, Instant, Message, Seat, Seats, Term};
use quorate_wire::Cluster;
use quorate_wire::seal::{Channels, HELLO, Key, KeyId, Profile, Ring, Side, decode_hello, encode_hello};

const NODE: Seat = Seat(1);
const INTERVAL_MICROS: u64 = 1_000;

fn ring() -> Ring<1> {
    Ring::new(KeyId::new(1).expect("it is below 16"), Key::new([1; Key::BYTES]))
}

/// A store, and its channels.
struct Store<const PLACES: usize> {
    side: Side,
    channels: Channels<PLACES>,
    drawn: u64,
}

impl<const PLACES: usize> Store<PLACES> {
    fn new(seat: Seat, life: u64) -> Self {
        let me = quorate::Identity { seat, incarnation: Incarnation(life) };
        let (cluster, founding, profile) = (Cluster(7), Founding(9), Profile::Full);
        let side = Side { cluster, founding, me, interval_micros: INTERVAL_MICROS, profile };
        Store { side, channels: Channels::new(), drawn: u64::from(seat.0) << 32 | life << 16 }
    }

    fn ask(&mut self, now: Instant, to: Seat) -> Vec<[u8; HELLO]> {
        let (mut said, drawn) = (Vec::new(), &mut self.drawn);
        let number = || {
            *drawn += 1;
            *drawn
        };
        let to = (Seats::NONE.with(to), Duration::from_secs(1));
        let (side, ring) = (&self.side, &ring());
        let say = |hello| said.push(encode_hello(side, ring, &hello).expect("the key is here"));
        self.channels.speak(side, ring, now, to, number, say);
        said
    }

    fn hear(&mut self, now: Instant, hello: &[u8; HELLO]) -> Option<[u8; HELLO]> {
        self.drawn += 1;
        let drawn = self.drawn;
        let hello = decode_hello(hello, &self.side, &ring()).expect("it has the key");
        let answer = self.channels.hear(&self.side, &ring(), &hello, now, || drawn)?;
        encode_hello(&self.side, &ring(), &answer)
    }

    fn say(&mut self, to: Seat, message: &Message<'_>) -> Option<Vec<u8>> {
        let mut buffer = [0; 200];
        self.channels.encode(&mut buffer, &self.side, to, message).expect("it fits").map(<[u8]>::to_vec)
    }

    /// Whether it opens this frame, and of which life it is.
    fn opens(&mut self, now: Instant, frame: &[u8]) -> Option<Incarnation> {
        let mut frame = frame.to_vec();
        let opened = self.channels.decode(&mut frame, &self.side, &ring(), now);
        opened.ok().map(|(from, _)| from.incarnation)
    }
}

/// A store comes to a session with the node.
fn meet<const PLACES: usize>(now: Instant, store: &mut Store<4>, node: &mut Store<PLACES>) {
    let [ask] = store.ask(now, NODE)[..] else { panic!("it asks") };
    let answer = node.hear(now, &ask).expect("it is answered");
    let done = store.hear(now, &answer).expect("it is answered");
    let here = node.hear(now, &done).expect("it is answered");
    assert_eq!(store.hear(now, &here), None);
}

fn vote(life: u64) -> Message<'static> {
    Message::Vote { term: Term(2), incarnation: Incarnation(life), ballot: Ballot::Pre, granted: true }
}

const WORD: Message<'static> = Message::CampaignNow { term: Term(3) };

#[test]
fn what_is_said_to_one_of_two_lives_of_a_seat_opens_there_and_nowhere_else() {
    let now = Instant::START;
    let (mut node, mut first, mut other) = (Store::<4>::new(NODE, 0), Store::new(Seat(3), 5), Store::new(Seat(3), 6));
    meet(now, &mut first, &mut node);
    let frame = first.say(NODE, &WORD).expect("there is a session");
    assert_eq!(node.opens(now, &frame), Some(Incarnation(5)));
    node.channels.accept(first.side.me, now);
    meet(now, &mut other, &mut node);
    let frame = node.say(Seat(3), &vote(5)).expect("there is a session");
    assert_eq!((other.opens(now, &frame), first.opens(now, &frame)), (None, Some(Incarnation(0))));
    let frame = node.say(Seat(3), &vote(6)).expect("there is a session");
    assert_eq!((first.opens(now, &frame), other.opens(now, &frame)), (None, Some(Incarnation(0))));
    let frame = node.say(Seat(3), &WORD).expect("there is a session");
    assert_eq!((other.opens(now, &frame), first.opens(now, &frame)), (None, Some(Incarnation(0))));
}

#[test]
fn a_life_that_is_silent_gives_its_place_to_the_next_one() {
    let (mut node, mut first, mut next) = (Store::<4>::new(NODE, 0), Store::new(Seat(3), 5), Store::new(Seat(3), 6));
    let mut now = Instant::START;
    meet(now, &mut first, &mut node);
    node.channels.accept(first.side.me, now);
    now = Instant::from_micros(20 * INTERVAL_MICROS);
    meet(now, &mut next, &mut node);
    let frame = node.say(Seat(3), &WORD).expect("there is a session");
    assert_eq!(next.opens(now, &frame), Some(Incarnation(0)), "it is spoken to as whoever holds the seat");
}

/// Every seat has its place; a twin has one if there is another.
#[test]
fn a_seat_has_a_place_before_any_twin() {
    let now = Instant::START;
    let mut node = Store::<2>::new(NODE, 0);
    let [mut two, mut twin, mut three, mut four] =
        [(2, 5), (2, 6), (3, 0), (4, 0)].map(|(seat, life)| Store::new(Seat(seat), life));
    meet(now, &mut two, &mut node);
    node.channels.accept(two.side.me, now);
    meet(now, &mut twin, &mut node);
    meet(now, &mut three, &mut node);
    let frame = two.say(NODE, &WORD).expect("there is a session");
    assert_eq!(node.opens(now, &frame), Some(Incarnation(5)));
    let frame = three.say(NODE, &WORD).expect("there is a session");
    assert_eq!(node.opens(now, &frame), Some(Incarnation(0)));
    let frame = twin.say(NODE, &WORD).expect("it does not know");
    assert_eq!(node.opens(now, &frame), None);
    let [ask] = four.ask(now, NODE)[..] else { panic!("it asks") };
    assert_eq!(node.hear(now, &ask), None);
}

/// A twin that starts again when the first life is gone has one channel, as any other seat: what its earlier boot has sealed opens no
/// longer once something of this one has.
#[test]
fn a_life_has_one_channel_though_it_was_a_twin_before() {
    let (mut node, mut first, mut twin) = (Store::<4>::new(NODE, 0), Store::new(Seat(3), 5), Store::new(Seat(3), 6));
    let mut now = Instant::START;
    meet(now, &mut first, &mut node);
    node.channels.accept(first.side.me, now);
    meet(now, &mut twin, &mut node);
    let late = twin.say(NODE, &WORD).expect("there is a session");
    now = Instant::from_micros(20 * INTERVAL_MICROS);
    let mut again = Store::<4>::new(Seat(3), 6);
    again.drawn = twin.drawn;
    meet(now, &mut again, &mut node);
    let frame = again.say(NODE, &WORD).expect("there is a session");
    assert_eq!(node.opens(now, &frame), Some(Incarnation(6)));
    assert_eq!(node.opens(now, &late), None);
}
