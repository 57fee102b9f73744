use super::{Fault, Links, Report, Setting, Violation, World};

/// Looks for a shorter run that breaks the same promise: over fewer events, with fewer kinds of fault, clients and
/// nodes.
///
/// With any of these changed, a seed leads elsewhere. So each reduction is tried with several seeds, and kept if one of
/// them breaks the promise as well.
#[derive(Debug)]
pub struct Shrinker {
    smallest: Setting,
    violation: Violation,
    /// How many seeds each reduction is given.
    tries: u64,
}

impl Shrinker {
    /// Starts from a setting whose run breaks a promise; `None` if it breaks none.
    pub fn new(setting: Setting, tries: u64) -> Option<Shrinker> {
        let report = World::new(setting.clone()).run();
        let violation = report.violation.clone()?;
        let mut shrinker = Shrinker { smallest: setting.clone(), violation, tries };
        shrinker.keep(setting, &report);
        Some(shrinker)
    }

    /// The smallest setting so far.
    pub fn smallest(&self) -> &Setting {
        &self.smallest
    }

    /// Goes once through all reductions, and tells whether one of them helped.
    pub fn shrink(&mut self) -> bool {
        let before = self.smallest.clone();
        for reduce in reductions() {
            let Some(reduced) = reduce(&self.smallest) else { continue };
            self.try_seeds(&reduced);
        }
        self.smallest != before
    }

    fn try_seeds(&mut self, reduced: &Setting) {
        for seed in reduced.seed..reduced.seed.saturating_add(self.tries) {
            let setting = Setting { seed, ..reduced.clone() };
            let report = World::new(setting.clone()).run();
            if report.violation.as_ref().is_some_and(|violation| violation.law == self.violation.law) {
                return self.keep(setting, &report);
            }
        }
    }

    /// What comes after the end need not be simulated.
    fn keep(&mut self, setting: Setting, report: &Report) {
        let events = setting.events.min(report.events);
        self.smallest = Setting { events, ..setting };
    }
}

type Reduction = Box<dyn Fn(&Setting) -> Option<Setting>>;

fn reductions() -> impl Iterator<Item = Reduction> {
    let nodes = |by: usize| -> Reduction {
        Box::new(move |from| {
            let nodes = from.nodes.checked_sub(by).filter(|nodes| *nodes > 0)?;
            Some(Setting { nodes, ..from.clone() })
        })
    };
    let clients = |clients: usize| -> Reduction {
        Box::new(move |from| (clients < from.clients).then(|| Setting { clients, ..from.clone() }))
    };
    let events = |percent: u64| -> Reduction {
        Box::new(move |from| {
            let events = from.events * percent / 100;
            (events < from.events).then(|| Setting { events, ..from.clone() })
        })
    };
    let without = |fault: Fault| -> Reduction {
        Box::new(move |from| {
            let mut reduced = from.clone();
            reduced.without.push(fault);
            (!from.without.contains(&fault)).then_some(reduced)
        })
    };
    let plain: Reduction = Box::new(|from| {
        let links = Some(Links::Plain);
        (from.links != links).then(|| Setting { links, ..from.clone() })
    });
    let sizes = [nodes(2), nodes(1), clients(1), clients(2), clients(3), events(20), events(50), events(80)];
    sizes.into_iter().chain([plain]).chain(Fault::ALL.map(without))
}
