use super::act::{Act, WHOLE};
use super::configuration::{Lives, Members, SEATS};
use super::log::{Entry, Kind, Log};
use super::rules::Setting;
use super::state::State;
use crate::spec::node::{Role, name};

/// The seats of a set, each with its life behind it.
struct Named(u8, Lives);

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for seat in (0..SEATS).filter(|seat| self.0 >> seat & 1 == 1) {
            write!(f, "{}{}", name(seat as u8), self.1.of(seat))?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.term())?;
        let word = match self.kind() {
            Kind::Command => return write!(f, "x"),
            Kind::Joint => "joint",
            Kind::Plain => "plain",
        };
        write!(f, ":{word} {}", Named(self.voters(), self.lives()))?;
        if self.learners() != 0 {
            write!(f, "/{}", Named(self.learners(), self.lives()))?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let entries: Vec<_> = self.entries().iter().map(Entry::to_string).collect();
        write!(f, "[{}]", entries.join(", "))
    }
}

impl std::fmt::Display for Members {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_joint() {
            write!(f, "{}>", Named(self.outgoing, self.before))?;
        }
        write!(f, "{}/{}", Named(self.voters, self.lives), Named(self.learners, self.lives))
    }
}

impl std::fmt::Display for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Act::Stand { seat, above } => write!(f, "{} alone wins term {}", name(seat), above + 1),
            Act::Vote { voter, candidate, above } => {
                write!(f, "{} votes for {}", name(voter), name(candidate))?;
                above.map_or(Ok(()), |above| write!(f, " in a new term {}", above + 1))
            }
            Act::Hear { seat, term, previous, through, parts } => {
                write!(f, "{} hears {previous}..{through} of term {term}", name(seat))?;
                if parts == WHOLE { Ok(()) } else { write!(f, ", and crashes when {parts} parts are written") }
            }
            Act::Install { seat, term, through } => {
                write!(f, "{} gets a snapshot through {through} of term {term}", name(seat))
            }
            Act::Compact { seat, through } => write!(f, "{} takes a snapshot through {through}", name(seat)),
            Act::Format { seat, term, through } => {
                write!(f, "{} is formatted with {through} entries of term {term}", name(seat))
            }
            Act::Answer { seat, leader } => write!(f, "{} answers the challenge of {}", name(seat), name(leader)),
            Act::Learn { seat, known } => write!(f, "{} hears that {known} are committed", name(seat)),
            Act::Append { seat, entry } => write!(f, "{} appends {entry}", name(seat)),
            Act::Write { seat } => write!(f, "{} has written", name(seat)),
            Act::Crash { seat } => write!(f, "{} crashes", name(seat)),
            Act::Wipe { seat } => write!(f, "{} loses its disk", name(seat)),
            Act::Reboot { seat } => write!(f, "{} starts anew, empty", name(seat)),
        }
    }
}

impl State {
    /// The state in a line: of each store its life, and term, role, log, mark and snapshot.
    pub(crate) fn told(&self, setting: &Setting) -> String {
        let stores = setting.each().map(|seat| self.store(seat)).collect::<Vec<_>>();
        format!("{}   committed {}", stores.join("   "), self.committed)
    }

    fn store(&self, seat: usize) -> String {
        let node = &self.nodes[seat];
        let is_named = format!("{}{}", name(seat as u8), node.life);
        if !node.is_formatted {
            return format!("{is_named}: empty");
        }
        let role = match node.role {
            Role::Follower => "",
            Role::Candidate => " stands",
            Role::Leader => " leads",
        };
        let base = if node.base > 0 { format!(" snapshot {}", node.base) } else { String::new() };
        let cached = node.cached.map_or(String::new(), |members| format!(" taking {members} for the members"));
        format!("{is_named}: t{}{role} {} mark {}{base}{cached}", node.term, node.log, node.mark)
    }
}
