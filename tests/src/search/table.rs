use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use quorate::{Entry, HardState, Position, Role, Seat};

use super::calm;
use super::chronicle::{Applied, Chronicle};
use super::configuration::Configuration;
use super::deed::{Deed, Done, Reading};
use super::event::{Event, Offer};
use super::face::{Face, Held, Log, Mark};
use super::known::Known;
use super::law::Verdict;
use super::letter::Letter;
use super::library::Library;
use super::member::Member;
use super::mix::{Mixing, digest};
use super::names::{Digests, Names};
use super::{SEATS, Setting};
use crate::simulator::Violation;
use crate::simulator::records::Records;

/// About how much memory an outcome takes, with its place in the table.
const OUTCOME_BYTES: usize = 200;

/// All that the search has met, each once and by a number: a world is a few numbers then. What a node does in a state
/// depends on nothing but that state and the event, so it is played once and remembered.
pub(crate) struct Table {
    pub(crate) setting: Setting,
    pub(crate) names: Vec<Names>,
    pub(crate) members: Known<Member>,
    pub(crate) faces: Vec<Face>,
    pub(crate) offers: Vec<Offer>,
    pub(crate) letters: Vec<Letter>,
    letter_numbers: HashMap<Letter, u32>,
    pub(crate) stamps: Vec<Stamp>,
    /// By member, then by letter.
    fates: Vec<Vec<Fate>>,
    pub(crate) chronicles: Known<Chronicle>,
    pub(crate) library: Library,
    outcomes: HashMap<(u32, Event, bool), Rc<Outcome>, Mixing>,
    /// Who was asked to go on together, and since when the last configuration that was committed holds.
    calm: HashSet<([u32; SEATS], u64)>,
}

/// What the network needs to know of a letter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    pub(crate) from: u8,
    pub(crate) to: u8,
    /// From which durable term of the receiver on it is over, and the letter that stands for it then.
    over: Option<(u64, u32)>,
    pub(crate) asks_for_vote: bool,
    pub(crate) digests: Digests,
}

/// What becomes of a letter that its receiver, as it is now, may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Unknown,
    Stays,
    /// Nothing would come of it, ever: it is taken off its way.
    Spent,
    /// It is of a term that is over, and one letter stands for all such.
    Over,
}

/// What comes of an event at a member.
#[cfg_attr(test, derive(PartialEq))]
pub(crate) struct Outcome {
    pub(crate) member: u32,
    pub(crate) sent: Box<[u32]>,
    pub(crate) applied: Box<[Applied]>,
    pub(crate) reads: Box<[Reading]>,
    /// A change is refused: nothing was done.
    pub(crate) is_refused: bool,
    pub(crate) is_dismissed: bool,
    pub(crate) broken: Option<Violation>,
}

impl Table {
    pub(crate) fn new(setting: Setting) -> Table {
        Table {
            names: Names::all(setting.voters()),
            library: Library::new(Configuration::of_founders(setting.founders())),
            setting,
            members: Known::new(),
            faces: Vec::new(),
            offers: Vec::new(),
            letters: Vec::new(),
            letter_numbers: HashMap::new(),
            stamps: Vec::new(),
            fates: Vec::new(),
            chronicles: Known::new(),
            outcomes: HashMap::default(),
            calm: HashSet::new(),
        }
    }

    pub(crate) fn add_member(&mut self, member: Member) -> u32 {
        let (face, offer) = (self.face(&member), member.offer());
        let (number, is_new) = self.members.add(member, &self.names, Member::renamed);
        if is_new {
            self.faces.push(face);
            self.offers.push(offer);
            self.fates.push(Vec::new());
        }
        number
    }

    pub(crate) fn add_chronicle(&mut self, chronicle: Chronicle) -> u32 {
        let Table { chronicles, library, names, .. } = self;
        chronicles.add(chronicle, names, |chronicle, names| chronicle.renamed(names, library)).0
    }

    /// What comes of an event.
    pub(crate) fn outcome(&mut self, member: u32, event: Event, leave: bool) -> Rc<Outcome> {
        let key = (member, event, leave);
        if let Some(outcome) = self.outcomes.get(&key) {
            return Rc::clone(outcome);
        }
        let outcome = Rc::new(self.play(member, event, leave));
        self.outcomes.insert(key, Rc::clone(&outcome));
        outcome
    }

    /// Whether these go on once the faults end.
    pub(crate) fn check_calm(&mut self, members: [u32; SEATS], chronicle: u32) -> Verdict {
        let (since, configuration) = self.chronicles.get(chronicle).in_force(&self.library);
        if !self.setting.calms || !self.calm.insert((members, since)) {
            return Ok(());
        }
        let members: Vec<_> = members[..self.setting.nodes].iter().map(|member| self.members.get(*member)).collect();
        calm::check(&members, since, configuration, &self.setting)
    }

    /// Every event that was played: at which member, and whether its effects were left.
    #[cfg(test)]
    pub(crate) fn events(&self) -> Vec<(u32, Event, bool)> {
        self.outcomes.keys().copied().collect()
    }

    /// About how many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        let member = 2 * size_of::<Member>() + self.letters.len();
        self.members.len() * member + self.played() * OUTCOME_BYTES + self.calm.len() * 2 * size_of::<[u32; SEATS]>()
    }

    /// How many different events of different members were played.
    pub(crate) fn played(&self) -> usize {
        self.outcomes.len()
    }

    fn play(&mut self, number: u32, event: Event, leave: bool) -> Outcome {
        let before = self.members.get(number);
        let letter = event.letter().map(|letter| &self.letters[letter as usize]);
        let played = take(before, event, letter, leave, &self.setting).and_then(|(after, deed)| {
            self.check_names(before, event, letter, leave, &after, &deed)?;
            Ok((after, deed))
        });
        match played {
            Ok((after, deed)) => Outcome {
                member: self.add_member(after),
                sent: deed.sent.into_iter().map(|letter| self.add_letter(letter)).collect(),
                applied: deed.applied.iter().map(|done| self.applied(done)).collect(),
                reads: deed.reads.into(),
                is_refused: deed.is_refused,
                is_dismissed: deed.is_dismissed,
                broken: None,
            },
            Err(violation) => Outcome {
                member: number,
                sent: Box::default(),
                applied: Box::default(),
                reads: Box::default(),
                is_refused: false,
                is_dismissed: false,
                broken: Some(violation),
            },
        }
    }

    /// The same happens under every naming: so states that differ in names alone may be taken for one.
    fn check_names(
        &self,
        before: &Member,
        event: Event,
        letter: Option<&Letter>,
        leave: bool,
        after: &Member,
        deed: &Deed,
    ) -> Result<(), Violation> {
        for names in &self.names[1..] {
            let named_letter = letter.map(|letter| letter.renamed(names));
            let (named, did) =
                take(&before.renamed(names), event.renamed(names), named_letter.as_ref(), leave, &self.setting)?;
            let sorted = |mut letters: Vec<Letter>| {
                letters.sort_unstable();
                letters
            };
            let sent = sorted(deed.sent.iter().map(|letter| letter.renamed(names)).collect());
            let is_same = named == after.renamed(names)
                && sorted(did.sent) == sent
                && did.reads == deed.reads
                && did.applied == deed.applied.iter().map(|done| done.renamed(names)).collect::<Vec<_>>();
            if !is_same {
                let story = format!("node {} under {names:?}", before.seat());
                return Err(Violation { law: "it does not matter who sits where", story });
            }
        }
        Ok(())
    }

    fn add_letter(&mut self, letter: Letter) -> u32 {
        if let Some(number) = self.letter_numbers.get(&letter) {
            return *number;
        }
        let mut digests = Digests::default();
        digests.iter_mut().zip(&self.names).for_each(|(place, names)| *place = digest(&letter.renamed(names)));
        let over = letter.when_over().map(|(from, over)| {
            let is_itself = over == letter;
            (from, if is_itself { self.letters.len() as u32 } else { self.add_letter(over) })
        });
        let number = self.letters.len() as u32;
        let over = over.filter(|(_, over)| *over != number);
        self.stamps.push(Stamp {
            from: letter.from,
            to: letter.to,
            over,
            asks_for_vote: letter.asks_for_vote(),
            digests,
        });
        self.letter_numbers.insert(letter.clone(), number);
        self.letters.push(letter);
        number
    }

    /// The letter as it is on its way to this member: itself, what stands for it, or nothing.
    pub(crate) fn on_its_way(&mut self, letter: u32, member: u32) -> Option<u32> {
        let fates = &mut self.fates[member as usize];
        let place = letter as usize;
        if fates.len() <= place {
            fates.resize(self.letters.len(), Fate::Unknown);
        }
        if fates[place] == Fate::Unknown {
            let member = self.members.get(member);
            let is_over = self.stamps[place].over.is_some_and(|(from, _)| from <= member.disk.log.hard_state.term.0);
            fates[place] = match self.letters[place] {
                _ if is_over => Fate::Over,
                // Of who takes part, and in which life, everything may be of use once more.
                ref letter if !self.setting.members_change() && member.is_done_with(letter) => Fate::Spent,
                _ => Fate::Stays,
            };
        }
        match fates[place] {
            Fate::Over => self.stamps[place].over.map(|(_, over)| over),
            Fate::Spent => None,
            Fate::Unknown | Fate::Stays => Some(letter),
        }
    }

    fn face(&mut self, member: &Member) -> Face {
        let Member { node, disk, incarnation, lost, app, stopped, .. } = member;
        let ((since, roster), settled) = (node.roster(), node.settled());
        let mut matched = [0; SEATS];
        node.progress().for_each(|progress| matched[usize::from(progress.seat.0)] = progress.matched.0);
        let heard = std::array::from_fn(|seat| node.heard_incarnation(Seat(seat as u8)));
        Face {
            seat: member.seat(),
            leads: node.role() == Role::Leader,
            term: node.term().0,
            commit: node.commit().0,
            applied: node.applied().0,
            state: app.digest(),
            inherited: node.inherited().0,
            log: self.log(node.base(), node.log()),
            incarnation: *incarnation,
            disk: self.held(&disk.log),
            is_lost: disk.is_lost,
            stopped: *stopped,
            lost: lost.iter().map(|(life, log)| (*life, self.held(log))).collect(),
            configuration: (since.0, Configuration::of(&roster)),
            settled: (settled.since.0, Configuration::of(&settled.roster)),
            matched,
            heard,
        }
    }

    fn held(&mut self, disk: &Records) -> Held {
        let log = self.log(disk.base, disk.entries());
        let HardState { term, vote } = disk.hard_state;
        Held { term: term.0, vote, marked: disk.mark.0, log }
    }

    fn log<'a>(&mut self, base: Position, entries: impl Iterator<Item = Entry<'a>>) -> Log {
        let marks = entries.map(|entry| self.mark(entry.record())).collect();
        Log { base: base.index.0, base_term: base.term.0, marks }
    }

    fn applied(&mut self, done: &Done) -> Applied {
        let (entry, _) = Entry::parse(&done.record).expect("records stay whole");
        Applied { index: entry.position().index.0, mark: self.mark(&done.record), verdict: done.verdict }
    }

    fn mark(&mut self, record: &[u8]) -> Mark {
        self.library.mark(record, &self.names)
    }
}

/// Plays an event. A node that panics breaks a promise, like any other.
pub(crate) fn take(
    member: &Member,
    event: Event,
    letter: Option<&Letter>,
    leave: bool,
    setting: &Setting,
) -> Result<(Member, Deed), Violation> {
    let mut member = member.clone();
    let taken = catch_unwind(AssertUnwindSafe(|| {
        let deed = member.take(event, letter, leave, setting, &mut |_| ())?;
        Ok((member, deed))
    }));
    taken.unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|word| (*word).to_owned()));
        Err(Violation { law: "a node never panics", story: words.unwrap_or_default() })
    })
}
