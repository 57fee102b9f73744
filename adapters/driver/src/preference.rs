use core::time::Duration;

use quorate::{Instant, Node, Progress, Seat, Seats, Standing};

/// The most committed entries that a member may lack, as far as its leader knows, to be fit to lead.
const LAG_MAX: u64 = 256;

/// For how many election time-outs a member has to be fit before it is preferred to who leads.
const FIT_TIMEOUTS: u32 = 10;

/// How long a member is left alone that did not take over, or leads no longer: doubled each time, up to the most.
const REST_MIN: Duration = Duration::from_secs(10);
const REST_MAX: Duration = Duration::from_secs(600);

/// Who leads for so long is trusted again as at first.
const REIGN_LASTS: Duration = Duration::from_secs(3600);

/// Which members should lead if they can, and whether to hand over to one of them now. It decides, and does nothing itself:
/// whoever drives a node has it [`look`](Preference::look) at least as often as a leader beats, and then has the driver
/// [`transfer`](crate::Driver::transfer).
///
/// A leader that is not preferred hands over to a voter that is, once that one has followed for ten election time-outs
/// without a break and lacked no more than 256 committed entries meanwhile. A preferred leader stays. A member that did not
/// take over in time, or took over and leads no longer, is left alone for 10 s, twice as long each time up to 10 minutes; after
/// a reign of an hour, for 10 s again. So this node hands over to a member that keeps failing 11 times in an hour at most,
/// and 6 times in each later one.
///
/// What it knows is what this node has seen since it started: other nodes have seen much the same.
#[derive(Clone, Debug)]
pub struct Preference<const SEATS: usize> {
    preferred: Seats,
    fit_for: Duration,
    candidates: [Candidate; SEATS],
    /// The preferred member that leads or is to, and since when.
    reign: Option<(Seat, Instant)>,
}

/// How a preferred member has done so far.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    fit_since: Option<Instant>,
    rests_until: Instant,
    rests_next: Duration,
}

/// How a node is at the moment, as far as it matters to who should lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Who leads, as far as this node knows.
    pub leader: Option<Seat>,
    /// Whether this node hands over at the moment.
    pub hands_over: bool,
    /// To whom it could, if it leads, has nothing else in hand, and no change of members is under way: voters that follow.
    pub fit: Seats,
}

/// Who is to lead in the place of this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heir {
    /// The member's seat.
    pub seat: Seat,
    /// For how long it has been fit.
    pub fit_for: Duration,
}

impl<const SEATS: usize> Preference<SEATS> {
    /// These are preferred to all others, as far as they are voters. Seats from `SEATS` on are left out.
    pub fn new(preferred: Seats, election_timeout: Duration) -> Self {
        let candidate = Candidate { fit_since: None, rests_until: Instant::START, rests_next: REST_MIN };
        Preference {
            preferred: Seats(preferred.0 & Seats::first(SEATS).0),
            fit_for: election_timeout.saturating_mul(FIT_TIMEOUTS),
            candidates: [candidate; SEATS],
            reign: None,
        }
    }

    /// To whom this node is to hand over now, if to anybody. It counts on that being tried.
    pub fn look(&mut self, now: Instant, outlook: &Outlook) -> Option<Heir> {
        self.watch_reign(now, outlook);
        let is_preferred = outlook.leader.is_some_and(|leader| self.preferred.contains(leader));
        let mut heir = None;
        for seat in self.preferred.iter() {
            let candidate = &mut self.candidates[usize::from(seat.0)];
            let fit_for = candidate.fit_for(now, outlook.fit.contains(seat) && !is_preferred);
            if heir.is_none() && fit_for >= Some(self.fit_for) && now >= candidate.rests_until {
                heir = fit_for.map(|fit_for| Heir { seat, fit_for });
            }
        }
        if let Some(Heir { seat, .. }) = heir {
            self.reign = Some((seat, now));
        }
        heir
    }

    /// Leaves a member alone that leads no longer, or did not come to. As long as nobody leads, that is not said.
    fn watch_reign(&mut self, now: Instant, outlook: &Outlook) {
        let Some(leader) = outlook.leader.filter(|_| !outlook.hands_over) else { return };
        match self.reign {
            Some((seat, since)) if seat == leader => {
                if now.saturating_since(since) >= REIGN_LASTS {
                    self.candidates[usize::from(seat.0)].rests_next = REST_MIN;
                }
            }
            before => {
                if let Some((seat, _)) = before {
                    self.candidates[usize::from(seat.0)].rest(now);
                }
                self.reign = self.preferred.contains(leader).then_some((leader, now));
            }
        }
    }
}

impl Candidate {
    /// For how long it has been fit without a break.
    fn fit_for(&mut self, now: Instant, is_fit: bool) -> Option<Duration> {
        if !is_fit {
            self.fit_since = None;
            return None;
        }
        Some(now.saturating_since(*self.fit_since.get_or_insert(now)))
    }

    fn rest(&mut self, now: Instant) {
        self.rests_until = now + self.rests_next;
        self.rests_next = (self.rests_next * 2).min(REST_MAX);
    }
}

impl Outlook {
    /// What this node has before it.
    pub fn of<C, B: AsRef<[u8]>, const SEATS: usize>(node: &Node<C, B, SEATS>) -> Outlook {
        let (members, commit) = (node.members(), node.commit());
        let is_fit = |progress: &Progress| {
            let lag = commit.0.saturating_sub(progress.matched.0);
            members.is_voter(progress.seat) && progress.standing == Standing::Follows && lag <= LAG_MAX
        };
        let hands_over = node.successor().is_some();
        let fit = match node.is_established() && !node.is_changing() && !hands_over {
            true => node.progress().filter(is_fit).map(|progress| progress.seat).collect(),
            false => Seats::NONE,
        };
        Outlook { leader: node.leader(), hands_over, fit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_millis(250);
    const BEAT: Duration = Duration::from_millis(50);
    const N1: Seat = Seat(1);
    const N2: Seat = Seat(2);
    const N3: Seat = Seat(3);

    /// A node of seat 3, which looks once a beat.
    struct Trial {
        preference: Preference<4>,
        now: Instant,
        outlook: Outlook,
    }

    impl Trial {
        /// It leads, and these are fit.
        fn leading(preferred: &[Seat], fit: &[Seat]) -> Trial {
            let outlook = Outlook { leader: Some(N3), hands_over: false, fit: fit.iter().copied().collect() };
            Trial {
                preference: Preference::new(preferred.iter().copied().collect(), TIMEOUT),
                now: Instant::START,
                outlook,
            }
        }

        /// Looks until it is to hand over, at most for so long: to whom, and after how many milliseconds.
        fn wait(&mut self, most: Duration) -> Option<(Seat, u128)> {
            let start = self.now;
            loop {
                let heir = self.preference.look(self.now, &self.outlook);
                let waited = self.now.saturating_since(start);
                if heir.is_some() || waited >= most {
                    return heir.map(|heir| (heir.seat, waited.as_millis()));
                }
                self.now = self.now + BEAT;
            }
        }

        /// This one leads for so long, if anybody does.
        fn under(&mut self, leader: Option<Seat>, time: Duration) {
            self.pass(time, Outlook { leader, hands_over: false, fit: Seats::NONE });
        }

        /// The hand-over does not come about in time.
        fn fail(&mut self) {
            self.pass(TIMEOUT, Outlook { leader: Some(N3), hands_over: true, fit: Seats::NONE });
        }

        fn pass(&mut self, time: Duration, outlook: Outlook) {
            let own = core::mem::replace(&mut self.outlook, outlook);
            assert_eq!(self.wait(time), None, "there is nobody to hand over to");
            self.outlook = own;
        }
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn who_has_followed_for_ten_time_outs_takes_over() {
        let mut trial = Trial::leading(&[N1], &[N1, N2]);
        assert_eq!(trial.wait(MINUTE), Some((N1, 2500)));
        let mut trial = Trial::leading(&[N1, N2], &[N2]);
        assert_eq!(trial.wait(MINUTE), Some((N2, 2500)), "the other one is not fit");
    }

    #[test]
    fn nobody_takes_over_from_who_is_preferred_or_where_nobody_is() {
        assert_eq!(Trial::leading(&[], &[N1, N2]).wait(MINUTE), None);
        assert_eq!(Trial::leading(&[N1, N3], &[N1, N2]).wait(MINUTE), None);
        assert_eq!(Trial::leading(&[N1, Seat(9)], &[N2, Seat(9)]).wait(MINUTE), None, "there is no such seat");
    }

    #[test]
    fn a_break_begins_the_time_anew() {
        let mut trial = Trial::leading(&[N1], &[N1, N2]);
        assert_eq!(trial.wait(Duration::from_millis(2450)), None);
        trial.outlook.fit = trial.outlook.fit.without(N1);
        assert_eq!(trial.wait(BEAT), None);
        trial.outlook.fit = trial.outlook.fit.with(N1);
        assert_eq!(trial.wait(MINUTE), Some((N1, 2500)));
    }

    #[test]
    fn a_hand_over_that_fails_is_tried_again_after_twice_as_long_each_time() {
        let mut trial = Trial::leading(&[N1], &[N1]);
        assert_eq!(trial.wait(MINUTE), Some((N1, 2500)));
        for seconds in [10, 20, 40, 80, 160, 320, 600, 600] {
            trial.fail();
            assert_eq!(trial.wait(MINUTE * 60), Some((N1, seconds * 1000)));
        }
    }

    #[test]
    fn while_one_rests_another_takes_over() {
        let mut trial = Trial::leading(&[N1, N2], &[N1, N2]);
        assert_eq!(trial.wait(MINUTE), Some((N1, 2500)));
        trial.fail();
        assert_eq!(trial.wait(MINUTE), Some((N2, 2500)));
        trial.fail();
        assert_eq!(trial.wait(MINUTE), Some((N1, 7250)), "10 s after it failed");
    }

    #[test]
    fn who_leads_no_longer_rests_whoever_saw_it() {
        let mut trial = Trial::leading(&[N1], &[N1]);
        trial.under(Some(N1), MINUTE);
        trial.under(None, MINUTE);
        assert_eq!(trial.wait(MINUTE), Some((N1, 10_000)));
        trial.under(Some(N1), MINUTE);
        trial.under(Some(N2), MINUTE);
        assert_eq!(trial.wait(MINUTE), Some((N1, 2500)), "its rest of 20 s is over");
    }

    #[test]
    fn a_reign_of_an_hour_is_trusted_as_at_first() {
        for (reign, rest) in [(59, 80_000), (60, 10_000)] {
            let mut trial = Trial::leading(&[N1], &[N1]);
            for _ in 0..4 {
                trial.wait(MINUTE * 60).expect("it takes over, and fails");
            }
            trial.under(Some(N1), MINUTE * reign);
            assert_eq!(trial.wait(MINUTE * 60), Some((N1, rest)), "{reign} minutes");
        }
    }

    /// The bound that the documentation states.
    #[test]
    fn one_that_keeps_dying_is_given_eleven_chances_in_an_hour_and_six_in_each_later_one() {
        let mut trial = Trial::leading(&[N1], &[N1]);
        let mut chances = [0; 4];
        while trial.wait(MINUTE * 11).is_some() {
            let hour = trial.now.as_micros() as usize / 3_600_000_000;
            if hour == chances.len() {
                break;
            }
            chances[hour] += 1;
            trial.under(Some(N1), Duration::from_secs(1));
            trial.under(None, Duration::from_secs(1));
        }
        assert_eq!(chances[0], 11);
        assert!(chances[1..].iter().all(|chances| (5..=6).contains(chances)), "{chances:?}");
    }
}
