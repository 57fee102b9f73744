use super::act::Act;
use super::rules::Setting;
use super::state::State;
use crate::spec::node::{Role, name};

impl std::fmt::Display for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Act::Vote { voter, candidate, as_successor } => {
                write!(f, "{} votes for {}", name(voter), name(candidate))?;
                match as_successor {
                    None => Ok(()),
                    Some(false) => write!(f, " in its next term"),
                    Some(true) => write!(f, " in its next term, by the transfer's ballot"),
                }
            }
            Act::Hear { seat, term, previous, through } => {
                write!(f, "{} hears {previous}..{through} of term {term}", name(seat))
            }
            Act::Draw { leader } => write!(f, "{} draws a round", name(leader)),
            Act::Confirm { seat, leader } => write!(f, "{} confirms the round of {}", name(seat), name(leader)),
            Act::Answer { leader } => write!(f, "{} hears the last answer to its round", name(leader)),
            Act::Pass { fast } => {
                let fast: String = (0..3).filter(|seat| fast >> seat & 1 == 1).map(name).collect();
                write!(f, "time goes by, fast at [{fast}]")
            }
            Act::Append { leader } => write!(f, "{} appends", name(leader)),
            Act::Enable { leader } => write!(f, "{} appends the roster by which leases are on", name(leader)),
            Act::Write { leader } => write!(f, "{} has written", name(leader)),
            Act::HandOver { leader, successor } => write!(f, "{} hands over to {}", name(leader), name(successor)),
            Act::Look { leader } => write!(f, "{} looks at its clock", name(leader)),
            Act::Crash { seat, as_older: false } => write!(f, "{} starts again", name(seat)),
            Act::Crash { seat, as_older: true } => write!(f, "{} starts again, as an older build", name(seat)),
        }
    }
}

impl State {
    /// The state in a line: of each node term, role, log, mark, and what is left of its fence and of its lease.
    pub(crate) fn told(&self, setting: &Setting) -> String {
        let mut line = String::new();
        for (node, seat) in self.nodes[..setting.nodes].iter().zip(0..) {
            let role = match node.role {
                Role::Follower => String::new(),
                Role::Candidate => " stands".into(),
                Role::Leader => format!(" leads with {} durable, lease {}", node.durable, node.lease),
            };
            let (term, fence) = (node.term, node.fence);
            let build = if node.is_older { " older" } else { "" };
            line.push_str(&format!(
                "{}: t{term}{build}{role} {} mark {} fence {fence}   ",
                name(seat),
                node.log,
                node.mark
            ));
        }
        line + &format!("committed {}", self.committed)
    }
}
