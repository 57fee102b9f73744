use super::{Budget, Kind, Setting};

/// Several searches that together look everywhere for about a minute: each at what the others leave out, as deep as
/// some seconds go.
pub fn tour() -> Vec<Setting> {
    let some = Budget { elections: 2, beats: 1, commands: 2, crashes: 1, ..Budget::default() };
    let once = Budget { repeats: Some(0), ..some };
    let everything = Budget { reads: 1, transfers: 1, resignations: 1, leaves: 1, repeats: Some(1), ..some };
    let three = |budget| Setting { calms: true, ..Setting::new(3, budget) };
    let led = |budget| Setting { led: true, ..three(budget) };
    let deaf = |lost| Setting { lost: vec![lost], log_bytes: 64, depth: 12, ..led(Budget { commands: 3, ..once }) };
    vec![
        Setting { depth: 14, ..three(some) },
        Setting { depth: 5, ..led(everything) },
        Setting { depth: 11, log_bytes: 64, ..led(some) },
        Setting { depth: 7, ..led(Budget { reads: 2, transfers: 1, ..once }) },
        Setting { depth: 18, log_bytes: 64, calms: true, ..Setting::new(2, some) },
        Setting { depth: 8, ..led(Budget { losses: 1, ..some }) },
        deaf(Kind::Acks),
        deaf(Kind::Votes),
    ]
}
