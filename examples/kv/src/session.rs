use std::fmt;
use std::str::FromStr;

use quorate::Index;

/// The session of one write, as it is shown and named: client, epoch and sequence, as in `5f1c77a09be2d4e3:1842:3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Session(pub(crate) quorate::Session);

impl Session {
    /// How its write can be repeated.
    pub(crate) fn repetition(self) -> String {
        format!("The same command with --session {self} is not done twice")
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quorate::Session { client, epoch: Index(epoch), sequence } = self.0;
        write!(f, "{client:016x}:{epoch}:{sequence}")
    }
}

impl FromStr for Session {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Session, &'static str> {
        read(text).ok_or(
            "no session of a write: name the one that was shown with it, client, epoch and sequence, as in \
             5f1c77a09be2d4e3:1842:3",
        )
    }
}

fn read(text: &str) -> Option<Session> {
    let mut parts = text.splitn(3, ':');
    let client = u64::from_str_radix(parts.next()?, 16).ok()?;
    let epoch = Index(parts.next()?.parse().ok()?);
    let sequence = parts.next()?.parse().ok().filter(|sequence| *sequence > 0)?;
    Some(Session(quorate::Session { client, epoch, sequence }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_read_as_it_is_shown() {
        let session = Session(quorate::Session { client: 0x00ab, epoch: Index(1842), sequence: 3 });
        assert_eq!(session.to_string(), "00000000000000ab:1842:3");
        assert_eq!(session.to_string().parse(), Ok(session));
    }

    #[test]
    fn what_names_no_write_is_refused() {
        for text in ["", "7", "7:1", "7:1:", "7:1:0", "7:-1:1", "x:1:1", "7:1:1:1", "12345678123456781:1:1"] {
            assert!(text.parse::<Session>().is_err(), "{text}");
        }
    }
}
