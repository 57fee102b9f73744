use std::collections::HashMap;

use quorate::Entry;

use super::configuration::Configuration;
use super::face::Mark;
use super::names::{NAMINGS, Names};

/// All records that the search has met, each once and by a number.
pub(crate) struct Library {
    numbers: HashMap<Box<[u8]>, u32>,
    volumes: Vec<Volume>,
    founders: Configuration,
}

struct Volume {
    record: Box<[u8]>,
    /// What the same entry is under each naming.
    renamed: [u32; NAMINGS],
    /// Who takes part, if it says so.
    configuration: Option<Configuration>,
}

impl Library {
    pub(crate) fn new(founders: Configuration) -> Library {
        Library { numbers: HashMap::new(), volumes: Vec::new(), founders }
    }

    /// The mark of a record, which is taken in if it is new.
    pub(crate) fn mark(&mut self, record: &[u8], names: &[Names]) -> Mark {
        let (entry, _) = Entry::parse(record).expect("records stay whole");
        let term = entry.position().term.0;
        if let Some(number) = self.numbers.get(record) {
            return Mark { term, record: *number };
        }
        let number = self.take_in(entry);
        if entry.roster().is_some() {
            for names in names {
                let Mark { record, .. } = self.mark(&names.of_entry(entry), &[]);
                self.volumes[number as usize].renamed[names.place] = record;
            }
            self.cross_reference(number, names);
        }
        Mark { term, record: number }
    }

    fn take_in(&mut self, entry: Entry<'_>) -> u32 {
        let (number, record) = (self.volumes.len() as u32, Box::from(entry.record()));
        self.numbers.insert(entry.record().into(), number);
        let configuration = entry.roster().map(|roster| Configuration::of(&roster));
        self.volumes.push(Volume { record, renamed: [number; NAMINGS], configuration });
        number
    }

    /// Those that are called otherwise have other names as well.
    fn cross_reference(&mut self, number: u32, names: &[Names]) {
        for other in self.volumes[number as usize].renamed {
            for names in names {
                let record = self.volumes[other as usize].record.clone();
                let (entry, _) = Entry::parse(&record).expect("records stay whole");
                let renamed = self.numbers[&names.of_entry(entry)];
                self.volumes[other as usize].renamed[names.place] = renamed;
            }
        }
    }

    pub(crate) fn entry(&self, mark: Mark) -> Entry<'_> {
        Entry::parse(&self.volumes[mark.record as usize].record).expect("records stay whole").0
    }

    /// The mark of the same entry under another naming.
    pub(crate) fn renamed(&self, mark: Mark, names: &Names) -> Mark {
        Mark { record: self.volumes[mark.record as usize].renamed[names.place], ..mark }
    }

    /// Who takes part by an entry, or, if it says nothing of that, nobody.
    pub(crate) fn configuration(&self, mark: Mark) -> Option<&Configuration> {
        self.volumes[mark.record as usize].configuration.as_ref()
    }

    /// Who took part at first.
    pub(crate) fn founders(&self) -> &Configuration {
        &self.founders
    }
}
