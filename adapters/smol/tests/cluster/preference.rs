use std::time::{Duration, Instant};

use quorate::{Seat, Seats};
use quorate_smol::{Event, ServerConfig};

use crate::harness::{House, eventually};

/// A cluster of three that prefers the first node to lead.
struct Trial {
    house: House,
}

impl Trial {
    fn start() -> Trial {
        let mut trial = Trial { house: House::with_log(3, 1 << 20) };
        (1..=3).for_each(|seat| trial.start_node(seat));
        trial.house.client().add("apples", 1);
        trial
    }

    fn start_node(&mut self, seat: u8) {
        let preferred = Seats::NONE.with(Seat(1));
        self.house.run(ServerConfig { preferred, ..self.house.config(seat) });
    }

    /// Waits until the first node leads all.
    #[track_caller]
    fn obey(&self) {
        eventually("the preferred node leads", || (self.house.leader().0 == 1).then_some(()));
    }

    /// What the other nodes have handed over: to whom, and after how long.
    fn handed_over(&self) -> Vec<(Seat, Duration)> {
        let events = [2, 3].into_iter().flat_map(|seat| self.house.events(seat));
        let handed = events.filter_map(|event| match event {
            Event::HandsOver { to, fit_for } => Some((to, fit_for)),
            _ => None,
        });
        handed.collect()
    }
}

/// It was lost, so the others leave it alone for ten seconds; and it has to follow for ten election time-outs.
#[test]
fn a_preferred_node_leads_and_leads_again_when_it_is_back() {
    let mut trial = Trial::start();
    trial.obey();
    let before = trial.handed_over().len();
    assert!(before <= 1, "it was elected, or took over");

    trial.house.kill(1);
    let (lost, mut client) = (Instant::now(), trial.house.client_of([2, 3]));
    assert_eq!(client.add("apples", 2).1, 3, "the others go on");
    trial.start_node(1);
    trial.obey();
    let took = lost.elapsed();
    assert!(took > Duration::from_secs(10), "{took:?}: it was left alone for too short");
    let handed = trial.handed_over();
    assert_eq!(handed.len(), before + 1, "{handed:?}");
    let (to, fit_for) = handed[before];
    assert!(to == Seat(1) && fit_for >= Duration::from_millis(2500), "{handed:?}");
    assert_eq!(client.add("apples", 3).1, 6);
}
