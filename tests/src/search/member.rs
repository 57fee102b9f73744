use quorate::{Boot, Config, Effect, Identity, Incarnation, Input, Instant, Members, Round, Seat, Seats};

use super::event::{Event, Offer};
use super::letter::{Kind, Letter};
use super::names::Names;
use super::{Flaw, LOG_BYTES, SEATS, Setting, law};
use crate::simulator::Violation;
use crate::simulator::records::{Batch, Records};

const HEARTBEAT: Instant = Instant::from_millis(50);
/// A step has far fewer effects.
const EFFECTS_MAX: usize = 1_000;
pub(crate) const ELECTION: Instant = Instant::from_millis(250);

pub(crate) type Node = quorate::Node<String, Memory, SEATS>;

/// A log's memory, as large as the setting says.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Memory {
    bytes: [u8; LOG_BYTES],
    length: usize,
}

impl AsRef<[u8]> for Memory {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl AsMut<[u8]> for Memory {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.length]
    }
}

/// A node with its disk: all of one machine that can change.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Member {
    pub(crate) node: Node,
    pub(crate) disk: Records,
    pub(crate) incarnation: Incarnation,
    /// What its first disk held when it was lost: others count on that.
    pub(crate) lost: Option<Records>,
    pub(crate) write: Option<Batch>,
    /// How often it was started: what the node takes for a random number, to name this boot.
    life: u64,
    /// Effects were left undrawn.
    left: bool,
}

/// What a member did that others can notice.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Deed {
    pub(crate) sent: Vec<Letter>,
    /// The records that were applied.
    pub(crate) applied: Vec<Vec<u8>>,
    pub(crate) reads: Vec<Reading>,
}

/// What a node says of its reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reading {
    Awaits(Round),
    /// Every read up to this round is answered from a state that has applied so much.
    Ready(Round, u64),
    Failed(Round),
    /// A crash: nobody will answer.
    Gone,
}

impl Member {
    pub(crate) fn new(seat: u8, setting: &Setting) -> Member {
        let (disk, identity) = (Records::default(), Seat(seat).into());
        let node = boot(identity, setting, 1, &disk);
        Member { node, disk, incarnation: identity.incarnation, lost: None, write: None, life: 1, left: false }
    }

    pub(crate) fn seat(&self) -> u8 {
        self.node.seat().0
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity { seat: self.node.seat(), incarnation: self.incarnation }
    }

    pub(crate) fn offer(&self) -> Offer {
        Offer {
            role: self.node.role(),
            knows_leader: self.node.leader().is_some(),
            writes: self.write.as_ref().map(|batch| batch.parts() as u8),
            left: self.left,
        }
    }

    /// Whether a letter makes no difference to this member any more.
    pub(crate) fn is_done_with(&self, letter: &Letter) -> bool {
        self.node.is_done_with(letter.sender(), &letter.message(), self.disk.hard_state.term)
    }

    pub(crate) fn renamed(&self, names: &Names) -> Member {
        let mut member = self.clone();
        member.node.rename(|seat| names.of_seat(seat));
        member.node.forget_time();
        let hard_states =
            [Some(&mut member.disk.hard_state), member.write.as_mut().and_then(|write| write.hard_state.as_mut())];
        for state in hard_states.into_iter().flatten() {
            state.vote = state.vote.map(|seat| names.of_seat(seat));
        }
        member
    }

    /// Lets an event happen, and draws what the node wants done, or leaves it. `sees` is shown each effect.
    pub(crate) fn take(
        &mut self,
        event: Event,
        letter: Option<&Letter>,
        leave: bool,
        setting: &Setting,
        sees: &mut dyn FnMut(&Effect<'_, String>),
    ) -> Result<Deed, Violation> {
        let mut deed = Deed::default();
        match event {
            Event::Crash { parts } => self.crash(parts, setting),
            Event::LoseDisk => self.lose_disk(setting),
            _ => {}
        }
        if matches!(event, Event::Crash { .. } | Event::LoseDisk) {
            deed.reads.push(Reading::Gone);
        }
        let before = law::Marks::of(self);
        let (at, input) = self.input(event, letter, setting);
        let from = self.identity();
        let Member { node, disk, write, .. } = self;
        let mut applied = node.applied();
        let is_asked = matches!(event, Event::Command { .. } | Event::Read | Event::Transfer { .. });
        // The answer to a client is offered once: a driver that leaves the rest has at least that.
        let drawn = if leave { usize::from(is_asked) } else { EFFECTS_MAX };
        for (effect, count) in node.step(at, input).take(drawn).zip(1..) {
            law::hold(count < EFFECTS_MAX, "a step comes to an end", || format!("node {}", from.seat.0))?;
            sees(&effect);
            match effect {
                Effect::Persist(persist) => *write = Some(Batch::of(&persist)),
                Effect::Send { to, message } => {
                    if setting.words {
                        law::check_words(from, to, &message, disk)?;
                    }
                    if !setting.lost.contains(&Kind::of(&message)) {
                        deed.sent.push(Letter::new(from, to, &message));
                    }
                }
                Effect::Apply(apply) => {
                    law::check_turn(from.seat, applied, apply.index())?;
                    applied = apply.index();
                    deed.applied.push(apply.entry().record().to_vec());
                }
                Effect::Await { round } => deed.reads.push(Reading::Awaits(round)),
                Effect::ReadReady { through } => deed.reads.push(Reading::Ready(through, applied.0)),
                Effect::ReadFailed { through } => deed.reads.push(Reading::Failed(through)),
                Effect::Accept { .. } | Effect::Reject(_) => {}
                Effect::TakeSnapshot { .. }
                | Effect::SendPiece { .. }
                | Effect::Store { .. }
                | Effect::Restore { .. } => {}
            }
        }
        self.left = leave;
        before.check(self, setting.words)?;
        self.node.forget_time();
        self.node.forget_other_roles();
        if setting.folds_stamps() {
            deed.sent = deed
                .sent
                .into_iter()
                .map(|letter| letter.folded(|to, stamp| self.node.folded_stamp(to, stamp)))
                .collect();
            self.node.fold_stamps();
        }
        Ok(deed)
    }

    fn input<'a>(
        &mut self,
        event: Event,
        letter: Option<&'a Letter>,
        setting: &Setting,
    ) -> (Instant, Input<'a, String>) {
        let arrives = |letter: Option<&'a Letter>| {
            let letter = letter.expect("a delivery has its letter");
            Input::Receive { from: letter.sender(), message: letter.message() }
        };
        let is_late = ELECTION;
        let is_due = ELECTION + ELECTION.saturating_since(Instant::START);
        match event {
            Event::Deliver { .. } => (Instant::START, arrives(letter)),
            Event::DeliverLate { .. } => (is_late, arrives(letter)),
            Event::Sync => (Instant::START, self.sync(setting)),
            Event::Campaign | Event::Resign => (is_due, Input::Tick),
            Event::Beat => (HEARTBEAT, Input::Tick),
            Event::EndTransfer => (ELECTION, Input::Tick),
            Event::Command { number } => {
                (Instant::START, Input::ClientCommand { session: None, command: Some(format!("c{number}")) })
            }
            Event::Read => (Instant::START, Input::Read),
            Event::Transfer { to } => (Instant::START, Input::Transfer { to: Some(Seat(to)) }),
            Event::Crash { .. } | Event::LoseDisk | Event::Draw => (Instant::START, Input::Tick),
        }
    }

    fn sync<'a>(&mut self, setting: &Setting) -> Input<'a, String> {
        let batch = self.write.take().expect("a sync has its write");
        if setting.flaw != Flaw::LyingDisk {
            self.disk.sync(batch);
        }
        Input::Persisted(self.node.reissue_ticket().expect("the node waits for its write"))
    }

    /// Starts again from the disk and so many parts of the write under way.
    fn crash(&mut self, parts: u8, setting: &Setting) {
        if let Some(batch) = self.write.take() {
            self.disk.sync(batch.cut(usize::from(parts)));
        }
        if setting.flaw == Flaw::WipedDisk {
            self.disk = Records::default();
        }
        self.start(setting);
    }

    /// Starts again under the next incarnation, from an empty disk.
    fn lose_disk(&mut self, setting: &Setting) {
        self.write = None;
        let mut disk = std::mem::take(&mut self.disk);
        disk.hard_state.vote = None;
        self.lost.get_or_insert(disk);
        self.incarnation.0 += 1;
        self.start(setting);
    }

    fn start(&mut self, setting: &Setting) {
        // Boots are told apart by questions alone.
        self.life += u64::from(setting.budget.reads > 0);
        self.left = false;
        self.node = boot(self.identity(), setting, self.life, &self.disk);
    }
}

fn boot(identity: Identity, setting: &Setting, life: u64, disk: &Records) -> Node {
    // A small window of bytes and small frames, so that a few entries need more than one.
    let config = Config {
        entry_bytes_max: 60,
        inflight_messages_max: if setting.folds_stamps() { u32::MAX } else { 8 },
        inflight_bytes_max: 120,
        ..Config::new(identity, Members::of(Seats::first(setting.nodes)), life)
    };
    let mut boot = Boot::new(config, Memory { bytes: [0; LOG_BYTES], length: setting.log_bytes })
        .expect("the search's configuration is sound");
    boot.hard_state(disk.hard_state);
    disk.entries().for_each(|entry| boot.entry(entry).expect("the disk's log is whole"));
    boot.mark(disk.last_mark());
    let mut node = boot.start(Instant::START);
    // It is answered by what a leader does of itself, and nobody counts it: a heartbeat that comes at any moment says
    // as much. But of a node that has lost its disk it may be the first that others hear.
    if identity.incarnation == Incarnation(0) {
        node.forget_greeting();
    }
    node.forget_time();
    node
}
