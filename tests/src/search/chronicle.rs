use quorate::{Entry, Incarnation, Index, Round, Verdict as Answer};

use super::app::{App, answer};
use super::configuration::Configuration;
use super::deed::Reading;
use super::event::Ask;
use super::face::{Face, Mark};
use super::law::{Verdict, hold};
use super::library::Library;
use super::names::Names;

/// What was promised so far, which no node remembers and every node has to keep.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Chronicle {
    /// What was committed, in order.
    pub(crate) committed: Vec<Committed>,
    /// A model that has done all of that.
    model: App,
    /// What of that says who takes part: the indices, and the entries; and whether it was in force when it was committed.
    /// A change that its leader has taken back may be committed all the same, and then counts for nothing.
    configurations: Vec<(u64, Mark, bool)>,
    /// Who led which term: a seat, in one of its lives.
    leaders: Vec<(u64, u8, Incarnation)>,
    /// Reads that wait: at which seat, for which round, and how much was committed when they were asked.
    reads: Vec<(u8, Round, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Committed {
    pub(crate) mark: Mark,
    /// The term in which it was committed.
    pub(crate) term: u64,
    /// What comes of it, if it is of a session.
    verdict: Option<Answer<u32>>,
    /// Whose it is then, and the answer to its command.
    client: u64,
    answer: u32,
    /// The state after it.
    state: u64,
}

/// An entry that a node applied, and what it made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Applied {
    pub(crate) index: u64,
    pub(crate) mark: Mark,
    pub(crate) verdict: Option<Answer<u32>>,
}

/// How many clients there are.
const CLIENTS: usize = 2;
/// The commands of a session: their sequences, and which of those that share one.
const COMMANDS: [(u8, u8); 3] = [(1, 0), (1, 1), (2, 0)];

impl Chronicle {
    pub(crate) fn new() -> Chronicle {
        Chronicle {
            committed: Vec::new(),
            model: App::new(),
            configurations: Vec::new(),
            leaders: Vec::new(),
            reads: Vec::new(),
        }
    }

    /// Whether a node in this state, that did this, adds nothing.
    pub(crate) fn knows(&self, face: &Face, applied: &[Applied], reads: &[Reading]) -> bool {
        let known = self.committed.get(face.log.base as usize..face.commit as usize);
        let agrees =
            known.is_some_and(|known| known.iter().zip(&face.log.marks).all(|(known, mark)| known.mark == *mark));
        let has_leader = !face.leads || self.has_leader(face);
        agrees && self.is_sound(face) && has_leader && applied.is_empty() && reads.is_empty()
    }

    /// Whether it is known that this node leads its term.
    pub(crate) fn has_leader(&self, face: &Face) -> bool {
        self.leaders.contains(&(face.term, face.seat, face.incarnation))
    }

    /// The last configuration that is committed up to this index, and since which one.
    pub(crate) fn configuration<'l>(&self, index: u64, library: &'l Library) -> (u64, &'l Configuration) {
        let mut known = self.configurations.iter().rev();
        let last = known.find(|(since, ..)| *since <= index);
        self.read(last, library)
    }

    /// The last one that was in force when it was committed: a majority of these holds all that is committed.
    pub(crate) fn in_force<'l>(&self, library: &'l Library) -> (u64, &'l Configuration) {
        self.read(self.configurations.iter().rev().find(|(_, _, was_in_force)| *was_in_force), library)
    }

    fn read<'l>(&self, known: Option<&(u64, Mark, bool)>, library: &'l Library) -> (u64, &'l Configuration) {
        let known = known.and_then(|(since, mark, _)| Some((*since, library.configuration(*mark)?)));
        known.unwrap_or((0, library.founders()))
    }

    /// Takes down what a node did, and in which state it is now.
    pub(crate) fn add(
        &mut self,
        face: &Face,
        before: &Face,
        applied: &[Applied],
        reads: &[Reading],
        library: &Library,
    ) -> Verdict {
        self.add_commit(face, before.configuration.0 <= face.commit, library)?;
        let story = || format!("node {} stands on {}@{}", face.seat, face.log.base, face.log.base_term);
        hold(self.has_base(face), "what is forgotten was committed", story)?;
        for Applied { index, mark, verdict } in applied {
            let known = self.committed.get(*index as usize - 1);
            let story = || format!("node {} applies {mark:?} at {index}, known is {known:?}", face.seat);
            hold(known.is_some_and(|known| known.mark == *mark), "all apply the same", story)?;
            let is_same = known.is_some_and(|known| known.verdict == *verdict);
            hold(is_same, "all make the same of an entry", || format!("{}, and makes {verdict:?} of it", story()))?;
        }
        hold(self.is_sound(face), "a state is what comes of the entries before it", || {
            format!("node {} at {}", face.seat, face.applied)
        })?;
        if face.leads {
            self.add_leader(face)?;
        }
        reads.iter().try_for_each(|reading| self.add_reading(face.seat, *reading))
    }

    fn has_base(&self, face: &Face) -> bool {
        let Some(place) = face.log.base.checked_sub(1) else { return true };
        self.committed.get(place as usize).is_some_and(|known| known.mark.term == face.log.base_term)
    }

    fn is_sound(&self, face: &Face) -> bool {
        let Some(place) = face.applied.checked_sub(1) else { return true };
        self.committed.get(place as usize).is_some_and(|known| known.state == face.state)
    }

    /// What one node takes for committed, all take for committed. Whether that includes the configuration in force.
    fn add_commit(&mut self, face: &Face, is_in_force: bool, library: &Library) -> Verdict {
        for place in face.log.base..face.commit {
            let Some(mark) = face.log.at(place) else { break };
            let Some(known) = self.committed.get(place as usize) else {
                let entry = library.entry(*mark);
                let verdict = self.model.apply(entry);
                self.check_verdict(entry, verdict)?;
                let (client, answer) = (entry.session().map_or(0, |of| of.client), entry.command().map_or(0, answer));
                let state = self.model.digest();
                self.committed.push(Committed { mark: *mark, term: face.term, verdict, client, answer, state });
                self.configurations.extend(entry.roster().map(|_| (place + 1, *mark, is_in_force)));
                continue;
            };
            let story = || format!("node {} has {mark:?} at {}, committed is {known:?}", face.seat, place + 1);
            hold(known.mark == *mark, "what is committed is the same everywhere", story)?;
        }
        Ok(())
    }

    /// What comes of the next entry, as the clients see it.
    fn check_verdict(&self, entry: Entry<'_>, verdict: Option<Answer<u32>>) -> Verdict {
        let (Some(verdict), Some(session)) = (verdict, entry.session()) else { return Ok(()) };
        let own = entry.command().map(answer);
        let was_done = || self.done().any(|done| own == Some(done));
        let latest = self.epochs().last();
        let law = match verdict {
            Answer::Fresh if was_done() => "a command is done once",
            Answer::Repeated(answer) if own != Some(answer) => "a command is answered with its own answer",
            Answer::Mismatch if was_done() => "a command that was done is not called another's",
            Answer::Held { epoch } if latest != Some((session.client, epoch)) => {
                "a session that is held is its client's latest"
            }
            Answer::Expired if latest == Some((session.client, session.epoch)) => "the latest session does not expire",
            _ => return Ok(()),
        };
        hold(false, law, || format!("{session:?}: {verdict:?}"))
    }

    /// The answers to all commands that were done.
    fn done(&self) -> impl Iterator<Item = u32> {
        self.committed.iter().filter(|known| known.verdict == Some(Answer::Fresh)).map(|known| known.answer)
    }

    /// The sessions that were opened, the latest last: whose, and since when.
    fn epochs(&self) -> impl Iterator<Item = (u64, Index)> {
        self.committed.iter().filter_map(|known| match known.verdict {
            Some(Answer::Opened { epoch }) => Some((known.client, epoch)),
            _ => None,
        })
    }

    /// All that clients may ask in sessions: for the first, or one in the place of another; and in any that was ever
    /// opened, be it over, the first commands and others of the same sequence. The next client comes once there is a
    /// session of the one before.
    pub(crate) fn asks(&self) -> impl Iterator<Item = Ask> {
        let open = |client, epoch| Ask { client, epoch, sequence: 0, number: 0 };
        let known = self.epochs().map(|(client, _)| client as usize + 1).max().unwrap_or(0);
        let first = (0..CLIENTS.min(known + 1)).map(move |client| open(client as u8, 0));
        let later = self.epochs().flat_map(move |(client, epoch)| {
            let (client, epoch) = (client as u8, epoch.0 as u8);
            let commands = COMMANDS.into_iter().map(move |(sequence, number)| Ask { client, epoch, sequence, number });
            [open(client, epoch)].into_iter().chain(commands)
        });
        first.chain(later)
    }

    fn add_leader(&mut self, face: &Face) -> Verdict {
        let me = (face.seat, face.incarnation);
        match self.leaders.iter().find(|(term, ..)| *term == face.term) {
            Some((term, seat, life)) => {
                hold((*seat, *life) == me, "one leader a term", || format!("{seat} and {} in term {term}", face.seat))
            }
            None => {
                self.leaders.push((face.term, face.seat, face.incarnation));
                self.leaders.sort_unstable();
                Ok(())
            }
        }
    }

    /// A read is answered from a state that has all that was committed anywhere when it was asked.
    fn add_reading(&mut self, seat: u8, reading: Reading) -> Verdict {
        let through = match reading {
            Reading::Awaits(round) => {
                self.reads.push((seat, round, self.committed.len() as u64));
                self.reads.sort_unstable();
                return Ok(());
            }
            Reading::Ready(round, _) | Reading::Failed(round) => round,
            Reading::Gone => Round(u64::MAX),
        };
        let (due, later): (Vec<_>, Vec<_>) =
            self.reads.drain(..).partition(|(at, round, _)| *at == seat && *round <= through);
        self.reads = later;
        let Reading::Ready(_, applied) = reading else { return Ok(()) };
        let floor = due.iter().map(|(_, _, floor)| *floor).max().unwrap_or(0);
        hold(applied >= floor, "a read is not older than what was committed before it", || {
            format!("node {seat} reads at {applied}, {floor} was committed")
        })
    }

    pub(crate) fn renamed(&self, names: &Names, library: &Library) -> Chronicle {
        let mut chronicle = self.clone();
        chronicle.committed.iter_mut().for_each(|known| known.mark = library.renamed(known.mark, names));
        chronicle.configurations.iter_mut().for_each(|(_, mark, _)| *mark = library.renamed(*mark, names));
        chronicle.leaders.iter_mut().for_each(|(_, seat, _)| *seat = names.of(*seat));
        chronicle.reads.iter_mut().for_each(|(seat, _, _)| *seat = names.of(*seat));
        chronicle.reads.sort_unstable();
        chronicle
    }
}
