use quorate::founding::{Message, Standing};
use quorate::{Founding, Seat};

/// A message on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Letter {
    pub(super) from: Seat,
    pub(super) to: Seat,
    pub(super) message: Message,
}

impl Letter {
    /// Gives a number another name.
    pub(super) fn rename(&mut self, from: u64, to: u64) {
        let name = |number: &mut u64| *number = if *number == from { to } else { *number };
        match &mut self.message {
            Message::Who { founding, .. } => name(&mut founding.0),
            Message::Where { token, .. } => name(token),
            Message::Prepare { founding, token } => {
                name(&mut founding.0);
                name(token);
            }
            Message::Answer { echo, standing } => {
                name(echo);
                match standing {
                    Standing::Ready { token, prepared, .. } => {
                        name(token);
                        prepared.iter_mut().for_each(|founding| name(&mut founding.0));
                    }
                    Standing::Complete(charter) => name(&mut charter.founding.0),
                    Standing::Abstains | Standing::Differs(_) => {}
                }
            }
        }
    }

    /// Whether the answer says that its sender is prepared for some founding.
    pub(super) fn prepared(&self) -> Option<Founding> {
        match self.message {
            Message::Answer { standing: Standing::Ready { prepared, .. }, .. } => prepared,
            _ => None,
        }
    }
}
