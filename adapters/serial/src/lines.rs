use quorate::{Instant, Seat};
use quorate_wire::DecodeError;

use crate::wait::Wait;
use crate::{Address, Fault, Faults, Header, Pace, Routes, Transmitter};

/// All lines of a station: what waits to be sent over them, and which of them can be trusted.
pub(crate) struct Lines<const SEATS: usize, const LINES: usize, const FRAME: usize> {
    me: Seat,
    routes: Routes<SEATS>,
    lines: [Line<FRAME>; LINES],
    /// Which line the latest guests asked over.
    guests: [Option<(Address, usize)>; GUESTS_MAX],
    heartbeat: Wait,
    now: Instant,
    /// When a pause is due that waits until all bytes have gone.
    pause_at: Option<Instant>,
}

struct Line<const FRAME: usize> {
    outgoing: Transmitter<FRAME>,
    faults: Faults,
    /// When a sound header last came.
    heard: Instant,
    /// Whether the neighbour said that it hears this station.
    is_heard: bool,
    /// When a frame was last put in.
    spoke: Instant,
    /// When bytes last left, or began to wait.
    moved: Instant,
}

impl<const FRAME: usize> Line<FRAME> {
    const NEW: Self = Line {
        outgoing: Transmitter::new(),
        faults: Faults::NONE,
        heard: Instant::START,
        is_heard: true,
        spoke: Instant::START,
        moved: Instant::START,
    };
}

/// What becomes of a frame that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It is for this station.
    Here,
    /// It was passed on, or dropped.
    Gone,
}

impl<const SEATS: usize, const LINES: usize, const FRAME: usize> Lines<SEATS, LINES, FRAME> {
    /// Lines that wait until they [begin](Lines::begin).
    #[inline(always)]
    pub(crate) fn new(me: Seat, routes: Routes<SEATS>, pace: &Pace) -> Self {
        let now = Instant::START;
        let lines = [const { Line::NEW }; LINES];
        Lines { me, routes, lines, guests: [None; GUESTS_MAX], heartbeat: pace.heartbeat.into(), now, pause_at: None }
    }

    /// Every line is taken to be sound at first.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.now = now;
        for line in &mut self.lines {
            (line.heard, line.spoke, line.moved) = (now, now, now);
        }
    }

    /// How often the leader is heard.
    #[cfg(feature = "seal")]
    pub(crate) fn heartbeat(&self) -> Wait {
        self.heartbeat
    }

    pub(crate) fn tell_time(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    /// Sends a frame, or loses it.
    pub(crate) fn send(&mut self, to: Address, frame: &[u8]) {
        let way = match to.seat() {
            Some(seat) => self.routes.begin(seat, |line| self.is_up(line)),
            None => self.guest(to).map(|line| (line, Header::HOPS_MAX)),
        };
        match way {
            Some((line, hops)) => self.push(line, Header { hops, ..self.header(to) }, frame),
            None => self.fault(0, Fault::NoWay),
        }
    }

    /// Takes a frame whose header came over `line` unharmed. Whether one that is sealed is unharmed as well sees only whom it is
    /// for: where that is usual, it is passed on.
    pub(crate) fn arrive(&mut self, line: usize, header: Header, frame: &[u8], is_sealed: bool) -> Arrival {
        // One that has turned round goes past its sender.
        if header.from == self.me.into() && !header.turned {
            self.fault(line, Fault::Echo);
            return Arrival::Gone;
        }
        let now = self.now;
        if let Some(line) = self.lines.get_mut(line) {
            line.heard = now;
            line.is_heard = header.hears;
        }
        if frame.is_empty() {
            return Arrival::Gone;
        }
        if header.to == self.me.into() {
            self.remember(line, header.from);
            return Arrival::Here;
        }
        let passed = match quorate_wire::verify(frame) {
            Err(DecodeError::Sealed(_)) if is_sealed => self.onward(&header, line),
            Err(_) => Err(Fault::Checksum),
            Ok(_) => self.onward(&header, line),
        };
        match passed {
            Ok((way, header)) => {
                self.remember(line, header.from);
                self.push(way, header, frame);
            }
            Err(fault) => self.fault(line, fault),
        }
        Arrival::Gone
    }

    /// Whether a longest frame finds room on every line. One that takes no bytes any more is left out: what is sent
    /// over it is lost, so that it does not hold up the others.
    pub(crate) fn are_ready(&self) -> bool {
        self.lines.iter().all(|line| line.outgoing.has_room() || self.is_stuck(line))
    }

    /// When lines that have no room and take no bytes are left out; none if all the others have room.
    pub(crate) fn patience(&self) -> Option<Instant> {
        let waits = |line: &&Line<FRAME>| !line.outgoing.has_room() && !self.is_stuck(line);
        self.lines.iter().filter(waits).map(|line| self.heartbeat.eighths(9).after(line.moved)).max()
    }

    /// Whether this station may look away from its lines: all bytes have gone, or it has waited for that an eighth of a
    /// heartbeat long.
    pub(crate) fn may_pause(&mut self) -> bool {
        let is_due = self.pause().is_some_and(|due| due <= self.now);
        self.pause_at = if is_due { None } else { self.pause_at.or(Some(self.heartbeat.eighths(1).after(self.now))) };
        is_due
    }

    /// When it may, if it was asked before or all bytes have gone.
    pub(crate) fn pause(&self) -> Option<Instant> {
        let is_idle = self.lines.iter().all(|line| line.outgoing.pending().is_empty());
        if is_idle { Some(self.now) } else { self.pause_at }
    }

    pub(crate) fn pending(&self, line: usize) -> &[u8] {
        self.lines.get(line).map_or(&[], |line| line.outgoing.pending())
    }

    pub(crate) fn sent(&mut self, line: usize, bytes: usize) {
        let now = self.now;
        if let Some(line) = self.lines.get_mut(line).filter(|_| bytes > 0) {
            line.outgoing.sent(bytes);
            line.moved = now;
        }
    }

    /// Greets the neighbours of a ring to whom nothing was said for a while: silence means that a wire is cut.
    pub(crate) fn greet(&mut self) {
        for line in 0..LINES {
            if self.greeting_due(line).is_some_and(|due| due <= self.now) {
                self.push(line, self.header(self.me.into()), &[]);
            }
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        (0..LINES).filter_map(|line| self.greeting_due(line)).min()
    }

    pub(crate) fn faults(&self, line: usize) -> Faults {
        self.lines.get(line).map_or(Faults::default(), |line| line.faults)
    }

    pub(crate) fn fault(&mut self, line: usize, fault: Fault) {
        if let Some(line) = self.lines.get_mut(line) {
            line.faults.add(fault);
        }
    }

    /// Whether frames reach the neighbour on this line, and the neighbour's reach this station, as far as is known.
    pub(crate) fn is_up(&self, line: usize) -> bool {
        let is_up = |line: &Line<FRAME>| line.is_heard && self.hears(line);
        !self.routes.is_ring() || self.lines.get(line).is_some_and(is_up)
    }

    fn hears(&self, line: &Line<FRAME>) -> bool {
        !self.routes.is_ring() || Wait::between(line.heard, self.now) < self.heartbeat.eighths(28)
    }

    fn is_stuck(&self, line: &Line<FRAME>) -> bool {
        Wait::between(line.moved, self.now) > self.heartbeat
    }

    fn greeting_due(&self, line: usize) -> Option<Instant> {
        let is_greeted = self.routes.is_ring() && line < RING_LINES;
        self.lines.get(line).filter(|_| is_greeted).map(|line| self.heartbeat.eighths(12).after(line.spoke))
    }

    fn header(&self, to: Address) -> Header {
        Header { hops: 0, turned: false, hears: true, to, from: self.me.into() }
    }

    fn onward(&self, header: &Header, line: usize) -> Result<(usize, Header), Fault> {
        if header.to.seat().is_some() {
            return self.routes.pass_on(header, line, |line| self.is_up(line));
        }
        let hops = header.hops.checked_sub(1).ok_or(Fault::Hops)?;
        let way = self.guest(header.to).filter(|way| *way != line).ok_or(Fault::NoWay)?;
        Ok((way, Header { hops, ..*header }))
    }

    fn push(&mut self, line: usize, header: Header, frame: &[u8]) {
        let now = self.now;
        let Some(hears) = self.lines.get(line).map(|line| self.hears(line)) else { return };
        let Some(line) = self.lines.get_mut(line) else { return };
        if line.outgoing.pending().is_empty() {
            line.moved = now;
        }
        line.spoke = now;
        if let Err(fault) = line.outgoing.push(&Header { hears, ..header }, frame) {
            line.faults.add(fault);
        }
    }

    fn guest(&self, address: Address) -> Option<usize> {
        self.guests.iter().flatten().find(|(guest, _)| *guest == address).map(|(_, line)| *line)
    }

    /// A guest is answered over the line that it asked over. The one that asked longest ago is forgotten first.
    fn remember(&mut self, line: usize, from: Address) {
        if from.seat().is_none() {
            let place = self.guests.iter().position(|guest| guest.is_some_and(|(guest, _)| guest == from));
            let place = place.unwrap_or(GUESTS_MAX - 1);
            if let Some(before) = self.guests.get_mut(..=place) {
                before.rotate_right(1);
                before.iter_mut().take(1).for_each(|first| *first = Some((from, line)));
            }
        }
    }
}

/// How many guests are remembered.
const GUESTS_MAX: usize = 4;

/// A ring's own lines are the first two; others lead to guests.
const RING_LINES: usize = 2;
