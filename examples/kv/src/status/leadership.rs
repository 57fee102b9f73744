use std::collections::BTreeMap;

use quorate::{Seat, Seats};
use quorate_smol::Status;

use crate::layout::{name, names};

/// Who is to lead if they can, by the account of these nodes, in a line; none if nobody is preferred.
pub(super) fn preferred(accounts: &[(Seat, &Status)]) -> Option<String> {
    let mut lists = BTreeMap::<u32, Vec<Seat>>::new();
    for (seat, status) in accounts {
        lists.entry(status.preferred.0).or_default().push(*seat);
    }
    let list = |seats: &u32| if *seats == 0 { "nobody".to_owned() } else { names(Seats(*seats).iter()) };
    match lists.len() {
        0 | 1 => lists.keys().find(|seats| **seats != 0).map(|seats| format!("preferred {}", list(seats))),
        _ => {
            let told = |(seats, by): (&u32, &Vec<Seat>)| format!("{} by {}", list(seats), names(by.iter().copied()));
            Some(format!("preferred {}", lists.iter().map(told).collect::<Vec<_>>().join("; ")))
        }
    }
}

/// Whether the leader has a lease by which it serves reads, in a line.
pub(super) fn lease(leader: &Status) -> String {
    let who = name(leader.seat);
    match leader.lease_ms {
        None => format!("lease none: {who} serves no reads by a lease in this term"),
        Some(0) => format!("lease of {who}, none at the moment: the next read by lease makes one"),
        Some(millis) => format!("lease of {who}, for {millis} ms yet"),
    }
}
