mod keys;

use std::net::SocketAddr;
use std::time::Duration;

use quorate::{Index, Instant, Progress, Refusals, Seat, Seats, Snapshot, Standing};
use quorate_wire::DecodeError;

use self::keys::KeyWatch;
use crate::{Event, Following, Keyring};

/// A member that lacks as many committed entries is behind.
const LAG: u64 = 1024;

/// What comes and goes faster is not told.
const MOMENT: Duration = Duration::from_secs(1);

/// What lasts is told again after so long.
pub(crate) const AGAIN: Duration = Duration::from_secs(60);

/// Looks now and then at how a node is, and finds what its operator should hear of.
pub(crate) struct Watch {
    /// Longer than elections take.
    patience: Duration,
    heard: [Option<Instant>; Seat::COUNT_MAX],
    leaderless: Option<Lasting>,
    full: Option<Lasting>,
    followers: [Follower; Seat::COUNT_MAX],
    refused: [Option<Refused>; Seat::COUNT_MAX],
    frames: [Option<Instant>; DecodeError::COUNT],
    snapshot_failed: Option<Instant>,
    outside: Option<Lasting>,
    askers: [Option<Lasting>; Seat::COUNT_MAX],
    pairs: [Option<Instant>; Seat::COUNT_MAX],
    keys: Option<KeyWatch>,
}

/// How a node is at the moment.
pub(crate) struct Sight<'a> {
    pub(crate) leader: Option<Seat>,
    pub(crate) leads: bool,
    /// Everyone who takes part but this node.
    pub(crate) others: Seats,
    pub(crate) commit: Index,
    pub(crate) is_full: bool,
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) refusals: Refusals,
    pub(crate) progress: &'a [Progress],
}

/// Something that lasts.
#[derive(Clone, Copy)]
struct Lasting {
    since: Instant,
    told: Option<Instant>,
}

/// A member, as it was when it was last looked at.
#[derive(Clone, Copy, Default)]
struct Follower {
    following: Option<Kind>,
    lasting: Option<Lasting>,
    /// Since when it does not follow as it should, if that was told.
    missed: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Well,
    Behind,
    BySnapshot,
    TooSmall,
    NotAtAll,
    /// Told with its reason.
    Refused,
}

/// A reason that was told.
#[derive(Clone, Copy)]
struct Refused {
    reason: quorate::Refusal,
    count: u32,
    told: Instant,
}

impl Watch {
    /// Of a node with these keys, if it has some.
    pub(crate) fn new(election_timeout: Duration, keys: Option<Keyring>) -> Watch {
        Watch {
            patience: election_timeout * 4,
            heard: [None; Seat::COUNT_MAX],
            leaderless: None,
            full: None,
            followers: [Follower::default(); Seat::COUNT_MAX],
            refused: [None; Seat::COUNT_MAX],
            frames: [None; DecodeError::COUNT],
            snapshot_failed: None,
            outside: None,
            askers: [None; Seat::COUNT_MAX],
            pairs: [None; Seat::COUNT_MAX],
            keys: keys.map(KeyWatch::new),
        }
    }

    /// A member was heard.
    pub(crate) fn hear(&mut self, seat: Seat, now: Instant) {
        if let Some(heard) = self.heard.get_mut(usize::from(seat.0)) {
            *heard = Some(now);
        }
    }

    /// What to tell of a frame that was dropped, by a node that knows no leader if it is cut off.
    pub(crate) fn dropped_frame(
        &mut self,
        (frame, from): (&[u8], SocketAddr),
        reason: DecodeError,
        is_cut_off: bool,
        now: Instant,
    ) -> Option<Event> {
        if let Some(keys) = &mut self.keys
            && let Some(key) = keys.missing(frame, reason)
        {
            return keys.dropped(key, from, is_cut_off, now);
        }
        is_new(&mut self.frames[reason.index()], now).then_some(Event::FrameRefused { from, reason })
    }

    /// Whether to tell of a snapshot that could not be written.
    pub(crate) fn is_new_failure(&mut self, now: Instant) -> bool {
        is_new(&mut self.snapshot_failed, now)
    }

    /// Whether to tell of a store of this seat that asks to take part: one that was removed speaks until it is told.
    pub(crate) fn is_new_asker(&mut self, seat: Seat, is_stranger: bool, now: Instant) -> bool {
        let asker = &mut self.askers[usize::from(seat.0)];
        if !is_stranger {
            *asker = None;
            return false;
        }
        asker.get_or_insert(Lasting::from(now)).tell(now, MOMENT).is_some()
    }

    /// Whether to tell that two stores seem to speak for this seat.
    pub(crate) fn is_new_pair(&mut self, seat: Seat, now: Instant) -> bool {
        is_new(&mut self.pairs[usize::from(seat.0)], now)
    }

    /// For how long the members have not named this node, if it is time to tell.
    pub(crate) fn stands_outside(&mut self, now: Instant, is_member: bool) -> Option<Duration> {
        if is_member {
            self.outside = None;
            return None;
        }
        self.outside.get_or_insert(Lasting::from(now)).tell(now, self.patience)
    }

    /// When to look again, though nothing else happens.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.leaderless.map(|lasting| lasting.due(self.patience))
    }

    /// What has changed, or lasts too long.
    pub(crate) fn look(&mut self, now: Instant, sight: &Sight<'_>) -> Vec<Event> {
        let mut events = Vec::new();
        events.extend(self.leader(now, sight));
        events.extend(self.log(now, sight.is_full));
        events.extend(self.keys.as_mut().and_then(|keys| keys.look(now)));
        if !sight.leads {
            self.followers = [Follower::default(); Seat::COUNT_MAX];
        }
        for progress in sight.progress {
            events.extend(self.refusal(now, sight, progress));
            if sight.leads {
                events.extend(self.follower(now, sight, progress));
            }
        }
        events
    }

    fn leader(&mut self, now: Instant, sight: &Sight<'_>) -> Option<Event> {
        if sight.leader.is_some() {
            self.leaderless = None;
            return None;
        }
        let since = self.leaderless.get_or_insert(Lasting::from(now)).tell(now, self.patience)?;
        let is_heard = |seat: &Seat| self.heard[usize::from(seat.0)].is_some_and(|at| now < at + self.patience);
        let (heard, silent) = sight.others.iter().partition::<Vec<_>, _>(is_heard);
        Some(Event::Leaderless { since, heard: heard.into_iter().collect(), silent: silent.into_iter().collect() })
    }

    fn log(&mut self, now: Instant, is_full: bool) -> Option<Event> {
        if is_full {
            let since = self.full.get_or_insert(Lasting::from(now)).tell(now, MOMENT)?;
            return Some(Event::LogFull { since });
        }
        let was_told = self.full.take().is_some_and(|lasting| lasting.told.is_some());
        was_told.then_some(Event::LogHasRoom)
    }

    /// Why what a member says is refused: once a minute, if there is more of it.
    fn refusal(&mut self, now: Instant, sight: &Sight<'_>, progress: &Progress) -> Option<Event> {
        let Standing::Refused(reason) = progress.standing else { return None };
        let (seat, count) = (progress.seat, sight.refusals.count(reason));
        let known = &mut self.refused[usize::from(seat.0)];
        if let Some(Refused { reason: before, count: until, told }) = *known {
            let wait = if before == reason { AGAIN } else { MOMENT };
            if now < told + wait || (before == reason && until == count) {
                return None;
            }
        }
        *known = Some(Refused { reason, count, told: now });
        Some(Event::MessageRefused { seat, reason })
    }

    fn follower(&mut self, now: Instant, sight: &Sight<'_>, progress: &Progress) -> Option<Event> {
        let (seat, entries) = (progress.seat, sight.commit.0.saturating_sub(progress.matched.0));
        let kind = Kind::of(progress.standing, entries);
        let follower = &mut self.followers[usize::from(seat.0)];
        if follower.following != Some(kind) {
            let since = if kind == Kind::NotAtAll { progress.heard } else { now };
            (follower.following, follower.lasting) = (Some(kind), Some(Lasting::from(since)));
        }
        let lasting = follower.lasting.as_mut()?;
        let (following, delay) = match kind {
            Kind::Well => {
                let since = now.saturating_since(follower.missed.take()?);
                return Some(Event::Follower { seat, following: Following::Well, since });
            }
            Kind::Refused => {
                follower.missed.get_or_insert(lasting.since);
                return None;
            }
            Kind::Behind => (Following::Behind { entries }, MOMENT),
            Kind::BySnapshot => (Following::BySnapshot { snapshot: sight.snapshot }, Duration::ZERO),
            Kind::TooSmall => (Following::TooSmall { snapshot: sight.snapshot }, Duration::ZERO),
            Kind::NotAtAll => (Following::NotAtAll, Duration::ZERO),
        };
        let since = lasting.tell(now, delay)?;
        follower.missed.get_or_insert(lasting.since);
        Some(Event::Follower { seat, following, since })
    }
}

impl Kind {
    fn of(standing: Standing, entries: u64) -> Kind {
        match standing {
            Standing::Refused(_) => Kind::Refused,
            Standing::Silent => Kind::NotAtAll,
            Standing::TooSmall => Kind::TooSmall,
            Standing::Fetches => Kind::BySnapshot,
            Standing::Seeks => Kind::Behind,
            Standing::Follows if entries >= LAG => Kind::Behind,
            Standing::Follows => Kind::Well,
        }
    }
}

impl Lasting {
    fn from(since: Instant) -> Lasting {
        Lasting { since, told: None }
    }

    /// When to tell of it next.
    fn due(&self, delay: Duration) -> Instant {
        self.told.map_or(self.since + delay, |told| told + AGAIN)
    }

    /// For how long it has lasted, if it is time to tell.
    fn tell(&mut self, now: Instant, delay: Duration) -> Option<Duration> {
        (now >= self.due(delay)).then(|| {
            self.told = Some(now);
            now.saturating_since(self.since)
        })
    }
}

/// Whether this was not told for a minute.
fn is_new(told: &mut Option<Instant>, now: Instant) -> bool {
    let is_new = told.is_none_or(|told| now >= told + AGAIN);
    if is_new {
        *told = Some(now);
    }
    is_new
}

#[cfg(test)]
mod tests;
