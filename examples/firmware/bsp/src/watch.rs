use quorate::{Role, Term};
use quorate_serial::Undone;

use crate::Station;

/// Tells the log what the node becomes, and what it cannot do.
#[derive(Default)]
pub struct Watch {
    told: Option<(Role, Term)>,
    undone: Option<Undone>,
}

impl Watch {
    /// Looks at the station after its turn.
    pub fn look(&mut self, station: &Station) {
        let state = (station.node().role(), station.node().term());
        if self.told.replace(state) != Some(state) {
            defmt::info!("{} of {}", state.0, state.1);
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
