use core::ops;

use crate::election::OwedVote;
use crate::pieces::Pieces;
use crate::{Features, Incarnation, Index, Instant, Refusal, Seat, Seats};

/// What a node knows of another member, and owes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct Peer {
    pub(crate) flow: Flow,
    /// Whether it has all that this leader inherited, and has marked the term, durably.
    pub(crate) marked: bool,
    /// Whether `matched` has risen since `next` was last taken back, by an ack to what was sent before.
    pub(crate) overtaken: bool,
    /// How often what was sent was found lost since `matched` last rose.
    pub(crate) losses: u8,
    /// Why its latest message was refused, unless an answer to this leader was taken since.
    pub(crate) refused: Refused,
    pub(crate) owed: Owed,
    pub(crate) pieces: Pieces,
    /// Which life of the seat's store is meant by all that follows.
    pub(crate) incarnation: Incarnation,
    /// The follower's log equals ours, and is durable there, up to this index.
    pub(crate) matched: Index,
    /// The first entry to send next, at a leader.
    pub(crate) next: Index,
    /// How many `AppendEntries` were sent in this term: the stamp of the latest one.
    pub(crate) sent: u64,
    /// The latest stamp that came back.
    pub(crate) echoed: u64,
    /// `sent` when `next` was last taken back: a conflict of an earlier stamp is old news.
    pub(crate) reset_at: u64,
    /// `sent` when the read round under way began: a later stamp confirms it.
    pub(crate) round_from: u64,
    /// What its build knows, as it said to this leader.
    pub(crate) features: Features,
    /// When it last answered this leader; at a node that does not lead, when it was last heard.
    pub(crate) heard: Instant,
    pub(crate) asked: Asked,
}

/// A reason, or none, in a byte that is zero for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Refused(u8);

impl Refused {
    pub(crate) const NOTHING: Refused = Refused(0);

    pub(crate) fn reason(self) -> Option<Refusal> {
        Refusal::ALL.get(usize::from(self.0).wrapping_sub(1)).copied()
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Refused {
        Refused(refusal as u8 + 1)
    }
}

/// How entries flow to a follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Flow {
    /// Send on without waiting for acks, within the window.
    Pipeline,
    /// Look for where the logs meet: one empty message, then wait for its answer or the next heartbeat.
    Probe,
}

/// A follower's `ReadIndex` at the leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub(crate) boot: u64,
    pub(crate) round: u64,
    pub(crate) reply: Reply,
}

/// How far the answer to a `ReadIndex` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Reply {
    /// Nothing was asked.
    Nothing,
    /// This round, the leader's own, has to be confirmed for it.
    Awaits(u64),
    Is(Index),
}

impl Asked {
    pub(crate) const NONE: Asked = Asked { boot: 0, round: 0, reply: Reply::Nothing };
}

/// At most one message of each kind, each made when it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct Owed {
    /// An empty `AppendEntries`.
    pub(crate) heartbeat: bool,
    /// Word of what is committed, unless it goes with something else.
    pub(crate) commit: bool,
    /// An `Offer`, though the log would serve.
    pub(crate) offer: bool,
    /// A `RequestVote` of the election under way.
    pub(crate) ballot: bool,
    /// The answer to an `AppendEntries` of a term that is over.
    pub(crate) stale: bool,
    pub(crate) read_answer: bool,
    pub(crate) campaign: bool,
    /// The answer to a `RequestVote`, as it was decided.
    pub(crate) vote: OwedVote,
    /// Word of who takes part, to a life of the seat's store that does not.
    pub(crate) word: OwedWord,
}

/// Word of who takes part, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OwedWord {
    pub(crate) is_owed: bool,
    /// Whether another life of the seat's store is a member, and is there.
    pub(crate) is_held: bool,
    pub(crate) to: Incarnation,
}

impl OwedWord {
    pub(crate) const NONE: OwedWord = OwedWord { is_owed: false, is_held: false, to: Incarnation::FOUNDER };
}

impl Owed {
    /// Whether there is anything to say that goes before entries.
    pub(crate) fn is_anything(&self) -> bool {
        let Owed { heartbeat, commit: _, offer, ballot, stale, read_answer, campaign, ref vote, ref word } = *self;
        heartbeat | offer | ballot | stale | read_answer | campaign | vote.is_owed | word.is_owed
    }

    pub(crate) const NONE: Owed = Owed {
        heartbeat: false,
        commit: false,
        offer: false,
        ballot: false,
        vote: OwedVote::NONE,
        stale: false,
        read_answer: false,
        campaign: false,
        word: OwedWord::NONE,
    };
}

/// A member's peer: messages of others are refused before.
impl ops::Index<Seat> for [Peer] {
    type Output = Peer;

    fn index(&self, seat: Seat) -> &Peer {
        self.get(usize::from(seat.0)).unwrap_or_else(|| no_seat())
    }
}

impl ops::IndexMut<Seat> for [Peer] {
    #[cfg_attr(target_os = "none", inline(never))]
    fn index_mut(&mut self, seat: Seat) -> &mut Peer {
        self.get_mut(usize::from(seat.0)).unwrap_or_else(|| no_seat())
    }
}

/// The seats whose peers are so.
pub(crate) fn seats_of(peers: &[Peer], is_so: impl Fn(&Peer) -> bool) -> Seats {
    Seats(peers.iter().rev().fold(0, |seats, peer| seats << 1 | u32::from(is_so(peer))))
}

#[cold]
#[inline(never)]
fn no_seat() -> ! {
    panic!("a member has a seat in the node's memory")
}

impl Peer {
    /// Of whom nothing is known. All its bytes are zero: the smallest machines can make it at once.
    pub(crate) const NEW: Peer = Peer {
        incarnation: Incarnation::FOUNDER,
        matched: Index(0),
        next: Index(0),
        sent: 0,
        echoed: 0,
        reset_at: 0,
        round_from: 0,
        flow: Flow::Pipeline,
        marked: false,
        overtaken: false,
        losses: 0,
        features: Features::NONE,
        refused: Refused::NOTHING,
        heard: Instant::START,
        asked: Asked::NONE,
        pieces: Pieces::NONE,
        owed: Owed::NONE,
    };

    /// At the start of a reign: optimistic that the follower has all that we have.
    pub(crate) fn start(&mut self, next: Index, now: Instant) {
        let incarnation = self.incarnation;
        *self = Peer::NEW;
        self.incarnation = incarnation;
        self.next = next;
        self.heard = now;
    }

    /// This life of the seat's store is meant from now on: what was known of another one, and owed to it, is void.
    pub(crate) fn meet(&mut self, incarnation: Incarnation, next: Index, now: Instant) {
        // What was sent to another life may have come to this one: stamps go on.
        let sent = self.sent;
        self.incarnation = incarnation;
        self.start(next, now);
        (self.sent, self.echoed, self.round_from) = (sent, sent, sent);
        self.probe_from(next);
        self.owed.heartbeat = true;
    }

    /// Whether it was ever heard, or is to be given time to speak.
    pub(crate) fn is_met(&self) -> bool {
        self.heard > Instant::START
    }

    /// Whether it has said in this reign what it has.
    pub(crate) fn is_known(&self) -> bool {
        self.matched > Index(0) || self.marked
    }

    /// Nothing before `next` is on its way any longer: what was sent is taken as lost.
    pub(crate) fn probe_from(&mut self, next: Index) {
        self.next = next;
        self.flow = Flow::Probe;
        self.overtaken = false;
        self.reset_at = self.sent;
    }
}
