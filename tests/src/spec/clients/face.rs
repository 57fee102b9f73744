use super::act::Act;
use super::client::Session;
use super::letter::{Frame, Hello, Side};
use super::state::State;

impl std::fmt::Display for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Act::Ask => write!(f, "the client asks"),
            Act::Hear(hello @ Hello::Answer { .. }) => write!(f, "the client gets {hello}"),
            Act::Hear(hello) => write!(f, "the node gets {hello}"),
            Act::Seal => write!(f, "the client seals a frame"),
            Act::Reply { x, y } => write!(f, "the node seals a frame for x{x} y{y}"),
            Act::Open { side, frame: Frame { x, y, counter, by } } => {
                write!(f, "{side} opens frame {counter} of {by} for x{x} y{y}")
            }
            Act::GoOn => write!(f, "the challenge goes on"),
            Act::Forget { x, y } => write!(f, "the node forgets x{x} y{y}"),
            Act::Restart(side) => write!(f, "{side} starts again"),
        }
    }
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Side::Client { "the client" } else { "the node" })
    }
}

impl std::fmt::Display for Hello {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Hello::Ask { x } => write!(f, "Ask {{ x{x} }}"),
            Hello::Answer { x, y } => write!(f, "Answer {{ x{x}, y{y} }}"),
            Hello::Done { x, y } => write!(f, "Done {{ x{x}, y{y} }}"),
        }
    }
}

impl State {
    /// The state in a line: the client's open number and its session, the challenge and the sessions of the node.
    pub(crate) fn told(&self) -> String {
        let open = self.client.open.map_or("none".into(), |x| format!("x{x}"));
        let session = self.client.session.map_or("none".into(), |Session { x, y, .. }| format!("x{x} y{y}"));
        let here: Vec<_> = self.node.here.iter().map(|(x, y)| format!("x{x} y{y}")).collect();
        let present = self.node.present;
        format!("client: open {open}, session {session}   node: challenge {present}, sessions [{}]", here.join(", "))
    }
}
