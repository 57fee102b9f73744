use std::collections::BTreeMap;

use quorate::Seat;
use quorate_smol::{Links, Status};

use crate::layout::names;

/// What these nodes take of others, by their own account, in a line; none if there is none.
pub(super) fn links(accounts: &[(Seat, &Status)]) -> Option<String> {
    let mut kinds = BTreeMap::<&str, Vec<Seat>>::new();
    for (seat, status) in accounts {
        let kind = match status.condition.links {
            Links::Plain => "plain: whoever reaches a node can read, write, and pose as another one",
            Links::Both => "sealed, and for a while what is not sealed is taken as well",
            Links::Sealed => "sealed",
        };
        kinds.entry(kind).or_default().push(*seat);
    }
    let of = |(kind, seats): (&&str, &Vec<Seat>)| format!("{}: {kind}", names(seats.iter().copied()));
    match kinds.len() {
        0 => None,
        1 => kinds.keys().next().map(|kind| format!("links {kind}")),
        _ => Some(format!("links of {}", kinds.iter().map(of).collect::<Vec<_>>().join("; of "))),
    }
}

/// The same of one node, in a word.
pub(crate) const fn name(links: Links) -> &'static str {
    match links {
        Links::Plain => "plain",
        Links::Both => "both",
        Links::Sealed => "sealed",
    }
}
