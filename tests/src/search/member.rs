use quorate::{Answer, Change, Effect, Identity, Incarnation, Index, Input, Instant, Position, Rejection, Seat};

use super::app::App;
use super::deed::{Deed, Done, Reading};
use super::disk::Disk;
use super::event::{Event, Offer};
use super::letter::{Kind, Letter};
use super::names::Names;
use super::node::{Node, boot};
use super::{Flaw, Setting, law};
use crate::simulator::Violation;
use crate::simulator::records::{Batch, Records};

/// The life of a store that joins in a seat that had none.
const FIRST: Incarnation = Incarnation(1);
/// When somebody is heard, so that he is known to be there.
const SOON: Instant = Instant::from_millis(1);
const HEARTBEAT: Instant = Instant::from_millis(50);
/// A step has far fewer effects.
const EFFECTS_MAX: usize = 1_000;
pub(crate) const ELECTION: Instant = Instant::from_millis(250);

/// A node with its disk: all of one machine that can change.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Member {
    pub(crate) node: Node,
    pub(crate) disk: Disk,
    pub(crate) app: App,
    pub(crate) incarnation: Incarnation,
    /// What its disks held when they were lost, and in which lives: others count on that.
    pub(crate) lost: Vec<(Incarnation, Records)>,
    pub(crate) write: Option<Batch>,
    /// How often it was started: what the node takes for a random number, to name this boot.
    life: u64,
    /// Effects were left undrawn.
    left: bool,
    /// It is none of the members any longer, and has stopped.
    pub(crate) stopped: bool,
}

impl Member {
    pub(crate) fn new(seat: u8, setting: &Setting) -> Member {
        let is_founder = setting.founders().all().contains(Seat(seat));
        let incarnation = if is_founder { Incarnation::FOUNDER } else { FIRST };
        let (disk, identity) = (Disk::default(), Identity { seat: Seat(seat), incarnation });
        let (node, app) = (boot(identity, setting, 1, &disk), App::new());
        Member { node, disk, app, incarnation, lost: Vec::new(), write: None, life: 1, left: false, stopped: false }
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
            may_take: !self.disk.is_lost && self.applied().is_some(),
            may_rot: self.disk.base().is_some(),
            members: self.node.members(),
            stopped: self.stopped,
        }
    }

    /// What was applied last, unless a snapshot covers it or a leader's is being installed.
    fn applied(&self) -> Option<Position> {
        let is_installing = self.write.as_ref().is_some_and(|write| write.snapshot.is_some());
        let index = self.node.applied();
        let covered = self.node.snapshots().next().map_or(Index(0), |snapshot| snapshot.position.index);
        let mut log = self.node.log().map(|entry| entry.position());
        log.find(|position| position.index == index && index > covered && !is_installing)
    }

    /// Whether a letter makes no difference to this member any more.
    pub(crate) fn is_done_with(&self, letter: &Letter) -> bool {
        self.node.is_done_with(letter.sender(), &letter.message(), self.disk.log.hard_state.term)
    }

    pub(crate) fn renamed(&self, names: &Names) -> Member {
        let mut member = self.clone();
        member.node.rename(|seat| names.of_seat(seat));
        member.node.forget_time();
        for log in [&mut member.disk.log].into_iter().chain(member.lost.iter_mut().map(|(_, log)| log)) {
            *log = names.of_records(log);
        }
        member.write = member.write.map(|write| names.of_batch(&write));
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
        match event {
            Event::Crash { parts } => self.crash(parts, setting)?,
            Event::LoseDisk => self.lose_disk(setting),
            Event::Rot => self.rot(setting),
            _ => {}
        }
        let before = law::Marks::of(self);
        if matches!(event, Event::Add { .. }) {
            let heard = letter.expect("a delivery has its letter");
            self.act(SOON, Input::Receive { from: heard.sender(), message: heard.message() }, 0, setting, sees)?;
        }
        let (at, input) = self.input(event, letter, setting)?;
        let drawn = if leave { 0 } else { EFFECTS_MAX };
        let mut deed = self.act(at, input, drawn, setting, sees)?;
        if matches!(event, Event::Crash { .. } | Event::LoseDisk | Event::Rot) {
            deed.reads.insert(0, Reading::Gone);
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

    /// Gives the node an input, and carries out so many effects.
    pub(crate) fn act(
        &mut self,
        at: Instant,
        input: Input<'_, String>,
        drawn: usize,
        setting: &Setting,
        sees: &mut dyn FnMut(&Effect<'_, String>),
    ) -> Result<Deed, Violation> {
        let mut deed = Deed::default();
        let from = self.identity();
        let named: Vec<_> = self.node.snapshots().collect();
        let Member { node, disk, app, write, .. } = self;
        let mut applied = node.applied();
        let effects = node.step(at, input);
        match effects.answer {
            Some(Answer::Await { round }) => deed.reads.push(Reading::Awaits(round)),
            Some(Answer::Reject(Rejection::Unchanged(_))) => deed.is_refused = true,
            _ => {}
        }
        for (effect, count) in effects.take(drawn).zip(1..) {
            law::hold(count < EFFECTS_MAX, "a step comes to an end", || format!("node {}", from.seat.0))?;
            sees(&effect);
            let mut send = |to, message: &quorate::Message<'_>| {
                if setting.words {
                    law::check_words(from, to, message, &disk.log)?;
                }
                if !setting.lost.contains(&Kind::of(message)) {
                    deed.sent.push(Letter::new(from, to, message));
                }
                Ok::<(), Violation>(())
            };
            match effect {
                Effect::Persist(persist) => *write = Some(Batch::of(&persist)),
                Effect::Send { to, message } => send(to, &message)?,
                // What cannot be read counts as lost.
                Effect::SendPiece { to, piece } => {
                    let (start, end) = (piece.offset as usize, piece.offset as usize + piece.length);
                    let bytes = disk.read(piece.snapshot).and_then(|bytes| bytes.get(start..end));
                    bytes.map_or(Ok(()), |bytes| send(to, &piece.message(bytes)))?;
                }
                Effect::Apply(apply) => {
                    law::check_turn(from.seat, applied, apply.index())?;
                    applied = apply.index();
                    let (record, verdict) = (apply.entry().record().to_vec(), app.apply(apply.entry()));
                    deed.applied.push(Done { record, verdict });
                }
                Effect::LeadershipEnded
                | Effect::TransferFailed { .. }
                | Effect::Members { .. }
                | Effect::ChangeFailed { .. } => {}
                Effect::Dismissed(_) => deed.is_dismissed = true,
                Effect::TakeSnapshot { .. } => deed.is_asked = true,
                Effect::Store { snapshot, offset, bytes } => {
                    let follows = disk.store(snapshot, offset, bytes, &named);
                    law::hold(follows, "a piece that is stored follows what was", || format!("{from:?}, {offset}"))?;
                }
                Effect::Restore { snapshot } => {
                    let restored = disk.read(snapshot).and_then(App::of_bytes);
                    let is_later = snapshot.position.index > applied;
                    law::hold(restored.is_some() && is_later, "what is restored is durable, and later", || {
                        format!("{from:?} restores {snapshot:?} at {applied:?}")
                    })?;
                    *app = restored.unwrap_or_else(App::new);
                    applied = snapshot.position.index;
                }
                Effect::ReadReady { through } => deed.reads.push(Reading::Ready(through, applied.0)),
                Effect::ReadFailed { through } => deed.reads.push(Reading::Failed(through)),
            }
        }
        self.stopped |= deed.is_dismissed;
        self.disk.keep(&self.node.snapshots().collect::<Vec<_>>());
        let is_kept = self.disk.log.base.index == Index(0) || self.disk.is_lost || self.disk.base().is_some();
        law::hold(is_kept, "what the disk stands on is among the snapshots to keep", || format!("{from:?}"))?;
        Ok(deed)
    }

    fn input<'a>(
        &mut self,
        event: Event,
        letter: Option<&'a Letter>,
        setting: &Setting,
    ) -> Result<(Instant, Input<'a, String>), Violation> {
        let arrives = |letter: Option<&'a Letter>| {
            let letter = letter.expect("a delivery has its letter");
            Input::Receive { from: letter.sender(), message: letter.message() }
        };
        let is_late = ELECTION;
        // Who does not count waits for longer.
        let is_due = ELECTION + ELECTION.saturating_since(Instant::START) * 3;
        Ok(match event {
            Event::Deliver { .. } => (Instant::START, arrives(letter)),
            Event::DeliverLate { .. } => (is_late, arrives(letter)),
            Event::Sync => (Instant::START, self.sync(setting)?),
            Event::Snapshot => (Instant::START, self.take_snapshot()),
            Event::Campaign | Event::Resign => (is_due, Input::Tick),
            Event::Beat => (HEARTBEAT, Input::Tick),
            Event::EndTransfer => (ELECTION, Input::Tick),
            Event::Command { number } => {
                (Instant::START, Input::ClientCommand { session: None, command: Some(format!("c{number}")) })
            }
            Event::Ask(ask) => {
                let (session, command) = (Some(ask.session()), ask.command());
                (Instant::START, Input::ClientCommand { session, command })
            }
            Event::Read => (Instant::START, Input::Read { by_lease: false }),
            Event::Transfer { to } => (Instant::START, Input::Transfer { to: Some(Seat(to)) }),
            Event::Add { .. } => {
                let seat = letter.expect("a delivery has its letter").sender().seat;
                (SOON, Input::Change(Change::Add { seat, address: &[] }))
            }
            Event::Promote { seat } => (Instant::START, Input::Change(Change::Promote { seat: Seat(seat) })),
            Event::Remove { seat } => (Instant::START, Input::Change(Change::Remove { seat: Seat(seat) })),
            Event::Crash { .. } | Event::LoseDisk | Event::Rot | Event::Draw => (Instant::START, Input::Tick),
        })
    }

    /// The write under way is durable.
    pub(crate) fn sync<'a>(&mut self, setting: &Setting) -> Result<Input<'a, String>, Violation> {
        let batch = self.write.take().expect("a sync has its write");
        if setting.flaw != Flaw::LyingDisk {
            let is_here = self.disk.sync(batch);
            law::hold(is_here, STORED, || format!("node {}", self.seat()))?;
        }
        Ok(Input::Persisted(self.node.reissue_ticket().expect("the node waits for its write")))
    }

    /// The app takes a snapshot of what it has applied, perhaps without being asked: who takes part is durable before.
    pub(crate) fn take_snapshot<'a>(&mut self) -> Input<'a, String> {
        let unsettled = self.node.unsettled().map(Batch::of_settled);
        unsettled.into_iter().for_each(|batch| self.disk.log.sync(batch));
        let position = self.applied().expect("there is something to take");
        Input::Snapshotted(self.disk.take(position, &self.app))
    }

    /// Whether the app could take a snapshot.
    pub(crate) fn may_take_snapshot(&self) -> bool {
        self.offer().may_take
    }

    /// Starts again from the disk and so many parts of the write under way.
    fn crash(&mut self, parts: u8, setting: &Setting) -> Result<(), Violation> {
        if let Some(batch) = self.write.take() {
            let is_here = self.disk.cut(batch, usize::from(parts));
            law::hold(is_here, STORED, || format!("node {}", self.seat()))?;
        }
        if setting.flaw == Flaw::WipedDisk {
            self.disk = Disk::default();
        }
        self.start(setting);
        Ok(())
    }

    /// Joins in another life, with an empty disk. Which number is drawn does not matter: a small one.
    fn lose_disk(&mut self, setting: &Setting) {
        self.write = None;
        self.lost.push((self.incarnation, std::mem::take(&mut self.disk).log));
        self.incarnation.0 += 1;
        self.start(setting);
    }

    /// Starts again without the snapshot that the log stands on.
    fn rot(&mut self, setting: &Setting) {
        self.write = None;
        self.disk.rot();
        self.start(setting);
    }

    fn start(&mut self, setting: &Setting) {
        // Boots are told apart by questions alone.
        self.life += u64::from(setting.budget.reads > 0);
        self.left = false;
        self.node = boot(self.identity(), setting, self.life, &self.disk);
        let base = self.disk.base().and_then(|base| App::of_bytes(self.disk.read(base)?));
        self.app = base.unwrap_or_else(App::new);
    }
}

const STORED: &str = "a snapshot that is installed was stored as a whole";
