use fastrand::Rng;
use quorate::{Message, Seat, founding};
use quorate_wire::seal::Word;

use super::SEATS;
use super::Tally;
use super::fault::{Fault, Faults};

/// Who reaches whom, and what happens on the way.
pub(crate) struct Network {
    /// `cut[from]` has a bit for each `to` that it cannot reach.
    cut: [u16; SEATS],
    flaps: Vec<Flap>,
    /// Messages of this kind reach nobody.
    deaf_to: Option<Kind>,
    /// Frames of the past of each kind, to be repeated at any time, also after their sender has started anew.
    past: [Vec<(Seat, Vec<u8>)>; KINDS as usize],
}

/// A kind of message, by its number.
pub(crate) type Kind = u8;

/// How many kinds there are.
pub(crate) const KINDS: Kind = 17;
/// And of these, where nothing is sealed.
pub(crate) const PLAIN_KINDS: Kind = 14;
/// That of a piece of a snapshot.
const PIECE: Kind = 8;
/// So many frames of a kind are kept, to be repeated.
const KEPT: usize = 32;

/// A link that comes and goes.
struct Flap {
    link: [usize; 2],
    /// So many microseconds it is there, then as many it is not.
    period: u64,
}

/// Of which kind a message is.
pub(crate) fn kind(message: &Message<'_>) -> Kind {
    match message {
        Message::RequestVote { .. } => 0,
        Message::Vote { .. } => 1,
        Message::AppendEntries { .. } => 2,
        Message::Ack { .. } => 3,
        Message::ReadIndex { .. } => 4,
        Message::ReadAnswer { .. } => 5,
        Message::CampaignNow { .. } => 6,
        Message::Offer { .. } => 7,
        Message::Piece { .. } => PIECE,
        Message::Configured { .. } => 13,
    }
}

/// Of which kind a message of a founding is.
pub(crate) fn kind_of_founding(message: &founding::Message) -> Kind {
    match message {
        founding::Message::Who { .. } => 9,
        founding::Message::Where { .. } => 10,
        founding::Message::Prepare { .. } => 11,
        founding::Message::Answer { .. } => 12,
    }
}

/// Of which kind a Hello is.
pub(crate) fn kind_of_hello(word: &Word) -> Kind {
    match word {
        Word::Ask(_) => 14,
        Word::Answer(..) => 15,
        Word::Done(..) => 16,
    }
}

/// A frame on its way: to whom, after how many microseconds, with which bytes.
pub(crate) type Delivery = (Seat, u64, Vec<u8>);

impl Network {
    pub(crate) fn new() -> Network {
        Network { cut: [0; SEATS], flaps: Vec::new(), deaf_to: None, past: Default::default() }
    }

    /// Lets only these reach each other.
    pub(crate) fn connect_only(&mut self, connected: u16) {
        for from in 0..SEATS {
            self.cut[from] = if connected & (1 << from) != 0 { !connected } else { u16::MAX };
        }
    }

    /// Splits the members into those of the mask and the rest.
    pub(crate) fn partition(&mut self, side: u16) {
        for from in 0..SEATS {
            self.cut[from] = if side & (1 << from) != 0 { !side } else { side };
        }
    }

    /// Cuts one direction of one link.
    pub(crate) fn cut_one_way(&mut self, from: usize, to: usize) {
        self.cut[from] |= 1 << to;
    }

    /// Two sides that see each other only through one member.
    pub(crate) fn bridge(&mut self, side: u16, bridge: usize) {
        self.partition(side);
        self.cut[bridge] = 0;
        self.cut.iter_mut().for_each(|cut| *cut &= !(1 << bridge));
    }

    pub(crate) fn flap(&mut self, one: usize, other: usize, period: u64) {
        self.flaps.push(Flap { link: [one, other], period });
    }

    pub(crate) fn lose_all(&mut self, kind: Kind) {
        self.deaf_to = Some(kind);
    }

    pub(crate) fn heal(&mut self) {
        self.deaf_to = None;
        self.cut = [0; SEATS];
        self.flaps.clear();
    }

    fn reaches(&self, now: u64, from: Seat, to: Seat) -> bool {
        let (from, to) = (usize::from(from.0), usize::from(to.0));
        let is_away = |flap: &Flap| flap.link.contains(&from) && flap.link.contains(&to) && now / flap.period % 2 == 1;
        self.cut[from] & (1 << to) == 0 && !self.flaps.iter().any(is_away)
    }

    /// What becomes of a frame.
    pub(crate) fn send(
        &mut self,
        rng: &mut Rng,
        faults: &Faults,
        tally: &mut Tally,
        now: u64,
        (from, to): (Seat, Seat),
        (kind, frame): (Kind, &[u8]),
    ) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        if !self.reaches(now, from, to) || self.deaf_to == Some(kind) {
            tally.cut += 1;
            return deliveries;
        }
        let copies = if faults.happens(rng, Fault::Repeat) { 2 } else { 1 };
        for copy in 0..copies {
            if copy > 0 {
                tally.count(Fault::Repeat);
            }
            if faults.happens(rng, Fault::Loss) {
                tally.count(Fault::Loss);
                continue;
            }
            let mut bytes = frame.to_vec();
            if faults.happens(rng, Fault::Garble) {
                tally.count(Fault::Garble);
                garble(rng, &mut bytes);
            }
            deliveries.push((to, delay(rng, faults, tally, kind), bytes));
        }
        if faults.happens(rng, Fault::Replay) {
            deliveries.push(self.replay(rng, tally, to, (kind, frame)));
        }
        deliveries
    }

    /// Keeps a frame, and gives back one that was kept long ago: of the same kind or of any other, for some are rare.
    fn replay(&mut self, rng: &mut Rng, tally: &mut Tally, to: Seat, (kind, frame): (Kind, &[u8])) -> Delivery {
        let (place, frame) = (rng.usize(..KEPT), (to, frame.to_vec()));
        let kept = &mut self.past[usize::from(kind)];
        match kept.get_mut(place) {
            Some(old) => *old = frame,
            None => kept.push(frame),
        }
        let kinds: Vec<_> = self.past.iter().filter(|kept| !kept.is_empty()).collect();
        let past = if rng.bool() { &self.past[usize::from(kind)] } else { kinds[rng.usize(..kinds.len())] };
        let (to, old) = &past[rng.usize(..past.len())];
        tally.count(Fault::Replay);
        (*to, rng.u64(50..5_000), old.clone())
    }
}

fn delay(rng: &mut Rng, faults: &Faults, tally: &mut Tally, kind: Kind) -> u64 {
    let late = if kind == PIECE { &[Fault::LatePiece, Fault::Delay][..] } else { &[Fault::Delay] };
    if let Some(fault) = late.iter().find(|fault| faults.happens(rng, **fault)) {
        tally.count(*fault);
        return rng.u64(1_000..3_000_000);
    }
    if !faults.has(Fault::Reorder) {
        return faults.latency_max();
    }
    rng.u64(50..=faults.latency_max())
}

fn garble(rng: &mut Rng, bytes: &mut Vec<u8>) {
    if rng.bool() {
        bytes.truncate(rng.usize(..bytes.len()));
    } else {
        let place = rng.usize(..bytes.len());
        bytes[place] ^= 1 << rng.u8(..8);
    }
}
