use super::configuration::SEATS;
use crate::spec::Bounds;

/// What is searched.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How many seats, at most 5: voters at first, then learners, then empty stores that nobody names.
    pub seats: usize,
    /// How many of them vote at first.
    pub voters: usize,
    /// How many learn at first.
    pub learners: usize,
    /// How many terms are alive at a time at most: of stores, entries, marks and reigns that can still be heard.
    pub terms: u8,
    /// How many entries a log has at most.
    pub entries: u8,
    /// How many of them are commands at most.
    pub commands: u8,
    /// How many of them add, promote or remove at most. To name another life of a seat is not among these.
    pub changes: u8,
    /// How many disks are lost.
    pub wipes: u8,
    /// How often an empty store starts anew, with another nonce.
    pub reboots: u8,
    /// Whether there are snapshots.
    pub snapshots: bool,
    /// Whether a crash leaves any part of a write from the front, and leaders go on before their own is durable.
    pub torn: bool,
    /// Whether joint phases are taken back.
    pub takes_back: bool,
    /// Which rule is broken.
    pub flaw: Flaw,
    /// How far to go.
    pub bounds: Bounds,
}

impl Setting {
    /// The rules as they stand, without changes and faults.
    pub fn new(seats: usize, voters: usize, terms: u8, entries: u8) -> Setting {
        Setting {
            seats,
            voters,
            learners: 0,
            terms,
            entries,
            commands: 1,
            changes: 0,
            wipes: 0,
            reboots: 0,
            snapshots: false,
            torn: false,
            takes_back: false,
            flaw: Flaw::None,
            bounds: Bounds::default(),
        }
    }

    /// The same seats, from here on without bounds, commands, or changes but those that bring a lost disk back.
    pub(crate) fn calm(&self) -> Setting {
        Setting { entries: super::log::ENTRIES as u8, commands: 0, changes: 0, torn: false, ..self.clone() }
    }

    /// Whether what a store takes for the members is more than its log and snapshot say.
    pub(crate) fn has_cache(&self) -> bool {
        matches!(self.flaw, Flaw::CutKeepsMembers | Flaw::SnapshotOfLaterMembers)
    }

    pub(crate) fn each(&self) -> std::ops::Range<usize> {
        debug_assert!(self.seats <= SEATS, "the model is smaller");
        0..self.seats
    }
}

/// A rule that is broken, to see that the search finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Flaw {
    /// None.
    None,
    /// A change of voters takes one step.
    OneStep,
    /// In a joint phase the half after it decides alone.
    NewHalfAlone,
    /// In a joint phase the half before it decides alone.
    OldHalfAlone,
    /// In a joint phase that names another life of a seat, this life counts in the half before as well.
    NewLifeInOldHalf,
    /// Votes and acks count for the seat, whatever the life.
    AnyLife,
    /// The members in force are the last ones that are committed.
    AtCommit,
    /// A cut of the log leaves the members in force that it removes.
    CutKeepsMembers,
    /// A leader or candidate counts itself among voters that it is none of.
    SelfCounts,
    /// Who was removed does not stand.
    RemovedNeverStands,
    /// Learners do not stand.
    LearnersDoNotStand,
    /// A voter refuses candidates outside its own members.
    OutsidersAreRefused,
    /// A store outside its own members refuses its vote.
    OutsidersRefuse,
    /// The joint phase is ended before it is known to be committed.
    FinalEarly,
    /// The joint phase is ended as soon as it is committed, by whichever reign.
    FinalUnestablished,
    /// The joint phase is ended by members of the half after it only.
    FinalByMembers,
    /// A change is begun before the last one is known to be committed.
    ChangeEarly,
    /// A change is begun before the reign is established.
    ChangeUnestablished,
    /// A change is begun though no majority of the half after it was heard in this reign.
    ChangeUnheard,
    /// A leader outside its own plain members takes commands and begins changes.
    OutsiderChanges,
    /// Learners are promoted before they have a formatted store.
    EmptyVoter,
    /// An empty store becomes a voter at once where the others alone are a majority of the half after.
    StraightByMajority,
    /// A joint phase is taken back by whichever reign.
    TakesBackInherited,
    /// A joint phase is taken back by its own reign, committed or not.
    TakesBackCommitted,
    /// A store that has lost its disk goes on as the one that it was.
    EmptyVotes,
    /// An entry names the seat and not the life: any empty store of the seat takes it.
    EntryWithoutLife,
    /// A request is acted upon without a challenge.
    NoChallenge,
    /// An answer counts under later members, too.
    AnswerOutlivesMembers,
    /// A later challenge does not void the answer to an earlier one.
    AnswersAccumulate,
    /// An answer counts under later members, and a later challenge does not void it.
    AnswersStay,
    /// An answer counts in later reigns of the leader, too.
    AnswerOutlivesReign,
    /// A store is formatted before it has the entry that names it.
    FormatsEarly,
    /// A store that is formatted marks its log whatever it holds.
    FormatMarksEarly,
    /// A store that is formatted never marks its log in that step.
    FormatNeverMarks,
    /// A store that another life is listed for does not ask again.
    FormattedDoesNotAsk,
    /// A snapshot has no members: the first ones hold.
    SnapshotWithoutMembers,
    /// A snapshot that ends in a joint phase has the half before it only.
    SnapshotWithoutNewHalf,
    /// A snapshot that ends in a joint phase has the half after it only.
    SnapshotWithoutOldHalf,
    /// A snapshot has the members and not their lives.
    SnapshotWithoutLives,
    /// A snapshot has the members in force where it is taken, and not those at its index.
    SnapshotOfLaterMembers,
}
