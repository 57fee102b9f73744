use quorate::{Index, Session, Verdict};

use super::Fault;
use super::registers::Answer;

/// How often what went wrong in a run, and what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    faults: Counts,
    /// Frames that a cut link swallowed.
    pub cut: u64,
    /// Recoveries that found a part of a write.
    pub torn: u64,
    /// Recoveries that were cut off.
    pub again: u64,
    /// Disks that recovery refused.
    pub rotten: u64,
    /// Frames that a busy node had no room for.
    pub overrun: u64,
    /// Commands refused for want of room in the log.
    pub full: u64,
    /// Reads that waited for no round.
    pub leased: u64,
    /// Sessions that took the place of another of their client.
    pub retaken: u64,
    /// Commands whose session was over, or had gone on.
    pub expired: u64,
    /// Commands whose sequence was another's.
    pub mismatched: u64,
    /// Commands that waited when their leader's reign ended.
    pub ended: u64,
    /// Stores that became complete.
    pub completed: u64,
    /// Stores that joined a cluster that was there: most in the place of a lost one.
    pub joined: u64,
    /// Changes of members that were begun, by an operator or a leader.
    pub changed: u64,
    /// Nodes that were told that they are none of the members any longer.
    pub dismissed: u64,
    /// Features that were switched on.
    pub enabled: u64,
    /// Words for a key that were taken up.
    pub words: u64,
    /// Builds that did not know what was on, and had to be replaced.
    pub outdated: u64,
    /// What came of snapshots.
    pub snapshots: Snapshots,
    /// What went over sealed links.
    pub links: Links,
}

/// One for each kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts([u64; Fault::ALL.len()]);

impl Default for Counts {
    fn default() -> Counts {
        Counts([0; Fault::ALL.len()])
    }
}

/// How often what was done with snapshots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Snapshots {
    /// Asked for.
    pub asked: u64,
    /// Taken, durable, and believed by the node.
    pub taken: u64,
    /// Taken, and of no use any more.
    pub refused: u64,
    /// Pieces sent.
    pub sent: u64,
    /// Pieces stored.
    pub stored: u64,
    /// Of these, pieces beyond a gap.
    pub early: u64,
    /// Snapshots of a leader installed.
    pub installed: u64,
    /// Snapshots restored by a node that runs.
    pub restored: u64,
    /// Starts from a snapshot.
    pub started: u64,
    /// Starts with a part of a snapshot that was being fetched.
    pub resumed: u64,
    /// Starts without the snapshot that the log stands on, for it has rotted.
    pub lost: u64,
    /// Fetched snapshots that were damaged, and fetched again.
    pub damaged: u64,
}

impl Snapshots {
    fn named(&mut self) -> Named<'_, 12> {
        [
            ("asked for", &mut self.asked),
            ("taken", &mut self.taken),
            ("refused", &mut self.refused),
            ("pieces sent", &mut self.sent),
            ("pieces stored", &mut self.stored),
            ("pieces early", &mut self.early),
            ("installed", &mut self.installed),
            ("restored", &mut self.restored),
            ("started from", &mut self.started),
            ("fetches resumed", &mut self.resumed),
            ("lost", &mut self.lost),
            ("damaged", &mut self.damaged),
        ]
    }

    /// Each count by its name.
    pub fn iter(mut self) -> impl Iterator<Item = (&'static str, u64)> {
        listed(self.named())
    }

    fn add(&mut self, mut other: Snapshots) {
        sum_up(self.named(), other.named());
    }
}

/// Counts that have names.
type Named<'t, const COUNT: usize> = [(&'static str, &'t mut u64); COUNT];

fn listed<const COUNT: usize>(named: Named<'_, COUNT>) -> impl Iterator<Item = (&'static str, u64)> + use<COUNT> {
    named.map(|(name, count)| (name, *count)).into_iter().filter(|(_, count)| *count > 0)
}

fn sum_up<const COUNT: usize>(sums: Named<'_, COUNT>, others: Named<'_, COUNT>) {
    sums.into_iter().zip(others).for_each(|((_, sum), (_, count))| *sum += *count);
}

/// What went over sealed links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Messages that were sealed.
    pub sealed: u64,
    /// Messages that were lost, as there was no session yet.
    pub unsealed: u64,
    /// Messages that have opened.
    pub opened: u64,
    /// Frames that have not.
    pub closed: u64,
    /// Hellos that were said.
    pub hellos: u64,
    /// Keys that have taken the place of another at all machines.
    pub keys: u64,
}

impl Links {
    fn named(&mut self) -> Named<'_, 6> {
        [
            ("sealed", &mut self.sealed),
            ("without a session", &mut self.unsealed),
            ("opened", &mut self.opened),
            ("not opened", &mut self.closed),
            ("hellos", &mut self.hellos),
            ("changes of keys", &mut self.keys),
        ]
    }

    /// Each count by its name.
    pub fn iter(mut self) -> impl Iterator<Item = (&'static str, u64)> {
        listed(self.named())
    }

    fn add(&mut self, mut other: Links) {
        sum_up(self.named(), other.named());
    }
}

impl Tally {
    pub(crate) fn count(&mut self, fault: Fault) {
        self.count_all(fault, 1);
    }

    /// How often this went wrong on purpose.
    pub(crate) fn of(&self, fault: Fault) -> u64 {
        self.faults.0[fault as usize]
    }

    pub(crate) fn count_all(&mut self, fault: Fault, times: u64) {
        self.faults.0[fault as usize] += times;
    }

    pub(crate) fn count_verdict(&mut self, session: Option<Session>, verdict: Verdict<Answer>) {
        let named = session.map_or(Index(0), |session| session.epoch);
        match verdict {
            Verdict::Opened { .. } => self.retaken += u64::from(named > Index(0)),
            Verdict::Expired | Verdict::Outdated { .. } => self.expired += 1,
            Verdict::Mismatch => self.mismatched += 1,
            Verdict::Held { .. } | Verdict::Fresh | Verdict::Repeated(_) => {}
        }
    }

    /// Each kind that is counted, by its name. Some faults are a matter of degree, and not of number.
    pub fn iter(&self) -> impl Iterator<Item = (String, u64)> {
        let faults = Fault::ALL.into_iter().map(|fault| (fault.name(), self.faults.0[fault as usize]));
        let others = [
            ("cut", self.cut),
            ("torn", self.torn),
            ("again", self.again),
            ("rotten", self.rotten),
            ("overrun", self.overrun),
            ("full", self.full),
            ("leased", self.leased),
            ("retaken", self.retaken),
            ("expired", self.expired),
            ("mismatched", self.mismatched),
            ("ended", self.ended),
            ("completed", self.completed),
            ("joined", self.joined),
            ("changed", self.changed),
            ("dismissed", self.dismissed),
            ("enabled", self.enabled),
            ("words", self.words),
            ("outdated", self.outdated),
        ];
        faults.chain(others.map(|(name, count)| (name.to_owned(), count))).filter(|(_, count)| *count > 0)
    }

    /// Adds another run's.
    pub fn add(&mut self, other: &Tally) {
        self.faults.0.iter_mut().zip(other.faults.0).for_each(|(sum, count)| *sum += count);
        self.cut += other.cut;
        self.torn += other.torn;
        self.again += other.again;
        self.rotten += other.rotten;
        self.overrun += other.overrun;
        self.full += other.full;
        self.leased += other.leased;
        self.retaken += other.retaken;
        self.expired += other.expired;
        self.mismatched += other.mismatched;
        self.ended += other.ended;
        self.completed += other.completed;
        self.joined += other.joined;
        self.changed += other.changed;
        self.dismissed += other.dismissed;
        self.enabled += other.enabled;
        self.words += other.words;
        self.outdated += other.outdated;
        self.snapshots.add(other.snapshots);
        self.links.add(other.links);
    }
}
