use super::rules::Setting;
use super::state::{Node, Reign, SEATS, State, TERMS};
use crate::spec::log::Log;
use crate::spec::node::Role;

/// The most words of a packed state.
const WORDS: usize = 3 * SEATS + TERMS + 3;

/// A state in a form that is the same for all that differ in names of nodes alone.
#[derive(Clone, Copy)]
pub(crate) struct Packed {
    pub(crate) words: [u32; WORDS],
    pub(crate) length: usize,
}

impl State {
    /// Leaves out what can decide nothing any more, and numbers terms anew.
    pub(crate) fn tidy(&mut self, setting: &Setting) {
        let oldest = self.nodes[..setting.nodes].iter().map(|node| node.term).min().unwrap_or(0);
        self.reigns[..usize::from(oldest)].fill(Reign::default());
        self.committed_in.iter_mut().for_each(|term| *term *= u8::from(*term > oldest));
        for seat in 0..setting.nodes {
            self.tidy_node(seat);
        }
        self.leave_out_front(setting);
        self.renumber(setting);
    }

    fn tidy_node(&mut self, seat: usize) {
        let is_led = self.reigns[usize::from(self.nodes[seat].term)].is_on;
        let known = self.known_in(self.nodes[seat].term);
        let node = &mut self.nodes[seat];
        node.voted = node.term > 0 && (node.voted || is_led);
        if is_led && node.role == Role::Candidate {
            node.step_down();
        }
        node.acked.iter_mut().for_each(|index| *index *= u8::from(*index > known));
        let held = [node.memory.log, node.disk.log].map(|log| log.meeting(self.committed));
        let kept = known.min(held[0]).min(held[1]);
        let outlived = if kept == 0 { self.root } else { self.committed.term_at(kept) };
        for store in [&mut node.memory, &mut node.disk] {
            store.mark *= u8::from(store.mark > outlived || store.mark == node.term);
        }
    }

    /// What all have, what was committed, and what none can lose.
    fn leave_out_front(&mut self, setting: &Setting) {
        let settled = self.committed_in.iter().take_while(|term| **term == 0).count() as u8;
        let mut common = settled.min(self.committed.len());
        for node in &self.nodes[..setting.nodes] {
            for store in [&node.memory, &node.disk] {
                let base = if setting.capacities.is_some() { store.base } else { common };
                common = common.min(store.log.meeting(self.committed)).min(base);
            }
        }
        for reign in self.reigns.iter().filter(|reign| reign.is_on) {
            common = common.min(reign.log.meeting(self.committed));
        }
        if common > 0 {
            self.root = self.committed.term_at(common);
            self.leave_out(common, setting);
        }
    }

    fn leave_out(&mut self, length: u8, setting: &Setting) {
        self.committed = self.committed.behind(length);
        self.committed_in.rotate_left(length.into());
        for node in &mut self.nodes[..setting.nodes] {
            for store in [&mut node.memory, &mut node.disk] {
                store.log = store.log.behind(length);
                store.base = store.base.saturating_sub(length);
            }
            node.acked.iter_mut().for_each(|index| *index = index.saturating_sub(length));
        }
        for reign in &mut self.reigns {
            reign.log = reign.log.behind(length);
            reign.inherited = reign.inherited.saturating_sub(length);
        }
    }

    /// The terms that are alive, a bit each.
    fn terms(&self, setting: &Setting) -> u16 {
        let mut terms = self.committed.terms();
        let mut add = |term: u8| terms |= 1 << term;
        self.committed_in.iter().for_each(|term| add(*term));
        for node in &self.nodes[..setting.nodes] {
            add(node.term);
            add(node.memory.mark);
            add(node.disk.mark);
        }
        self.reigns.iter().zip(0..).filter(|(reign, _)| reign.is_on).for_each(|(_, term)| add(term));
        let logs = self.nodes[..setting.nodes].iter().flat_map(|node| [node.memory.log, node.disk.log]);
        logs.chain(self.reigns.iter().map(|reign| reign.log)).fold(terms, |terms, log| terms | log.terms())
    }

    /// The latest term that is alive.
    pub(crate) fn latest(&self, setting: &Setting) -> u8 {
        15 - (self.terms(setting) | 1).leading_zeros() as u8
    }

    fn renumber(&mut self, setting: &Setting) {
        let terms = self.terms(setting) | 1;
        self.root *= u8::from(terms >> self.root & 1 == 1);
        if terms & (terms + 1) == 0 {
            return;
        }
        let mut names = [0; TERMS];
        for (term, name) in names.iter_mut().enumerate() {
            *name = (terms & ((1 << term) - 1)).count_ones() as u8;
        }
        self.rename(setting.nodes, &names);
    }

    /// The least of the forms that this state has under names of nodes with logs of the same size.
    pub(crate) fn pack(&self, setting: &Setting) -> Packed {
        let keys: [u64; SEATS] = std::array::from_fn(|seat| key(&self.nodes[seat]));
        let class = |seat: usize| setting.capacities.map_or(0, |capacities| u8::MAX - capacities[seat]);
        let mut order = [0, 1, 2, 3, 4];
        order[..setting.nodes].sort_by_key(|seat| (class(*seat), keys[*seat]));
        let is_tied = |place: usize| {
            let (one, other) = (order[place], order[place + 1]);
            (class(one), keys[one]) == (class(other), keys[other])
        };
        let ties: [bool; SEATS] = std::array::from_fn(|place| place + 1 < setting.nodes && is_tied(place));
        let mut words = [0; SEATS];
        let mut best = None;
        for_each_order(order, &ties, 0, setting.nodes, &mut |order| {
            for (place, seat) in order[..setting.nodes].iter().enumerate() {
                words[place] = self.ties_of(*seat, order, setting.nodes);
            }
            best = best.map_or(Some(words), |best: [u32; SEATS]| Some(best.min(words)));
        });
        self.write_words(&order, &keys, best.unwrap_or(words), setting)
    }

    fn write_words(
        &self,
        order: &[usize; SEATS],
        keys: &[u64; SEATS],
        ties: [u32; SEATS],
        setting: &Setting,
    ) -> Packed {
        let mut packed = Packed::empty();
        for (place, seat) in order[..setting.nodes].iter().enumerate() {
            let key = keys[*seat];
            [(key >> 32) as u32, key as u32, ties[place]].into_iter().for_each(|word| packed.put(word));
        }
        let latest = self.reigns.iter().rposition(|reign| reign.is_on).unwrap_or(0);
        for reign in &self.reigns[1..=latest] {
            packed.put(reign.log.0 << 4 | u32::from((reign.inherited + 1) * u8::from(reign.is_on)));
        }
        packed.put(self.committed.0 << 4 | u32::from(self.root));
        packed.put(self.committed_in.iter().fold(0, |all, term| all << 4 | u32::from(*term)));
        packed
    }

    /// What a node knows of others.
    fn ties_of(&self, seat: usize, order: &[usize; SEATS], nodes: usize) -> u32 {
        let node = &self.nodes[seat];
        order[..nodes]
            .iter()
            .fold(0, |all, other| all << 4 | u32::from(node.votes >> other & 1) << 3 | u32::from(node.acked[*other]))
    }
}

impl Packed {
    pub(crate) fn empty() -> Packed {
        Packed { words: [0; WORDS], length: 0 }
    }

    fn put(&mut self, word: u32) {
        self.words[self.length] = word;
        self.length += 1;
    }

    /// The state that this is a form of.
    pub(crate) fn state(&self, setting: &Setting) -> State {
        let mut state = State::default();
        let mut words = self.words[..self.length].iter().copied();
        let mut next = || words.next().expect("a packed state is whole");
        for seat in 0..setting.nodes {
            let key = u64::from(next()) << 32 | u64::from(next());
            state.nodes[seat] = unlock(key);
            let mut ties = next();
            for other in (0..setting.nodes).rev() {
                state.nodes[seat].votes |= (ties >> 3 & 1) as u8 * (1 << other);
                state.nodes[seat].acked[other] = (ties & 7) as u8;
                ties >>= 4;
            }
        }
        for reign in &mut state.reigns[1..=self.length - 3 * setting.nodes - 2] {
            let word = next();
            let is_on = word & 15 > 0;
            *reign = Reign { is_on, inherited: (word as u8 & 15).saturating_sub(1), log: Log(word >> 4) };
        }
        let committed = next();
        (state.committed, state.root) = (Log(committed >> 4), committed as u8 & 15);
        let mut terms = next();
        for term in state.committed_in.iter_mut().rev() {
            *term = terms as u8 & 15;
            terms >>= 4;
        }
        state
    }
}

/// What a node has that names nobody: 24 bits for each log of up to four entries.
fn key(node: &Node) -> u64 {
    let [memory, disk] = [&node.memory, &node.disk]
        .map(|store| u64::from(store.log.0) << 8 | u64::from(store.base) << 4 | u64::from(store.mark));
    let role = u64::from(node.voted) | (node.role as u64) << 1;
    role << 60 | u64::from(node.term) << 56 | memory << 24 << 4 | disk
}

fn unlock(key: u64) -> Node {
    let store = |bits: u64| super::state::Store {
        log: Log((bits >> 8 & 0xffff) as u32),
        base: (bits >> 4 & 15) as u8,
        mark: (bits & 15) as u8,
    };
    let role = Role::of((key >> 61 & 3) as u8);
    Node {
        term: (key >> 56 & 15) as u8,
        voted: key >> 60 & 1 == 1,
        role,
        memory: store(key >> 28),
        disk: store(key),
        ..Node::default()
    }
}

/// Every order in which those that are tied can stand.
fn for_each_order(
    order: [usize; SEATS],
    ties: &[bool; SEATS],
    from: usize,
    nodes: usize,
    each: &mut impl FnMut(&[usize; SEATS]),
) {
    if from >= nodes {
        return each(&order);
    }
    let mut other = from;
    loop {
        let mut swapped = order;
        swapped.swap(from, other);
        for_each_order(swapped, ties, from + 1, nodes, each);
        if other + 1 >= nodes || !ties[other] {
            return;
        }
        other += 1;
    }
}
