/// How many numbers of the client there are at most.
pub(crate) const NUMBERS: usize = 8;
/// How many challenges there are at most.
pub(crate) const CHALLENGES: usize = 8;

/// One of the client.
pub(crate) type Number = u8;
/// One of the node. Its number to x is named by the challenge that it is made of.
pub(crate) type Challenge = u8;

/// Numbers of both sides: of each one of the client, with which challenges.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pairs(pub(crate) [u8; NUMBERS]);

impl Pairs {
    pub(crate) fn has(&self, x: Number, y: Challenge) -> bool {
        self.0[usize::from(x)] >> y & 1 == 1
    }

    pub(crate) fn add(&mut self, x: Number, y: Challenge) {
        self.0[usize::from(x)] |= 1 << y;
    }

    pub(crate) fn remove(&mut self, x: Number, y: Challenge) {
        self.0[usize::from(x)] &= !(1 << y);
    }

    pub(crate) fn retain(&mut self, is_kept: impl Fn(Number, Challenge) -> bool) {
        let all = *self;
        all.iter().filter(|(x, y)| !is_kept(*x, *y)).for_each(|(x, y)| self.remove(x, y));
    }

    /// The same under other names.
    pub(crate) fn named(&self, name: impl Fn(Number, Challenge) -> Option<(Number, Challenge)>) -> Pairs {
        let mut pairs = Pairs::default();
        self.iter().filter_map(|(x, y)| name(x, y)).for_each(|(x, y)| pairs.add(x, y));
        pairs
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Number, Challenge)> + use<> {
        let rows = self.0.into_iter().zip(0..).filter(|(row, _)| *row != 0);
        rows.flat_map(|(row, x)| {
            let challenges = 0..CHALLENGES as Challenge;
            challenges.filter(move |y| row >> y & 1 == 1).map(move |y| (x, y))
        })
    }
}
