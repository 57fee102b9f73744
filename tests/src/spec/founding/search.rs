use std::collections::HashSet;

use super::act::Act;
use super::live::Fate;
use super::world::{Broken, World};
use super::{Flaw, Setting, digest};

/// What came of a search.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many different states were met.
    pub states: usize,
    /// In how many of them so many disks were lost that nothing is promised.
    pub void: usize,
    /// In how many of them a command was acknowledged.
    pub acknowledged: usize,
    /// How many acts lead to the last of them.
    pub depth: usize,
    /// Whether these are all that the bounds allow.
    pub is_complete: bool,
    /// The law that broke, and the shortest way there.
    pub violation: Option<(&'static str, Vec<String>)>,
}

/// Goes through every state, those that the fewest acts lead to first.
///
/// # Panics
/// There are more nodes than a search can have.
pub fn search(setting: &Setting) -> Report {
    match setting.nodes {
        1 => run::<1>(setting),
        2 => run::<2>(setting),
        3 => run::<3>(setting),
        4 => run::<4>(setting),
        5 => run::<5>(setting),
        nodes => panic!("a search has 1 to 5 nodes, not {nodes}"),
    }
}

/// Where each state was reached from, and by what.
type Origins = Vec<(u32, Act)>;

fn run<const N: usize>(setting: &Setting) -> Report {
    let mut report = Report::default();
    let first = World::<N>::new(setting.flaw).expect("stores that start break nothing");
    let (mut seen, mut origins) = (HashSet::from([digest(&first)]), Origins::new());
    let mut level = vec![(0, first)];
    let mut acts = Vec::new();
    report.states = 1;
    while !level.is_empty() {
        let mut next = Vec::new();
        for (state, world) in level {
            world.acts(setting, &mut acts);
            for act in &acts {
                let mut after = world.clone();
                let followed = after.follow(*act, setting.flaw);
                let is_new = followed.is_err() || seen.insert(digest(&after));
                if !is_new {
                    continue;
                }
                origins.push((state, *act));
                let id = origins.len() as u32;
                if let Err(law) = followed.and_then(|()| judge(&after, setting, &mut report)) {
                    report.violation = Some((law, story::<N>(&origins, id, setting.flaw)));
                    return report;
                }
                next.push((id, after));
            }
            if report.states >= setting.states_max {
                return report;
            }
        }
        report.depth += usize::from(!next.is_empty());
        level = next;
    }
    report.is_complete = true;
    report
}

/// Counts a new state, and holds it to the law that a cluster comes to be.
fn judge<const N: usize>(world: &World<N>, setting: &Setting, report: &mut Report) -> Result<(), Broken> {
    report.states += 1;
    report.acknowledged += usize::from(world.acknowledged.contains(&true));
    if !setting.is_followed {
        return Ok(());
    }
    match world.fate(setting) {
        Fate::Founded => Ok(()),
        Fate::Void => {
            report.void += 1;
            Ok(())
        }
        Fate::Stuck => Err("without further faults a cluster comes to be"),
    }
}

/// The way to a state.
fn story<const N: usize>(origins: &Origins, last: u32, flaw: Flaw) -> Vec<String> {
    let mut way = Vec::new();
    let mut at = last;
    while at != 0 {
        let (before, act) = origins[at as usize - 1];
        way.push(act);
        at = before;
    }
    let mut world = World::<N>::new(flaw).expect("stores that start break nothing");
    let mut told = Vec::new();
    for act in way.into_iter().rev() {
        told.push(match act {
            Act::Deliver(place) => {
                let (_, letter) = world.letters[place];
                format!("{} -> {}: {:?}", letter.from.0, letter.to.0, letter.message)
            }
            act => format!("{act:?}"),
        });
        if world.follow(act, flaw).is_err() {
            break;
        }
    }
    told
}
