mod start;

use embedded_storage::nor_flash::NorFlash;
use quorate::founding::Obstacle;
use quorate::{Change, Charter, Command, Index, Instant, Members, Node, Rejection, Seat, Seats, Unchanged};
use quorate_driver::Driver;
use quorate_wire::{Cluster, MEMBER_FRAME_MIN, Refused};

use crate::lines::Arrival;
use crate::machine::{Machine, Stage};
use crate::pace::line_bytes_max;
use crate::replica::snapshot_bytes_max;
use crate::{App, CallError, Fault, Faults, Mislisted, Pace, ProposeError, Receiver, Routes, Stop, Undone};

/// Who a station is, and how it lives. The stations of a cluster have the same cluster, members and pace.
#[derive(Clone, Debug)]
pub struct Settings<const SEATS: usize> {
    /// The cluster: frames of another one are dropped.
    pub cluster: Cluster,
    /// This station's seat.
    pub seat: Seat,
    /// Who is to take part when the cluster is founded: the same list on all stations. From then on members belong to
    /// the data, and a list that differs changes nothing ([`Station::mislisted`]).
    pub members: Members,
    /// Whether the cluster is there already: an empty flash founds nothing then, and joins it even where its seat is yet
    /// to be added.
    pub existing: bool,
    /// Whether `seed` is a new one even if the whole flash was erased since the last boot. Only then may an empty flash
    /// join a cluster that is there: the life that begins draws its number from the seed, and with the number of an
    /// earlier one it would be taken for that. Without, it waits.
    pub may_join: bool,
    /// Over which line each of them is reached.
    pub routes: Routes<SEATS>,
    /// How often to beat, and when to campaign: what a [`Plan`](crate::Plan) makes of a baud rate.
    pub pace: Pace,
    /// 64 bits that differ from station to station and from boot to boot: of a random number generator or, without one,
    /// a counter that outlives resets and the erasing of the flash, mixed with the seat and the chip's serial number. It
    /// spreads elections, names the cluster if this station founds it and the life in which it joins one, and names this
    /// boot, so that an answer to an earlier one is none to this: two boots with one seed can lose a command, two
    /// foundings with one name are taken for one, and so are two lives.
    pub seed: u64,
}

/// The memory of a station: arrays of its own, or what lives elsewhere.
#[derive(Clone, Debug)]
pub struct Memory<B> {
    /// For the log: see [`quorate::Node`]. It has the same length on all boards. Hosts that take part may have more:
    /// what the smallest has is written down when the cluster is founded.
    pub log: B,
    /// For a snapshot of the state and its sessions, which has to fit in here as a whole: at least
    /// [`Station::SNAPSHOT_BYTES_MAX`].
    pub snapshot: B,
}

/// A member of a cluster on serial lines: a node, the state that it replicates, its flash and its lines, in one value.
///
/// With a flash that holds no cluster's data it is none yet: it founds a cluster with all that its list names, or waits
/// for one, and says why it is no member ([`obstacle`](Station::obstacle)). Meanwhile it neither votes nor counts.
///
/// It does no input or output but to its flash. Whoever owns it hands it what comes over the lines
/// ([`feed`](Station::feed)), sends what waits ([`drain`](Station::drain), [`drained`](Station::drained)), and gives it
/// its [`turn`](Station::turn) after each of these and when the [`deadline`](Station::deadline) has come.
/// [`pump`](crate::pump) and [`run`](crate::run) do that for ports with the traits of `embedded-io`.
///
/// `SEATS` is the most members, `LINES` how many lines there are, `FRAME` the most bytes of a frame on a line,
/// `CLIENTS` how many clients have a session at a time. `CLIENTS` must be the same on all members, and at least their
/// number: each station is a client, over all its boots. Beyond that, a further client takes the place of another.
pub struct Station<A, F, B, const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize>
where
    A: App,
    F: NorFlash,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    receivers: [Receiver<FRAME>; LINES],
    stage: Stage<A, F, B, SEATS, LINES, FRAME, CLIENTS>,
    pub(crate) machine: Machine<A, F, B, SEATS, LINES, FRAME, CLIENTS>,
    listed: Seats,
    stopped: Option<Stop>,
}

impl<A, F, B, const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize>
    Station<A, F, B, SEATS, LINES, FRAME, CLIENTS>
where
    A: App,
    F: NorFlash,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    /// The most bytes of a snapshot: the longest state, and the sessions of `CLIENTS` clients with their answers.
    pub const SNAPSHOT_BYTES_MAX: usize = snapshot_bytes_max::<A, CLIENTS>();

    /// Takes in what came over a line. What is for another station is passed on, if it is unharmed.
    ///
    /// # Errors
    /// The station has stopped.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn feed(&mut self, now: Instant, line: usize, bytes: &[u8]) -> Result<(), Stop> {
        self.wake(now)?;
        let Some(receiver) = self.receivers.get_mut(line) else { return Ok(()) };
        let mut rest = bytes;
        while let Some(taken) = receiver.take(&mut rest) {
            match taken {
                Ok((header, frame)) => {
                    let post = &mut self.machine.post;
                    if post.lines.arrive(line, header, frame, post.sealing.is_some()) == Arrival::Here {
                        let result = self.machine.take(&mut self.stage, header.from, frame);
                        self.stopped = result.err();
                        result?;
                    }
                }
                Err(fault) => self.machine.post.lines.fault(line, fault),
            }
        }
        Ok(())
    }

    /// Does what is due, and what follows from all that was fed. Writes to the flash, which takes as long as it takes.
    ///
    /// # Errors
    /// The station has stopped.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn turn(&mut self, now: Instant) -> Result<(), Stop> {
        self.wake(now)?;
        let result = self.machine.turn(&mut self.stage);
        self.stopped = result.err();
        result
    }

    fn wake(&mut self, now: Instant) -> Result<(), Stop> {
        self.machine.now = self.machine.now.max(now);
        self.machine.post.lines.tell_time(now);
        self.stopped.map_or(Ok(()), Err)
    }

    /// The bytes that wait to be sent over a line; empty if none do.
    pub fn drain(&self, line: usize) -> &[u8] {
        if self.stopped.is_some() { &[] } else { self.machine.post.lines.pending(line) }
    }

    /// So many of these bytes are on their way.
    pub fn drained(&mut self, line: usize, bytes: usize) {
        self.machine.post.lines.sent(line, bytes);
    }

    /// When the next turn is due, if nothing is fed or drained before.
    pub fn deadline(&self) -> Option<Instant> {
        if self.stopped.is_some() { None } else { self.machine.deadline(&self.stage) }
    }

    /// Has a command done, once, by whoever leads. One at a time: its [`answer`](Station::answer) has to be taken
    /// before the next.
    ///
    /// # Errors
    /// Nothing was asked.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn propose(&mut self, command: &<A::Command as Command>::View<'_>) -> Result<(), ProposeError> {
        self.machine.post.caller.propose(command)
    }

    /// The answer to the command that was proposed, once: where in the log it was found, and what the app said.
    pub fn answer(&mut self) -> Option<Result<(Index, A::Answer), CallError>> {
        let answer = self.machine.post.caller.answer()?;
        Some(answer.and_then(|(index, bytes)| {
            A::Answer::try_from(bytes).map(|answer| (index, answer)).map_err(|_| CallError::Unreadable)
        }))
    }

    /// Whether a command can be proposed now.
    pub fn is_free(&self) -> bool {
        self.machine.post.caller.is_idle()
    }

    /// Changes who takes part, as an operator at this board wants it. Only the leader does that. Give the station a turn
    /// afterwards; what becomes of the change is seen in [`Node::roster`].
    ///
    /// # Errors
    /// Nothing was done.
    pub fn change(&mut self, change: Change<'_>) -> Result<(), Rejection> {
        let now = self.machine.now;
        match &mut self.stage {
            Stage::Candidate(..) | Stage::Opening => Err(Rejection::NotLeader { leader: None }),
            Stage::Member(driver) => driver.change(&mut self.machine, now, change),
        }
    }

    /// The state, as this station has it: it may be behind that of others. None before this station is a member.
    pub fn app(&self) -> Option<&A> {
        self.stage.driver().map(|driver| &driver.replica().app().0)
    }

    /// The node; none before this station is a member.
    pub fn node(&self) -> Option<&Node<A::Command, B, SEATS>> {
        self.stage.driver().map(Driver::node)
    }

    /// What this station is a member by: the cluster's identity is in it. None before it is a member.
    pub fn charter(&self) -> Option<Charter> {
        self.machine.post.charter
    }

    /// Why this station has no node yet; none once it has one. It is for the operator: look at it after a turn. A station
    /// that [must not join](Settings::may_join) says that a cluster is there, which its seat may belong to.
    pub fn obstacle(&self) -> Option<Obstacle> {
        match &self.stage {
            Stage::Candidate(candidate, _) => Some(candidate.obstacle()),
            Stage::Member(_) | Stage::Opening => None,
        }
    }

    /// How the list of members in the settings differs from the members that there are; none if it does not. It changes
    /// nothing, and is for the operator.
    pub fn mislisted(&self) -> Option<Mislisted> {
        let (listed, members) = (self.listed, self.node()?.members().all());
        let (strangers, unlisted) = (Seats(listed.0 & !members.0), Seats(members.0 & !listed.0));
        (listed != members).then_some(Mislisted { strangers, unlisted })
    }

    /// What was dropped of a line.
    pub fn faults(&self, line: usize) -> Faults {
        self.machine.post.lines.faults(line)
    }

    /// Counts a fault that the port found: a framing error, an overrun.
    pub fn fault(&mut self, line: usize, fault: Fault) {
        self.machine.post.lines.fault(line, fault);
    }

    /// Whether the neighbour on a line of a ring is there, and hears this station. Other lines are taken to be sound.
    pub fn is_up(&self, line: usize) -> bool {
        self.machine.post.lines.is_up(line)
    }

    /// The frames for this station that were dropped, and the messages that the node refused.
    pub fn refusals(&self) -> Refused {
        Refused::of(self.machine.dropped, self.node().map_or_else(Default::default, Node::refusals))
    }

    /// Why no snapshot could be taken when one was due last; `None` if one could. It is for the operator: look at it
    /// after a turn.
    pub fn undone(&self) -> Option<Undone> {
        self.machine.undone
    }

    /// Which learner did not become a voter, or which voter was not removed, when this station led, and why; `None` once the
    /// members are others. It is for the operator.
    pub fn failed_change(&self) -> Option<(Seat, Unchanged)> {
        self.machine.failed_change
    }

    /// Gives the flash back: to start again as after a reset.
    pub fn release(self) -> F {
        self.machine.flash.release()
    }
}

/// The fewest bytes of a frame on a line: whatever members say to each other without entries fits.
pub const FRAME_MIN: usize = line_bytes_max(MEMBER_FRAME_MIN);
