use super::act::Act;
use super::ear::{Frame, Notice};
use super::rules::Setting;
use super::state::State;
use crate::spec::node::name;

impl std::fmt::Display for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |node: usize| name(node as u8);
        match *self {
            Act::Call { receiver, sender } => write!(f, "{} calls {}", name(receiver), name(sender)),
            Act::Answer { sender, receiver, echo } => {
                write!(f, "{} answers call x{echo} of {}", name(sender), name(receiver))
            }
            Act::Hear { receiver, sender, notice: Notice { number, echo, counter } } => {
                write!(f, "{} gets Notice {{ n{number}, x{echo}, {counter} }} of {}", name(receiver), name(sender))
            }
            Act::Seal { sender } => write!(f, "{} seals a frame", name(sender)),
            Act::Open { receiver, sender, by, frame: Frame { number, counter } } => {
                write!(f, "{} opens frame {counter} of n{number} of {}", name(receiver), name(sender))?;
                if by == sender { Ok(()) } else { write!(f, ", which {} has sealed", name(by)) }
            }
            Act::Leave { sender } => write!(f, "{} gives its number up", name(sender)),
            Act::Restart { node } => write!(f, "{} starts again", name(node)),
        }
    }
}

impl State {
    /// The state in a line: of each sender its number, and of each that listens its open number and what it listens to.
    pub(crate) fn told(&self, setting: &Setting) -> String {
        let mut line = String::new();
        for sender in 0..setting.speakers {
            let cast = self.casts[sender].map_or("none".into(), |cast| format!("n{} of {}", cast.number, cast.sent));
            line.push_str(&format!("{}: {cast}", name(sender as u8)));
            for receiver in (0..setting.nodes).filter(|receiver| *receiver != sender) {
                let ear = &self.ears[receiver][sender];
                let open = ear.open.map_or("none".into(), |open| format!("x{open}"));
                let heard = ear.heard.map_or("nothing".into(), |heard| format!("n{}", heard.number));
                line.push_str(&format!(", {}: open {open}, hears {heard}", name(receiver as u8)));
            }
            line.push_str("   ");
        }
        line
    }
}
