use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use fastrand::Rng;
use quorate::{Dismissal, Identity, Incarnation, Instant, Members, Roster, Seat, Seats};
use quorate_serial::{CallError, Memory, Routes, Settings, Stop, Wiring};

use super::keys::Keys;
use super::{CLUSTER, Chip, LINES, Press, Presses, Record, SEATS, Setting, Simulated};

/// A board: what outlives its resets, and its station while it has power.
pub(super) struct Board {
    pub(super) seat: u8,
    /// Whether it was ever given an erased flash.
    pub(super) has_lost: bool,
    /// Which life its flash holds, and who takes part by it, as the station said last.
    pub(super) life: Option<(Identity, Vec<u8>)>,
    /// Why the cluster told it to stop.
    pub(super) dismissed: Option<Dismissal>,
    /// Whom its list of members names.
    pub(super) listed: Seats,
    /// Whether the cluster is there already.
    pub(super) existing: bool,
    pub(super) station: Option<Simulated>,
    pub(super) chip: Chip,
    pub(super) keys: Keys,
    /// What has come over each line and was not looked at yet: as much as a port keeps.
    pub(super) inbox: [VecDeque<u8>; LINES],
    /// The flash works until then.
    pub(super) busy_until: u64,
    /// The most pages that were erased while it looked at what had come and did what was due.
    pub(super) erased_at_once: u64,
    /// When it starts again.
    pub(super) restart_at: Option<u64>,
    pub(super) press_at: u64,
    pub(super) asked: Option<Press>,
    pub(super) presses: u32,
    pub(super) boots: u64,
    /// How many lives it has begun since its cluster was founded.
    pub(super) lives: u64,
    /// Presses that were answered, and how many there were with each.
    pub(super) acknowledged: Vec<(Press, u32)>,
}

/// A port keeps so many bytes; more are lost.
const INBOX: usize = 512;

impl Board {
    pub(super) fn new(seat: u8, setting: &Setting) -> Board {
        Board {
            seat,
            has_lost: false,
            life: None,
            dismissed: None,
            listed: Seats::first(setting.boards.into()),
            existing: false,
            station: None,
            chip: Chip::new(setting.log_bytes),
            keys: Keys::new(),
            inbox: Default::default(),
            busy_until: 0,
            erased_at_once: 0,
            restart_at: Some(0),
            press_at: 0,
            asked: None,
            presses: 0,
            boots: 0,
            lives: 0,
            acknowledged: Vec::new(),
        }
    }

    /// Starts from what the flash holds, unless the power goes meanwhile.
    pub(super) fn boot(&mut self, setting: &Setting, record: &Rc<RefCell<Record>>, now: u64) {
        self.restart_at = None;
        self.boots += 1;
        if self.chip.is_dead() {
            self.chip.restore_power();
        }
        self.inbox.iter_mut().for_each(VecDeque::clear);
        let seat = Seat(self.seat);
        let seed = (setting.seed << 16) ^ u64::from(self.seat) << 8 ^ self.boots;
        let settings = Settings {
            cluster: CLUSTER,
            seat,
            members: Members::of(self.listed),
            existing: self.existing,
            may_join: true,
            routes: routes(setting, seat),
            pace: setting.pace(),
            seed,
        };
        let memory = Memory { log: vec![0; setting.log_bytes].into(), snapshot: vec![0; 1024].into() };
        let layout = Chip::layout(setting.log_bytes);
        let app = Presses::new(Rc::clone(record));
        let station = Simulated::start(settings, app, self.chip.clone(), layout, memory, instant(now));
        self.station = match station {
            Err(_) if self.chip.is_dead() => None,
            station => Some(station.unwrap_or_else(|error| panic!("board {} cannot start: {error}", self.seat))),
        };
        if let Some((station, profile)) = self.station.as_mut().zip(setting.seals) {
            station.seal(self.keys.ring(), profile, seed);
        }
        self.asked = None;
    }

    /// Loses power: what it knew is gone.
    pub(super) fn fail(&mut self, restart_at: u64) {
        self.station = None;
        self.restart_at = Some(restart_at);
    }

    /// Its station has stopped, and does nothing more, whether anybody listens to it and the flash works again or not.
    pub(super) fn expect_end(&mut self, result: Result<(), Stop>, now: u64) {
        let Some(station) = &mut self.station else { return };
        self.chip.restore_power();
        assert_eq!(station.turn(instant(now)), result, "a station that has stopped goes on");
        let is_silent = (0..LINES).all(|line| station.drain(line).is_empty());
        assert!(is_silent && station.deadline().is_none(), "a station that has stopped has something to say");
    }

    /// Gets an erased flash.
    pub(super) fn lose_flash(&mut self, setting: &Setting, restart_at: u64) {
        self.has_lost = true;
        self.life = None;
        self.dismissed = None;
        self.chip = Chip::new(setting.log_bytes);
        self.fail(restart_at);
    }

    /// Notes which life it is, and by what it lives.
    pub(super) fn look(&mut self) {
        let Some(node) = self.station.as_ref().and_then(Simulated::node) else { return };
        let (identity, bytes) = (node.identity(), node.roster().1.bytes());
        if self.life.is_none() && identity.incarnation != Incarnation::FOUNDER {
            self.lives += 1;
        }
        if self.life.as_ref().is_none_or(|(is, by)| *is != identity || by != bytes) {
            self.life = Some((identity, bytes.to_vec()));
        }
    }

    /// Who takes part, as its flash says.
    pub(super) fn roster(&self) -> Option<Roster<'_>> {
        self.life.as_ref().and_then(|(_, bytes)| Roster::parse(bytes))
    }

    /// Whether its flash holds the life that this roster names.
    pub(super) fn is_named_by(&self, roster: &Roster<'_>) -> bool {
        let named = roster.occupant(Seat(self.seat)).map(|occupant| occupant.incarnation);
        self.life.as_ref().is_some_and(|(identity, _)| Some(identity.incarnation) == named)
    }

    pub(super) fn receive(&mut self, line: usize, bytes: Vec<u8>) {
        let room = INBOX - self.inbox[line].len();
        self.inbox[line].extend(bytes.into_iter().take(room));
    }

    pub(super) fn deadline(&self) -> Option<u64> {
        if self.restart_at.is_some() {
            return self.restart_at;
        }
        let station = self.station.as_ref()?;
        let has_bytes = self.inbox.iter().any(|bytes| !bytes.is_empty());
        let deadline = if has_bytes { Some(0) } else { station.deadline().map(|due| due.as_micros() * 1000) };
        let press = self.asked.is_none().then_some(self.press_at);
        [deadline, press].into_iter().flatten().min().map(|due| due.max(self.busy_until))
    }

    /// One round of its super-loop.
    pub(super) fn work(&mut self, now: u64) -> Result<(), Stop> {
        let Some(station) = &mut self.station else { return Ok(()) };
        for (line, bytes) in self.inbox.iter_mut().enumerate() {
            let bytes: Vec<u8> = bytes.drain(..).collect();
            station.feed(instant(now), line, &bytes)?;
        }
        let before = self.chip.erased();
        let result = station.turn(instant(now));
        self.erased_at_once = self.erased_at_once.max(self.chip.erased() - before);
        result
    }

    /// Whoever pressed looks for an answer, and presses again after a pause. Whether there is a press to carry out.
    pub(super) fn press(&mut self, now: u64, rng: &mut Rng, setting: &Setting) -> bool {
        let Some(station) = &mut self.station else { return false };
        if let Some(answer) = station.answer() {
            let press = self.asked.take().expect("an answer belongs to a press");
            match answer {
                Ok((_, count)) => self.acknowledged.push((press, u32::from_le_bytes(count))),
                Err(CallError::Unknown) if setting.trouble.guests => {}
                Err(error) => panic!("{press:?} is not answered: {error:?}"),
            }
            self.press_at = self.press_at.max(now + rng.u64(0..=setting.pause_max) * 1000);
        }
        if now < self.press_at || !station.is_free() {
            return false;
        }
        let press = Press { board: self.seat, number: self.presses };
        self.presses += 1;
        station.propose(&press).expect("the station is free, and a press is small");
        self.asked = Some(press);
        true
    }
}

pub(super) fn instant(nanos: u64) -> Instant {
    Instant::from_micros(nanos / 1000)
}

/// In a mesh, line n leads to the nth of the others.
fn routes(setting: &Setting, me: Seat) -> Routes<SEATS> {
    let seats = || (0..setting.boards).map(Seat);
    match setting.wiring {
        Wiring::Ring => Routes::ring(me, &seats().collect::<Vec<_>>()).expect("boards make a ring"),
        Wiring::Mesh => {
            let others = seats().filter(|seat| *seat != me).map(|seat| Seats::NONE.with(seat));
            Routes::lines(&others.collect::<Vec<_>>())
        }
    }
}
