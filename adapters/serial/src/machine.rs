mod founding;
mod host;
mod snapshot;

use core::marker::PhantomData;

use embedded_storage::nor_flash::NorFlash;
use quorate::{Founding, Instant, Refusal, Seat, Unchanged};
use quorate_driver::{self as driver, Asked};
use quorate_flash::Flash;
use quorate_wire::client::{Reason, ReplyBody};
use quorate_wire::{Class, DecodeError, Dropped};

pub(crate) use self::snapshot::{replace, restore, room_for};
use crate::caller::{Known, Wish};
use crate::post::Post;
use crate::sealing::Sealing;
use crate::{Address, App, Stop, Undone};

/// What a station is, on such a machine.
pub(crate) type Stage<A, F, B, const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize> =
    crate::stage::Stage<Machine<A, F, B, SEATS, LINES, FRAME, CLIENTS>, B, SEATS, CLIENTS>;

/// What drives a member.
type Driver<A, F, B, const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize> =
    driver::Driver<Machine<A, F, B, SEATS, LINES, FRAME, CLIENTS>, B, SEATS, CLIENTS>;

/// What a station's driver stands on: its flash and its lines.
pub(crate) struct Machine<
    A: App,
    F,
    B,
    const SEATS: usize,
    const LINES: usize,
    const FRAME: usize,
    const CLIENTS: usize,
> {
    pub(crate) flash: Flash<F>,
    pub(crate) post: Post<SEATS, LINES, FRAME, CLIENTS>,
    /// Room for a snapshot and, between snapshots, for a piece of one or an answer.
    pub(crate) buffer: B,
    pub(crate) dropped: Dropped,
    pub(crate) now: Instant,
    /// Whether what a store that is no member has to say was left, because the lines are full.
    pub(crate) is_behind: bool,
    /// Whether the node has asked for a snapshot.
    pub(crate) wants_snapshot: bool,
    /// Why the last one could not be taken.
    pub(crate) undone: Option<Undone>,
    /// Which learner did not become a voter, or which voter was not removed, and why.
    pub(crate) failed_change: Option<(Seat, Unchanged)>,
    pub(crate) app: PhantomData<fn(A)>,
}

impl<A, F, B, const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize>
    Machine<A, F, B, SEATS, LINES, FRAME, CLIENTS>
where
    A: App,
    F: NorFlash,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    /// Takes in a frame for this station.
    pub(crate) fn take(
        &mut self,
        stage: &mut Stage<A, F, B, SEATS, LINES, FRAME, CLIENTS>,
        from: Address,
        frame: &mut [u8],
    ) -> Result<(), Stop> {
        let taken = match (self.post.sort(self.now, from, frame), stage, self.post.founding()) {
            (Ok(Some(Class::Member)), Stage::Member(driver), Some(founding)) => {
                self.take_message(driver, founding, frame)?
            }
            (Ok(Some(Class::Member)), ..) => Err(DecodeError::Founding),
            (Ok(Some(Class::Request)), stage, _) => self.take_request(stage, from, frame),
            (Ok(Some(Class::Founding)), stage, _) => self.take_founding(stage, frame)?,
            (Ok(Some(Class::Reply)), _, founding) => self.take_reply(founding, frame),
            (Ok(None), ..) => Ok(()),
            (Err(error), ..) => Err(error),
        };
        if let Err(error) = taken {
            self.dropped.count(error);
            self.post.refuse(self.now, from, frame, error);
        }
        Ok(())
    }

    #[cfg_attr(target_os = "none", inline(never))]
    fn take_message(
        &mut self,
        driver: &mut Driver<A, F, B, SEATS, LINES, FRAME, CLIENTS>,
        founding: Founding,
        frame: &mut [u8],
    ) -> Result<Result<(), DecodeError>, Stop> {
        let (from, message) = match self.post.open(self.now, founding, frame) {
            Err(error) => return Ok(Err(error)),
            Ok(taken) => taken,
        };
        let before = driver.node().refusals().count(Refusal::Incarnation);
        driver.receive(self, self.now, from, message)?;
        if driver.node().refusals().count(Refusal::Incarnation) == before {
            self.post.accept(self.now, from);
        }
        Ok(Ok(()))
    }

    /// Takes what somebody asks over a line.
    #[cfg_attr(target_os = "none", inline(never))]
    fn take_request(
        &mut self,
        stage: &mut Stage<A, F, B, SEATS, LINES, FRAME, CLIENTS>,
        from: Address,
        frame: &mut [u8],
    ) -> Result<(), DecodeError> {
        let (asker, body, forbidden) = self.post.open_request(self.now, from, frame)?;
        let answer = match (forbidden, stage) {
            (Some(reason), _) => ReplyBody::Refused(reason),
            (None, Stage::Candidate(..) | Stage::Opening) => ReplyBody::NotLeader { leader: None, address: "" },
            (None, Stage::Member(driver)) => match driver.request(self, self.now, asker, body) {
                None => return Ok(()),
                Some(Asked::Snapshot | Asked::Piece { .. }) => ReplyBody::Refused(Reason::NoSnapshot),
            },
        };
        self.post.reply(self.now, asker, answer);
        Ok(())
    }

    /// What a node of another founding has done is nothing that was asked for.
    #[cfg_attr(target_os = "none", inline(never))]
    fn take_reply(&mut self, founding: Option<Founding>, frame: &mut [u8]) -> Result<(), DecodeError> {
        let reply = self.post.open_reply(frame)?;
        if reply.founding != founding {
            return Err(DecodeError::Founding);
        }
        self.post.caller.take(self.now, reply.from, reply.number, reply.body);
        Ok(())
    }

    /// What is due at this time, and all that follows from what was taken in.
    pub(crate) fn turn(&mut self, stage: &mut Stage<A, F, B, SEATS, LINES, FRAME, CLIENTS>) -> Result<(), Stop> {
        self.found(stage)?;
        if let Stage::Member(driver) = stage {
            self.run(driver)?;
            self.post.follow(driver.node().key());
            self.post.greet(self.now, driver.node().members().all());
        }
        self.post.lines.greet();
        Ok(())
    }

    #[cfg_attr(target_os = "none", inline(never))]
    fn run(&mut self, driver: &mut Driver<A, F, B, SEATS, LINES, FRAME, CLIENTS>) -> Result<(), Stop> {
        self.ask_for_app(driver);
        driver.act(self, self.now)?;
        if self.flash.is_crowded() || (self.wants_snapshot && self.post.lines.may_pause()) {
            self.make_room(driver)?;
        }
        Ok(())
    }

    /// Asks what the app wants done, of whoever leads.
    #[cfg_attr(target_os = "none", inline(never))]
    fn ask_for_app(&mut self, driver: &mut Driver<A, F, B, SEATS, LINES, FRAME, CLIENTS>) {
        let replica = driver.replica();
        let epoch = replica.ledger().epoch(self.post.caller.client());
        let known = Known { applied: replica.applied().index, epoch };
        let Some((asker, wish)) = self.post.call(self.now, driver.node().leader(), known) else { return };
        let Wish { session, command } = wish;
        if let Some(body) = driver.propose(&mut (), self.now, asker, session, command) {
            self.post.reply(self.now, asker, body);
        }
    }

    /// When there is something to do, if nothing comes before.
    pub(crate) fn deadline(&self, stage: &Stage<A, F, B, SEATS, LINES, FRAME, CLIENTS>) -> Option<Instant> {
        let lines = &self.post.lines;
        let (due, is_behind, is_held) = match stage {
            Stage::Opening => (None, false, false),
            Stage::Candidate(..) if self.is_behind => (lines.patience(), true, false),
            Stage::Candidate(candidate, _) => (candidate.prospect.deadline(), false, false),
            Stage::Member(driver) => (driver.node().deadline(), driver.is_behind(), driver.is_held()),
        };
        let behind = (is_behind && lines.are_ready()).then_some(self.now);
        let pause = (is_held || self.wants_snapshot).then(|| lines.pause()).flatten();
        let leader = stage.driver().and_then(|driver| driver.node().leader());
        let sealing = self.post.sealing.as_ref().filter(|_| lines.are_ready()).and_then(Sealing::due);
        [due, self.post.call_due(leader), behind, pause, sealing, lines.deadline()].into_iter().flatten().min()
    }
}
