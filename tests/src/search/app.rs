use quorate::{Entry, Kind, Sessions, Verdict, crc32c_append};
use serde::{Deserialize, Serialize};

use super::mix::digest;

/// What a member's entries came to: the app's state, with its sessions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct App {
    /// Of all commands that were done, in order.
    done: u32,
    /// Room for one session: the next client's takes its place.
    sessions: Sessions<u32, 1>,
}

/// So long that a snapshot takes more than one piece.
const PADDING: usize = 60;

impl App {
    pub(crate) const fn new() -> App {
        App { done: 0, sessions: Sessions::new() }
    }

    /// Does what an entry says, and tells what came of it; none if it is of no session.
    pub(crate) fn apply(&mut self, entry: Entry<'_>) -> Option<Verdict<u32>> {
        let Some(verdict) = self.sessions.admit(entry) else {
            // Who takes part is no concern of the app, and is called otherwise under another naming.
            let record = if entry.kind() == Kind::Members { b"members" } else { entry.record() };
            self.done = crc32c_append(self.done, record);
            return None;
        };
        if verdict == Verdict::Fresh {
            let command = entry.command().unwrap_or_default();
            self.done = crc32c_append(self.done, command);
            self.sessions.record(entry, answer(command));
        }
        Some(verdict)
    }

    /// Tells apart states that differ in anything, written or not.
    pub(crate) fn digest(&self) -> u64 {
        digest(self)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = postcard::to_stdvec(self).expect("an app's state can be written");
        bytes.resize(bytes.len() + PADDING, 0);
        bytes
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<App> {
        let (app, _) = postcard::take_from_bytes(bytes).ok()?;
        Some(app)
    }
}

/// What is answered to a command.
pub(crate) fn answer(command: &[u8]) -> u32 {
    crc32c_append(0, command)
}
