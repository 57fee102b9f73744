/// The most entries of a log.
pub(crate) const ENTRIES: u8 = 7;

/// A log by the terms of its entries, four bits each, the first one lowest. No entry has term zero.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Log(pub(crate) u32);

impl Log {
    pub(crate) fn len(self) -> u8 {
        (35 - self.0.leading_zeros() as u8) / 4
    }

    /// The term at an index, which starts with one; zero where nothing is.
    pub(crate) fn term_at(self, index: u8) -> u8 {
        if index == 0 { 0 } else { (self.0 >> (4 * (index - 1)) & 15) as u8 }
    }

    /// The first entries.
    pub(crate) fn front(self, length: u8) -> Log {
        if length > ENTRIES { self } else { Log(self.0 & ((1 << (4 * length)) - 1)) }
    }

    /// What stands behind the first entries.
    pub(crate) fn behind(self, length: u8) -> Log {
        Log(self.0 >> (4 * length))
    }

    pub(crate) fn push(&mut self, term: u8) {
        self.0 |= u32::from(term) << (4 * self.len());
    }

    /// How many entries two logs have in common from the front.
    pub(crate) fn meeting(self, other: Log) -> u8 {
        let differing = self.0 ^ other.0;
        if differing == 0 { self.len() } else { (differing.trailing_zeros() / 4) as u8 }
    }

    pub(crate) fn has_front(self, front: Log) -> bool {
        self.meeting(front) == front.len()
    }

    /// Whether two logs that have an entry in common have all before it in common (figure 3).
    pub(crate) fn matches(self, other: Log) -> bool {
        let meeting = self.meeting(other);
        (meeting + 1..=self.len().min(other.len())).all(|index| self.term_at(index) != other.term_at(index))
    }

    /// Each term renamed.
    pub(crate) fn renamed(self, names: &[u8; 16]) -> Log {
        (0..self.len()).fold(Log(0), |log, place| {
            let term = names[(self.0 >> (4 * place) & 15) as usize];
            Log(log.0 | u32::from(term) << (4 * place))
        })
    }

    /// The set of its terms, a bit each.
    pub(crate) fn terms(self) -> u16 {
        (1..=self.len()).fold(0, |terms, index| terms | 1 << self.term_at(index))
    }
}

impl std::fmt::Display for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let terms: Vec<_> = (1..=self.len()).map(|index| self.term_at(index).to_string()).collect();
        write!(f, "[{}]", terms.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(terms: &[u8]) -> Log {
        let mut log = Log::default();
        terms.iter().for_each(|term| log.push(*term));
        log
    }

    #[test]
    fn a_log_is_its_terms() {
        let three = log(&[1, 1, 2]);
        assert_eq!((three.len(), three.term_at(0), three.term_at(3), three.term_at(4)), (3, 0, 2, 0));
        assert_eq!(three.front(2).len() + three.behind(2).len(), 3);
        assert!(three.behind(2) == log(&[2]) && log(&[1; 7]).front(7) == log(&[1; 7]));
        assert_eq!(three.terms(), 0b110);
        assert_eq!(three.to_string(), "[1 1 2]");
    }

    #[test]
    fn logs_meet_where_they_agree() {
        assert_eq!(log(&[1, 1, 2]).meeting(log(&[1, 1, 3, 3])), 2);
        assert_eq!(log(&[1]).meeting(log(&[1, 1])), 1);
        assert!(log(&[1, 1]).has_front(log(&[1])) && !log(&[1]).has_front(log(&[1, 1])));
        assert!(log(&[1, 2]).matches(log(&[1, 3])) && !log(&[1, 3]).matches(log(&[2, 3])));
    }
}
