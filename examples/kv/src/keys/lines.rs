use std::path::Path;

use crate::exit::{Exit, Failure};

/// Which of the two files it is, by its first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Keyring,
    Client,
}

impl Kind {
    /// The first line, of the version of the format that is written.
    pub(super) const fn heading(self) -> &'static str {
        match self {
            Kind::Keyring => "quorate keyring 1",
            Kind::Client => "quorate client key 1",
        }
    }
}

/// The lines of a file of keys. It tells which of them is not understood, and never what stands there.
pub(super) struct Lines<'a> {
    path: &'a Path,
    rest: std::str::Lines<'a>,
    /// The number of the line that was read last.
    number: usize,
}

impl<'a> Lines<'a> {
    /// # Errors
    /// The first line is not one of a file of keys that this version knows.
    pub(super) fn begin(path: &'a Path, text: &'a str) -> Result<(Kind, Lines<'a>), Failure> {
        let mut rest = text.lines();
        let first = rest.next().unwrap_or_default();
        let lines = Lines { path, rest, number: 1 };
        let (format, version) = first.rsplit_once(' ').unwrap_or_default();
        let known = [Kind::Keyring, Kind::Client].map(|kind| (kind, kind.heading().rsplit_once(' ')));
        let Some((kind, heading)) =
            known.into_iter().find(|(_, heading)| heading.is_some_and(|(own, _)| own == format))
        else {
            let what = "a file of keys begins with `quorate keyring 1` or `quorate client key 1`: this is none. Name another \
                        one with --keys";
            return Err(lines.refusal(what));
        };
        match version.parse::<u32>() {
            Ok(later) if heading != Some((format, version)) => Err(Failure::new(
                Exit::LaterVersion,
                format_args!(
                    "{}, line 1: version {later} of this format is not known to this version. Use the version that wrote it, \
                     or a later one",
                    path.display()
                ),
            )),
            Ok(_) => Ok((kind, lines)),
            Err(_) => Err(lines.refusal("the format's version stands at the line's end, as in `quorate keyring 1`")),
        }
    }

    /// The next line that says something: its first word, and the others.
    pub(super) fn next(&mut self) -> Option<(&'a str, impl Iterator<Item = &'a str> + use<'a>)> {
        for line in self.rest.by_ref() {
            self.number += 1;
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some(first) if !first.starts_with('#') => return Some((first, words)),
                _ => {}
            }
        }
        None
    }

    /// That the line that was read last cannot be used.
    pub(super) fn refusal(&self, what: &str) -> Failure {
        refusal(format_args!("{}, line {}: {what}", self.path.display(), self.number))
    }

    /// That the file lacks something.
    pub(super) fn lack(&self, what: &str) -> Failure {
        refusal(format_args!("{}: {what}", self.path.display()))
    }
}

fn refusal(what: std::fmt::Arguments<'_>) -> Failure {
    Failure::new(Exit::Damaged, format_args!("{what}. Mend it, or take another copy of the file"))
}

/// The value of a line that is to have one word, if that is what it says.
pub(super) fn only<'a, T: std::str::FromStr>(mut words: impl Iterator<Item = &'a str>) -> Option<T> {
    let value = words.next()?.parse().ok()?;
    words.next().is_none().then_some(value)
}
