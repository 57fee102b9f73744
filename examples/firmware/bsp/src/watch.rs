use quorate::founding::Obstacle;
use quorate::{Founding, Incarnation, KeyId, Role, Term};
use quorate_serial::{Mislisted, Undone};

use crate::{Station, stack};

/// Tells the log what the station becomes, what it waits for, and what it cannot do.
#[derive(Default)]
pub struct Watch {
    obstacle: Option<Obstacle>,
    founding: Option<Founding>,
    takes_part: Option<(bool, Incarnation)>,
    mislisted: Option<Mislisted>,
    told: Option<(Role, Term)>,
    undone: Option<Undone>,
    lacks: Option<KeyId>,
}

impl Watch {
    /// Looks at the station after its turn.
    pub fn look(&mut self, station: &Station) {
        let obstacle = station.obstacle().filter(|obstacle| *obstacle != Obstacle::Nothing);
        if let Some(obstacle) = changed(&mut self.obstacle, obstacle) {
            defmt::warn!("no member of a cluster yet: {}", obstacle);
        }
        if let Some(founding) = changed(&mut self.founding, station.charter().map(|charter| charter.founding)) {
            stack::repaint();
            defmt::info!("member of the cluster of {=u64:016x}", founding.0);
        }
        if let Some(mislisted) = changed(&mut self.mislisted, station.mislisted()) {
            defmt::warn!("the list of members differs, and changes nothing: {}", mislisted);
        }
        let takes_part = station.node().map(|node| (node.is_member(), node.identity().incarnation));
        match changed(&mut self.takes_part, takes_part) {
            Some((true, incarnation)) => defmt::info!("takes part: {}", incarnation),
            Some((false, incarnation)) => defmt::warn!("waits until the members let it in: {}", incarnation),
            None => {}
        }
        let state = station.node().map(|node| (node.role(), node.term()));
        if let Some((role, term)) = changed(&mut self.told, state) {
            defmt::info!("{} of {}", role, term);
        }
        if let Some(key) = changed(&mut self.lacks, station.lacks_key()) {
            defmt::warn!(
                "the members seal under a key that is not here: write key {=u8} into the page of keys",
                key.number()
            );
        }
        if self.undone != station.undone() {
            self.undone = station.undone();
            match self.undone {
                Some(undone) => defmt::warn!("no snapshot can be taken: {}", undone),
                None => defmt::info!("snapshots can be taken again"),
            }
        }
    }
}

/// What there is now, if it is something and was not so before.
fn changed<T: PartialEq + Copy>(before: &mut Option<T>, now: Option<T>) -> Option<T> {
    let is_new = *before != now;
    *before = now;
    now.filter(|_| is_new)
}
