use std::fmt::Write as _;

use super::act::{Act, WHOLE};
use super::rules::Setting;
use super::state::{State, Store};
use crate::spec::node::{Role, name};

impl std::fmt::Display for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = match *self {
            Act::Stand { seat, above } => {
                write!(f, "{} stands in term {}", name(seat), above + 1)?;
                WHOLE
            }
            Act::Vote { voter, candidate, above, parts } => {
                write!(f, "{} votes for {}", name(voter), name(candidate))?;
                if let Some(above) = above {
                    write!(f, " in a new term {}", above + 1)?;
                }
                parts
            }
            Act::Append { seat, parts } => {
                write!(f, "{} appends", name(seat))?;
                parts
            }
            Act::Hear { seat, term, previous, through, parts } => {
                write!(f, "{} hears {previous}..{through} of term {term}", name(seat))?;
                parts
            }
            Act::Install { seat, term, through, parts, forgets_term } => {
                write!(f, "{} gets a snapshot through {through} of term {term}", name(seat))?;
                if forgets_term {
                    write!(f, ", but not the term")?;
                }
                parts
            }
            Act::Compact { seat, through } => {
                write!(f, "{} takes a snapshot through {through}", name(seat))?;
                WHOLE
            }
            Act::Write { seat } => {
                write!(f, "{} writes a part", name(seat))?;
                WHOLE
            }
            Act::Crash { seat } => {
                write!(f, "{} crashes", name(seat))?;
                WHOLE
            }
        };
        if parts == WHOLE { Ok(()) } else { write!(f, ", and crashes when {parts} parts are written") }
    }
}

impl State {
    /// The state in a line: of each node term, role, log, mark and snapshot, and its disk where that differs.
    pub(crate) fn told(&self, setting: &Setting) -> String {
        let mut line = String::new();
        for (node, seat) in self.nodes[..setting.nodes].iter().zip(0..) {
            let role = match node.role {
                Role::Follower => "",
                Role::Candidate => " stands",
                Role::Leader => " leads",
            };
            let _ = write!(line, "{}: t{}{role} {}", name(seat), node.term, store(&node.memory));
            if node.memory != node.disk {
                let _ = write!(line, " (disk {})", store(&node.disk));
            }
            line.push_str("   ");
        }
        let _ = write!(line, "committed {}", self.committed);
        line
    }
}

fn store(store: &Store) -> String {
    let base = if store.base > 0 { format!(" snapshot {}", store.base) } else { String::new() };
    format!("{} mark {}{base}", store.log, store.mark)
}
