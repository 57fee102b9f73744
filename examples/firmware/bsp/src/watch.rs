use quorate::{Role, Term};

use crate::Station;

/// Tells the log what the node becomes.
#[derive(Default)]
pub struct Watch {
    told: Option<(Role, Term)>,
}

impl Watch {
    /// Looks at the station after its turn.
    pub fn look(&mut self, station: &Station) {
        let state = (station.node().role(), station.node().term());
        if self.told.replace(state) != Some(state) {
            defmt::info!("{} of {}", state.0, state.1);
        }
    }
}
