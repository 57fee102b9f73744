use super::ear::{Cast, Ear, Heard, NUMBERS, Number};
use super::rules::Setting;
use super::state::{NODES, State};

/// The new names of a node's numbers, in the order of the old ones. Those that are over have none.
type Names = [Option<Number>; NUMBERS];

impl State {
    /// Leaves out what can have no effect any more, and names numbers anew.
    pub(crate) fn tidy(&mut self, setting: &Setting) {
        if setting.folds {
            self.fold();
            self.rename();
        }
    }

    /// What is left if all letters are lost and none is remembered.
    pub(crate) fn rested(&self) -> State {
        let mut state = State { casts: self.casts, ears: self.ears, ..State::default() };
        state.casts.iter_mut().flatten().for_each(|cast| cast.sent = 0);
        let heard = |ear: &mut Ear| ear.heard.iter_mut().chain(&mut ear.before).for_each(|heard| heard.marked = 0);
        state.ears.iter_mut().flatten().for_each(heard);
        state.rename();
        state
    }

    /// Rules 3 and 4: a number that is not open takes in nothing.
    fn fold(&mut self) {
        for (sender, receiver) in pairs() {
            let open = self.ears[receiver][sender].open;
            self.calls[receiver][sender] &= open.map_or(0, |open| 1 << open);
            let echoes = self.notices[sender][receiver].iter_mut().flat_map(|echoes| (0..).zip(echoes));
            echoes.filter(|(echo, _)| Some(*echo) != open).for_each(|(_, told)| *told = 0);
        }
    }

    fn rename(&mut self) {
        let matter: [[Names; 2]; NODES] = std::array::from_fn(|node| [self.casting(node), self.calling(node)]);
        for (node, [casting, calling]) in matter.iter().enumerate() {
            let count = |names: &Names| names.iter().flatten().count() as u8;
            (self.drawn[node], self.called[node]) = (count(casting), count(calling));
            self.casts[node] = self.casts[node]
                .and_then(|Cast { number, sent }| Some(Cast { number: casting[usize::from(number)]?, sent }));
            self.sealed[node] = moved(&self.sealed[node], casting);
        }
        for (sender, receiver) in pairs() {
            let (casting, calling) = (&matter[sender][0], &matter[receiver][1]);
            let named = |Heard { number, marked }: Heard| Some(Heard { number: casting[usize::from(number)]?, marked });
            let Ear { open, heard, before } = self.ears[receiver][sender];
            let open = open.and_then(|open| calling[usize::from(open)]);
            self.ears[receiver][sender] = Ear { open, heard: heard.and_then(named), before: before.and_then(named) };
            let calls = self.calls[receiver][sender];
            let kept = (0..NUMBERS).filter(|old| calls >> old & 1 == 1).filter_map(|old| calling[old]);
            self.calls[receiver][sender] = kept.fold(0, |all, number| all | 1 << number);
            let notices = moved(&self.notices[sender][receiver], casting);
            self.notices[sender][receiver] = notices.map(|echoes| moved(&echoes, calling));
            self.opened[receiver][sender] = moved(&self.opened[receiver][sender], casting);
            self.old[receiver][sender] = moved(&self.old[receiver][sender], casting);
        }
    }

    /// The numbers to seal under that matter: its present one, those that somebody listens to, and those that were told to an open
    /// number.
    fn casting(&self, node: usize) -> Names {
        let mut matters = [false; NUMBERS];
        let mut keep = |number: Number| matters[usize::from(number)] = true;
        self.casts[node].into_iter().for_each(|cast| keep(cast.number));
        for receiver in 0..NODES {
            let Ear { heard, before, .. } = self.ears[receiver][node];
            heard.into_iter().chain(before).for_each(|heard| keep(heard.number));
            let told = (0..).zip(&self.notices[node][receiver]).filter(|(_, echoes)| **echoes != [0; NUMBERS]);
            told.for_each(|(number, _)| keep(number));
        }
        names(matters)
    }

    /// The numbers to call with that matter: those that are open.
    fn calling(&self, node: usize) -> Names {
        let mut matters = [false; NUMBERS];
        self.ears[node].iter().filter_map(|ear| ear.open).for_each(|open| matters[usize::from(open)] = true);
        names(matters)
    }

    /// The lesser of the forms that this state has under names of nodes that do the same.
    pub(crate) fn pack(&self, setting: &Setting, words: &mut Vec<u32>) {
        self.write_words(words);
        let alike = match (setting.nodes, setting.speakers) {
            (2.., 2) => [0, 1],
            (3, 1) => [1, 2],
            _ => return,
        };
        let mut form = Vec::new();
        self.swapped(alike).write_words(&mut form);
        if form < *words {
            *words = form;
        }
    }

    fn swapped(&self, [one, other]: [usize; 2]) -> State {
        let mut state = *self;
        state.casts.swap(one, other);
        state.drawn.swap(one, other);
        state.called.swap(one, other);
        state.sealed.swap(one, other);
        swap(&mut state.ears, one, other);
        swap(&mut state.calls, one, other);
        swap(&mut state.notices, one, other);
        swap(&mut state.opened, one, other);
        swap(&mut state.old, one, other);
        state
    }

    /// Words that are zero are left out.
    fn write_words(&self, words: &mut Vec<u32>) {
        let mut bytes = Vec::with_capacity(BYTES);
        self.clone().each_byte(|byte| bytes.push(*byte));
        let chunks = bytes.chunks(4).map(|chunk| chunk.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte)));
        let all: Vec<u32> = chunks.collect();
        words.clear();
        for part in all.chunks(32) {
            words.push((0..).zip(part).fold(0, |mask, (place, word)| mask | u32::from(*word != 0) << place));
            words.extend(part.iter().filter(|word| **word != 0));
        }
    }

    /// The state that this is a form of.
    pub(crate) fn unpack(words: &[u32]) -> State {
        let mut words = words.iter().copied();
        let mut next = || words.next().expect("a form is whole");
        let mut bytes = Vec::with_capacity(BYTES);
        while bytes.len() < BYTES {
            let mask = next();
            for place in 0..32 {
                let word = if mask >> place & 1 == 1 { next() } else { 0 };
                bytes.extend(word.to_le_bytes());
            }
        }
        let (mut state, mut bytes) = (State::default(), bytes.into_iter());
        state.each_byte(|byte| *byte = bytes.next().expect("a form is whole"));
        state
    }

    /// Every byte that the state is made of; what is not there is zero.
    fn each_byte(&mut self, mut byte: impl FnMut(&mut u8)) {
        for cast in &mut self.casts {
            let mut parts = cast.map_or([0; 2], |cast| [cast.number + 1, cast.sent]);
            parts.iter_mut().for_each(&mut byte);
            *cast = parts[0].checked_sub(1).map(|number| Cast { number, sent: parts[1] });
        }
        for ear in self.ears.iter_mut().flatten() {
            let mut open = ear.open.map_or(0, |open| open + 1);
            byte(&mut open);
            ear.open = open.checked_sub(1);
            for heard in [&mut ear.heard, &mut ear.before] {
                let mut parts = heard.map_or([0; 2], |heard| [heard.number + 1, heard.marked]);
                parts.iter_mut().for_each(&mut byte);
                *heard = parts[0].checked_sub(1).map(|number| Heard { number, marked: parts[1] });
            }
        }
        self.drawn.iter_mut().chain(&mut self.called).for_each(&mut byte);
        self.calls.iter_mut().flatten().for_each(&mut byte);
        self.notices.iter_mut().flatten().flatten().flatten().for_each(&mut byte);
        self.sealed.iter_mut().flatten().for_each(&mut byte);
        self.opened.iter_mut().chain(&mut self.old).flatten().flatten().for_each(&mut byte);
    }
}

/// How many bytes a state is made of: of casts and drawn numbers, ears, calls, notices, and what was sealed and opened.
const BYTES: usize =
    4 * NODES + (5 + 1 + NUMBERS * NUMBERS) * NODES * NODES + NUMBERS * NODES + 2 * NUMBERS * NODES * NODES;

fn pairs() -> impl Iterator<Item = (usize, usize)> {
    (0..NODES).flat_map(|sender| (0..NODES).map(move |receiver| (sender, receiver)))
}

fn names(matters: [bool; NUMBERS]) -> Names {
    let mut given = 0..;
    matters.map(|matters| if matters { given.next() } else { None })
}

fn moved<T: Copy + Default>(old: &[T; NUMBERS], names: &Names) -> [T; NUMBERS] {
    let mut new = [T::default(); NUMBERS];
    let kept = old.iter().zip(names).filter_map(|(value, name)| Some((*value, (*name)?)));
    kept.for_each(|(value, name)| new[usize::from(name)] = value);
    new
}

fn swap<T>(of: &mut [[T; NODES]; NODES], one: usize, other: usize) {
    of.swap(one, other);
    of.iter_mut().for_each(|row| row.swap(one, other));
}
