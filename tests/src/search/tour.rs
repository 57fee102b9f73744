use super::{Budget, Kind, Setting, Start};

/// Several searches that together look everywhere for about a minute: each at what the others leave out, as deep as
/// some seconds go. Each goes less deep first: most stories are short.
pub fn tour() -> Vec<Setting> {
    let deep = places();
    let shallow = deep.iter().map(|setting| Setting { depth: setting.depth - SHALLOWER, ..setting.clone() });
    shallow.chain(deep.iter().cloned()).collect()
}

/// By so many acts. A seventh of the states, or so, is left then.
const SHALLOWER: usize = 2;

fn places() -> Vec<Setting> {
    let some = Budget { elections: 2, beats: 1, commands: 2, crashes: 1, ..Budget::default() };
    let once = Budget { repeats: Some(0), ..some };
    let everything = Budget { reads: 1, transfers: 1, resignations: 1, leaves: 1, repeats: Some(1), ..some };
    let asked = Budget { asks: 3, snapshots: 1, elections: 1, commands: 0, ..once };
    let covered = Budget { snapshots: 1, commands: 1, elections: 1, ..once };
    let of = |nodes, budget| Setting { calms: true, ..Setting::new(nodes, budget) };
    let led = |nodes, budget| Setting { start: Start::Led, ..of(nodes, budget) };
    let behind = |budget| Setting { start: Start::Behind, log_bytes: 96, ..of(3, budget) };
    // A log with room for the change that replaces a lost store, and for its end.
    let lossy = |budget| Setting { log_bytes: 176, ..behind(budget) };
    let thin = Budget { elections: 1, commands: 1, repeats: Some(0), ..Budget::default() };
    let lost = Budget { elections: 0, commands: 0, losses: 1, crashes: 1, ..thin };
    let changed = Budget { changes: 1, commands: 0, ..thin };
    vec![
        Setting { depth: 13, ..of(3, some) },
        Setting { depth: 5, ..led(3, everything) },
        Setting { depth: 10, log_bytes: 64, ..led(3, some) },
        Setting { depth: 6, ..led(3, Budget { reads: 2, transfers: 1, ..once }) },
        Setting { depth: 18, log_bytes: 64, ..of(2, some) },
        Setting { depth: 7, ..led(3, Budget { losses: 1, ..some }) },
        Setting { depth: 9, log_bytes: 64, lost: vec![Kind::Acks], ..led(3, Budget { commands: 3, ..once }) },
        Setting { depth: 11, ..of(1, Budget { asks: 4, crashes: 2, ..asked }) },
        Setting { depth: 6, ..led(2, asked) },
        Setting { depth: 5, ..led(3, asked) },
        Setting { depth: 11, log_bytes: 96, ..led(2, Budget { commands: 3, snapshots: 2, ..covered }) },
        Setting { depth: 9, ..behind(covered) },
        Setting { depth: 6, ..lossy(Budget { rots: 1, losses: 1, ..covered }) },
        Setting { depth: 7, ..behind(Budget { beats: 2, commands: 2, snapshots: 2, repeats: Some(1), ..covered }) },
        // Little may happen, and so the stories may be long.
        Setting { depth: 13, ..of(3, Budget { elections: 2, crashes: 1, ..thin }) },
        Setting { depth: 13, ..led(3, Budget { elections: 2, resignations: 1, ..thin }) },
        Setting { depth: 12, ..led(3, Budget { transfers: 1, ..thin }) },
        Setting { depth: 10, ..led(3, Budget { reads: 1, ..thin }) },
        Setting { depth: 11, ..led(3, Budget { losses: 1, ..thin }) },
        Setting { depth: 10, learners: 1, ..led(3, Budget { reads: 1, ..thin }) },
        Setting { depth: 17, ..behind(thin) },
        Setting { depth: 17, ..behind(Budget { elections: 0, beats: 1, crashes: 1, snapshots: 1, ..thin }) },
        Setting { depth: 14, ..lossy(lost) },
        Setting { depth: 11, ..lossy(Budget { rots: 1, ..lost }) },
        // A learner is promoted, a member goes, a store joins and may become a voter, one is lost while members change.
        Setting { depth: 13, learners: 1, ..led(3, Budget { resignations: 1, ..changed }) },
        Setting { depth: 9, ..led(3, Budget { beats: 1, crashes: 1, ..changed }) },
        Setting { depth: 9, joiners: 1, ..led(3, Budget { changes: 2, commands: 1, ..changed }) },
        Setting { depth: 8, ..led(3, Budget { losses: 1, ..changed }) },
        Setting { depth: 7, learners: 1, ..lossy(Budget { snapshots: 1, crashes: 1, ..changed }) },
    ]
}
