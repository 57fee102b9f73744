use super::act::Act;
use super::side::{Frame, Hello, Number, Session, Word};
use super::state::{NUMBERS, State, Turn, side_of};
use crate::spec::node::name;

impl std::fmt::Display for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Act::Ask { side } => write!(f, "{} asks", name(side)),
            Act::Hear { side, hello } => write!(f, "{} gets {hello}", name(side)),
            Act::Seal { side } => write!(f, "{} seals a frame", name(side)),
            Act::Open { side, frame: Frame { x, y, key, counter } } => {
                write!(f, "{} opens frame {counter} of {}, {} under key {key}", name(side), told(x), told(y))
            }
            Act::Again { side } => write!(f, "{} says Done again", name(side)),
            Act::Key { side, turn: Turn::Install } => write!(f, "{} is given the other key", name(side)),
            Act::Key { side, turn: Turn::Use } => write!(f, "{} uses the other key", name(side)),
            Act::Key { side, turn: Turn::Remove } => write!(f, "{} loses the other key", name(side)),
            Act::Restart { side } => write!(f, "{} starts again", name(side)),
        }
    }
}

impl std::fmt::Display for Hello {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.word {
            Word::Ask { x } => write!(f, "Ask {{ {} }}", told(x))?,
            Word::Answer { x, y } => write!(f, "Answer {{ {}, {} }}", told(x), told(y))?,
            Word::Done { x, y } => write!(f, "Done {{ {}, {} }}", told(x), told(y))?,
        }
        write!(f, " under key {}", self.key)
    }
}

impl State {
    /// The state in a line: of each side its open number and its sessions, the confirmed ones with a mark.
    pub(crate) fn told(&self) -> String {
        let mut line = String::new();
        for (side, seat) in self.sides.iter().zip(0..) {
            let open = side.open.map_or("none".into(), told);
            let [present, next] = [side.present, side.next].map(|session| session.map_or("none".into(), told_session));
            let others = if side.keys.has_both { " of two" } else { "" };
            let keys = format!("uses key {}{others}", side.keys.used);
            line.push_str(&format!("{}: {keys}, open {open}, present {present}, next {next}   ", name(seat)));
        }
        line
    }
}

fn told_session(Session { mine, theirs, key, is_confirmed, .. }: Session) -> String {
    format!("{} {} under {key}{}", told(mine), told(theirs), if is_confirmed { "!" } else { "" })
}

/// A number, as `a0` or `b1`.
fn told(number: Number) -> String {
    format!("{}{}", ['a', 'b'][side_of(number)], usize::from(number) % NUMBERS)
}
