use std::str::FromStr;

use quorate::{Features, Index, Position, Session, Term};

/// One line of a script: words, some of them `name=value`.
pub(crate) struct Line<'a> {
    words: Vec<&'a str>,
}

impl<'a> Line<'a> {
    pub(crate) fn new(text: &'a str) -> Line<'a> {
        Line { words: text.split_whitespace().collect() }
    }

    pub(crate) fn verb(&self) -> &'a str {
        self.words.first().copied().unwrap_or_default()
    }

    /// The plain words behind the verb.
    pub(crate) fn plain(&self) -> Vec<&'a str> {
        self.words.iter().skip(1).copied().filter(|word| !word.contains('=')).collect()
    }

    /// The plain word at this place, as a node's name.
    #[track_caller]
    pub(crate) fn node(&self, place: usize) -> u8 {
        let word = self.plain().get(place).copied().unwrap_or_default();
        word.parse().unwrap_or_else(|_| panic!("`{}`: word {} names no node", self.words.join(" "), place + 1))
    }

    pub(crate) fn has(&self, flag: &str) -> bool {
        self.plain().contains(&flag)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        let values = self.words.iter().filter_map(|word| word.split_once('='));
        values.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
    }

    /// The number `name=3`, zero if there is none.
    #[track_caller]
    pub(crate) fn number<T: FromStr + Default>(&self, name: &str) -> T {
        self.number_or(name, T::default())
    }

    /// The number `name=3`, or the usual one.
    #[track_caller]
    pub(crate) fn number_or<T: FromStr>(&self, name: &str, usual: T) -> T {
        let read =
            |text: &str| text.parse().unwrap_or_else(|_| panic!("`{}`: {name} is no number", self.words.join(" ")));
        self.text(name).map_or(usual, read)
    }

    /// The session `session=7:4#1`: the client's number, the epoch, and the command's number.
    #[track_caller]
    pub(crate) fn session(&self) -> Option<Session> {
        let (client, rest) = self.text("session")?.split_once(':').expect("a client and an epoch");
        let (epoch, sequence) = rest.split_once('#').expect("an epoch and a sequence");
        let read = |text: &str| text.parse().expect("a number");
        Some(Session { client: read(client), epoch: Index(read(epoch)), sequence: read(sequence) })
    }

    /// The numbers `name=1,1,2`.
    #[track_caller]
    pub(crate) fn numbers(&self, name: &str) -> Vec<u64> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').filter(|part| !part.is_empty()).map(|part| part.parse().expect("a number")).collect()
    }

    /// The features `name=0,16`: their numbers.
    #[track_caller]
    pub(crate) fn features(&self, name: &str) -> Option<Features> {
        self.text(name)?;
        Some(self.numbers(name).into_iter().fold(Features::NONE, |all, number| all.with(Features(1 << number))))
    }

    /// The position `name=3@2`, the one before the log if there is none.
    #[track_caller]
    pub(crate) fn position(&self, name: &str) -> Position {
        let Some((index, term)) = self.text(name).and_then(|text| text.split_once('@')) else {
            return Position::default();
        };
        Position { term: Term(term.parse().expect("a term")), index: Index(index.parse().expect("an index")) }
    }
}
