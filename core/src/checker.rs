use crate::config::Settings;
use crate::disk::{Disk, Write};
use crate::election::Election;
use crate::entry::{HEADER, seal_record};
use crate::fetch::Fetch;
use crate::follow::Follow;
use crate::lead::{Endings, Lead};
use crate::lease::Lease;
use crate::node::bounded_mut;
use crate::peer::{Flow, Owed, Peer, Refused};
use crate::plan::Plan;
use crate::read::Reads;
use crate::sends::Sends;
use crate::snapshots::Snapshots;
use crate::state::State;
use crate::transfer::Transfer;
use crate::{
    Ballot, ConfigError, Entry, HardState, Identity, Incarnation, Index, Instant, Kind, Members, Message, Node,
    Outcome, Refusals, Role, Roster, Seat, Seats, Term,
};

/// What a model checker needs beside `Clone + Eq + Hash`, so that states that behave alike are equal.
impl<C, B, const SEATS: usize> Node<C, B, SEATS> {
    /// Draws anew when to campaign, and all that is random from now on, from this seed.
    pub fn reseed(&mut self, seed: u64) {
        self.state.timers.reseed(seed);
        self.state.timers.rest();
    }

    /// Lets time start anew, with every timer as if it had just been wound, and forgets numbers that only tell past
    /// from present.
    ///
    /// What is left of time is whether a leader is heard. The next heartbeat is due after a heartbeat interval, the end
    /// of a transfer after an election time-out, an election and a leader's count of its followers after two. A checker
    /// that lets each of them come at any moment sees all that a clock and a random seed could do, and more: a leader
    /// whose count comes then has heard nobody.
    pub fn forget_time(&mut self) {
        self.state.forget_time();
        for peer in &mut self.peers {
            peer.forget_time();
        }
    }

    /// Forgets what no rule looks at in the node's present role: it is set anew before one does.
    pub fn forget_other_roles(&mut self) {
        self.set_other_roles(Seats::NONE, Ballot::Pre, Peer::NEW);
    }

    /// Puts junk where [`forget_other_roles`](Node::forget_other_roles) forgets, to show that no rule looks there.
    pub fn scramble_other_roles(&mut self) {
        let flow = Flow::Probe;
        let (matched, next, sent, echoed, reset_at, round_from) = (Index(2), Index(1), 3, 5, 4, 1);
        let owed = Owed { heartbeat: true, ballot: true, stale: true, ..Owed::NONE };
        let junk = Peer { matched, next, sent, echoed, reset_at, round_from, flow, owed, ..Peer::NEW };
        self.set_other_roles(Seats::first(SEATS), Ballot::Transfer, junk);
    }

    fn set_other_roles(&mut self, seats: Seats, ballot: Ballot, other: Peer) {
        let state = &mut self.state;
        if !matches!(state.role, Role::PreCandidate | Role::Candidate) {
            let Election { ballot: kind, votes, answered } = &mut state.election;
            (*votes, *answered, *kind) = (seats, seats, ballot);
        }
        // Whoever is none of the members may stand, and is owed an answer.
        for (seat, peer) in self.peers.iter_mut().enumerate() {
            if Seat(seat as u8) == state.seat() {
                *peer = Peer { incarnation: peer.incarnation, ..other.clone() };
            } else if !state.is_leader() {
                peer.forget_reign(other.clone());
            }
        }
    }

    /// Gives one stamp to all that was sent since `next` was last taken back, and takes it for echoed: without reads,
    /// while members and their lives stay, and before the window closes, a stamp is only held against the last time that
    /// this happened, and, where all that was sent is acknowledged, against that. A refusal is always late then, for no
    /// follower loses what it acknowledged. What was sent must then be [folded](Node::folded_stamp) as well.
    pub fn fold_stamps(&mut self) {
        for peer in &mut self.peers {
            peer.sent = peer.sent.min(peer.reset_at + 1);
            peer.echoed = peer.sent;
        }
    }

    /// The stamp of an `AppendEntries` that was just sent, as it is after [`fold_stamps`](Node::fold_stamps).
    pub fn folded_stamp(&self, to: Seat, stamp: u64) -> u64 {
        stamp.min(self.peers[to].reset_at + 1)
    }

    /// Undoes [`fold_stamps`](Node::fold_stamps) in some other way, to show that no rule looks there.
    pub fn spread_stamps(&mut self) {
        for peer in self.peers.iter_mut().filter(|peer| peer.sent > peer.reset_at) {
            peer.sent += 3;
            peer.echoed = peer.reset_at + 2;
        }
    }

    /// Which life of a member's store this node takes to be there.
    ///
    /// # Panics
    /// The node has no such seat.
    pub fn heard_incarnation(&self, seat: Seat) -> Incarnation {
        self.peers[seat].incarnation
    }

    /// Whether nothing comes of a message, now or ever: in this life, or after a crash that leaves the disk in the term
    /// `durable` or a later one. The disk must not get lost. What a later life says is never done with: it tells at
    /// least that there is one, to a node that has forgotten it by a crash.
    pub fn is_done_with(&self, from: Identity, message: &Message<'_>, durable: Term) -> bool {
        if from.incarnation != Incarnation::FOUNDER {
            return false;
        }
        let (state, term, peer) = (&self.state, message.term(), &self.peers[from.seat]);
        // In a term that is durable a node becomes nothing but what its role leads to, and that only before a crash.
        let role = state.role;
        let is_in = |roles: &[Role]| durable < term || (state.hard.term == term && roles.contains(&role));
        match *message {
            Message::RequestVote { .. }
            | Message::AppendEntries { .. }
            | Message::Offer { .. }
            | Message::Configured { .. }
            | Message::Piece { .. } => false,
            Message::Vote { ballot: Ballot::Pre, granted: true, .. } => durable >= term,
            Message::Vote { ballot: Ballot::Pre, .. }
            | Message::ReadIndex { .. }
            | Message::ReadAnswer { .. }
            | Message::CampaignNow { .. } => durable > term,
            Message::Vote { granted, .. } => {
                let is_counted = state.election.answered.contains(from.seat)
                    && (!granted || state.election.votes.contains(from.seat));
                !is_in(&[Role::Candidate]) || (durable >= term && is_counted)
            }
            Message::Ack { outcome: Outcome::Stale, .. } => durable >= term,
            Message::Ack { stamp, outcome, .. } => {
                let is_heard = role == Role::Leader && peer.has_heard(stamp, outcome, state.follow.inherited);
                !is_in(&[Role::Candidate, Role::Leader]) || (durable >= term && is_heard)
            }
        }
    }

    /// The node as it would be if the members had other seats: a checker folds states that differ in names alone.
    ///
    /// # Panics
    /// `names` leads out of the node's seats.
    pub fn rename(&mut self, names: impl Fn(Seat) -> Seat)
    where
        B: AsRef<[u8]> + AsMut<[u8]>,
    {
        self.rename_log(&names);
        self.state.rename(&names);
        let before = self.peers.clone();
        for (seat, peer) in before.into_iter().enumerate() {
            self.peers[names(Seat(seat as u8))] = peer;
        }
        let before = self.settled;
        let roster = self.state.configuration.settled(before.as_flattened()).roster;
        let mut room = [[0; Roster::SEAT_BYTES]; SEATS];
        if let Ok(renamed) = roster.renamed(&names, room.as_flattened_mut()) {
            self.settled.as_flattened_mut()[..renamed.bytes().len()].copy_from_slice(renamed.bytes());
        }
    }

    /// Writes anew what the log says of who takes part: it is as long as before.
    fn rename_log(&mut self, names: &impl Fn(Seat) -> Seat)
    where
        B: AsRef<[u8]> + AsMut<[u8]>,
    {
        let (mut at, end) = (0, self.log().bytes().len());
        let memory = bounded_mut(self.memory.as_mut());
        while at < end {
            let entry = Entry::trusted(&memory[at..end]);
            let (position, length) = (entry.position(), entry.record().len());
            let mut room = [[0; Roster::SEAT_BYTES]; SEATS];
            let renamed = entry.roster().map(|roster| roster.renamed(names, room.as_flattened_mut()));
            if let Some(Ok(renamed)) = renamed {
                let record = &mut memory[at..at + length];
                record[HEADER..][..renamed.bytes().len()].copy_from_slice(renamed.bytes());
                seal_record(record, position, Kind::Members);
            }
            at += length;
        }
    }
}

impl Roster<'_> {
    /// The same with other seats, written to `room`.
    ///
    /// # Errors
    /// It does not fit.
    pub fn renamed<'r>(&self, names: &impl Fn(Seat) -> Seat, room: &'r mut [u8]) -> Result<Roster<'r>, ConfigError> {
        let of = |seats: Seats| seats.iter().map(names).collect::<Seats>();
        let Members { voters, outgoing, replaced, learners, witnesses } = self.members();
        let [voters, outgoing, replaced, learners, witnesses] =
            [voters, outgoing, replaced, learners, witnesses].map(of);
        let members = Members { voters, outgoing, replaced, learners, witnesses };
        let occupant = |seat| {
            self.occupants()
                .find(|(found, _)| names(*found) == seat)
                .map_or_else(Default::default, |(_, occupant)| occupant)
        };
        Roster::write(room, members, self.least(), self.key(), occupant)
    }
}

// What follows names every field of what it changes: a new one has to be thought of here.

impl State {
    #[rustfmt::skip]
    fn forget_time(&mut self) {
        // Where no leader is known, as much time may have passed as it takes.
        let hears = self.is_fenced() && self.follow.leader.is_some();
        let speaks = !self.may_stand() && self.timers.timeout_due <= self.timers.now;
        let State {
            role: _, endings: _, sends, election: _, follow, lead, configuration: _, settings, timers, hard: _,
            reads, disk, commit: _, applied: _, mark: _, snapshots, fetch, refusals,
        } = self;
        let Reads { boot: _, latest: _, waiting: _, is_strict: _, under_way: _, confirmed: _, failed: _, asks: _ } = reads;
        let (None | Some(Fetch {
            here: _, early: _, unasked: _, is_offered: _, is_stuck: _, has_asked_again: _, asks: _, again: _,
        })) = fetch;
        let Settings {
            identity: _, entry_bytes_max: _, inflight_messages_max: _, inflight_bytes_max: _,
            snapshot_bytes_per_heartbeat, snapshot_bytes_max: _, pieces_in_order: _, leases: _,
            commits_at_once: _, features: _,
        } = settings;
        let Sends { turn, piece_turn, commits: _, attention: _ } = sends;
        let Follow {
            leader: _, full: _, fenced_until, inherited: _, verified: _, acked: _, stamp: _, answer: _,
        } = follow;
        let Lead { fetchers: _, piece_allowance, transfer, plan, lease } = lead;
        let Disk { write, durable: _, written: _, mark: _, settled: _, hard: _, name } = disk;
        let Snapshots { image: _, urgent: _, crowded_at: _, again, covered: _, latest: _, before: _ } = snapshots;
        timers.start_anew();
        if speaks {
            timers.timeout_due = timers.now;
        }
        *fenced_until = if hears { timers.after_timeout() } else { Instant::START };
        if let Some(Transfer { to: _, until, told: _ }) = transfer {
            *until = timers.after_timeout();
        }
        *name = u64::from(write.is_some());
        if let Some(Plan { seat: _, answered: _, target: _, rounds: _, since }) = plan {
            *since = Instant::START;
        }
        if let Some(Write { hard: _, through: _, mark: _, settled: _, since }) = write {
            *since = Instant::START;
        }
        *lease = Lease::NONE;
        (*turn, *piece_turn) = (Seat(0), Seat(0));
        *again = Instant::START;
        *piece_allowance = *snapshot_bytes_per_heartbeat;
        *refusals = Refusals::default();
    }

    #[rustfmt::skip]
    fn rename(&mut self, names: &impl Fn(Seat) -> Seat) {
        let vote = |hard: &mut HardState| {
            hard.vote = hard.vote.map(|Identity { seat, incarnation }| Identity { seat: names(seat), incarnation });
        };
        let State {
            role: _, endings, sends, election, follow, lead, configuration, settings, timers: _, hard, reads: _, disk,
            commit: _, applied: _, mark: _, snapshots: _, fetch: _, refusals: _,
        } = self;
        let Settings {
            identity: Identity { seat, incarnation: _ }, entry_bytes_max: _, inflight_messages_max: _,
            inflight_bytes_max: _, snapshot_bytes_per_heartbeat: _, snapshot_bytes_max: _, pieces_in_order: _, leases: _,
            commits_at_once: _, features: _,
        } = settings;
        let Endings { reign: _, transfer: failed, plan: ended, dismissal: _ } = endings;
        // The turn of pieces may be behind the last seat: it belongs to what time forgets.
        let Sends { turn, piece_turn: _, commits: _, attention } = sends;
        let Election { ballot: _, votes, answered } = election;
        let Follow {
            leader, full: _, fenced_until: _, inherited: _, verified: _, acked: _, stamp: _, answer: _,
        } = follow;
        let Lead { fetchers, piece_allowance: _, transfer, plan, lease: _ } = lead;
        let (members, [others, reborn]) = configuration.seats_mut();
        let Members { voters, outgoing, replaced, learners, witnesses } = members;
        let Disk { write, durable: _, written: _, mark: _, settled: _, hard: durable, name: _ } = disk;
        for seats in [attention, votes, answered, fetchers, others, reborn] {
            *seats = seats.iter().map(names).collect();
        }
        for seats in [voters, outgoing, replaced, learners, witnesses] {
            *seats = seats.iter().map(names).collect();
        }
        vote(hard);
        vote(durable);
        if let Some(Write { hard, through: _, mark: _, settled: _, since: _ }) = write {
            vote(hard);
        }
        if let Some(Transfer { to, until: _, told: _ }) = transfer {
            *to = names(*to);
        }
        if let Some(Plan { seat, answered, target: _, rounds: _, since: _ }) = plan {
            *seat = names(*seat);
            *answered = answered.iter().map(names).collect();
        }
        *ended = ended.map(|(seat, reason)| (names(seat), reason));
        *seat = names(*seat);
        *turn = names(*turn);
        *failed = failed.map(names);
        *leader = leader.map(names);
    }
}

impl Peer {
    #[rustfmt::skip]
    fn forget_time(&mut self) {
        let Peer {
            incarnation: _, matched: _, next: _, sent: _, echoed: _, reset_at: _, round_from: _, flow: _, marked: _,
            overtaken: _, losses: _, features: _, refused, heard, asked: _, pieces: _, owed: _,
        } = self;
        (*heard, *refused) = (Instant::START, Refused::NOTHING);
    }

    /// What only a leader looks at is as in the other.
    #[rustfmt::skip]
    fn forget_reign(&mut self, other: Peer) {
        let Peer {
            incarnation, matched: _, next: _, sent: _, echoed: _, reset_at: _, round_from: _, flow: _, marked: _,
            overtaken: _, losses: _, features: _, refused: _, heard, asked, pieces: _, owed,
        } = *self;
        *self = Peer { incarnation, heard, asked, owed, ..other };
    }

    /// Whether an ack says nothing that the leader does not know, for the rest of its reign: all that is looked at only
    /// rises, and when `next` is taken back, `reset_at` rises over every stamp that was echoed.
    fn has_heard(&self, stamp: u64, outcome: Outcome, inherited: Index) -> bool {
        let is_old_news = stamp <= self.reset_at;
        stamp <= self.echoed
            && match outcome {
                Outcome::Matched(index) => {
                    let is_marked = self.marked || index < inherited;
                    index <= self.matched && is_marked && (is_old_news || self.flow == Flow::Pipeline)
                }
                Outcome::Conflict(_) => is_old_news,
                Outcome::Full(_) | Outcome::Stale | Outcome::TooSmall | Outcome::Wants { .. } => false,
            }
    }
}
