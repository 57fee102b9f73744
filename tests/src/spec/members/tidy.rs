use super::configuration::{Lives, Members, SEATS};
use super::log::{Entry, Log};
use super::rules::Setting;
use super::state::{Node, Reign, State, TERMS};
use crate::spec::node::Role;

impl State {
    /// Leaves out what can decide nothing any more, and numbers terms anew.
    pub(crate) fn tidy(&mut self, setting: &Setting) {
        let oldest = self.oldest(setting);
        self.reigns[..usize::from(oldest)].fill(Reign::default());
        self.committed_in.iter_mut().for_each(|term| *term *= u8::from(*term > oldest));
        for node in self.nodes.iter_mut().filter(|node| node.is_formatted) {
            let reign = &self.reigns[usize::from(node.term)];
            node.voted = node.term > 0 && (node.voted || reign.is_on);
            if reign.is_on && node.role == Role::Candidate {
                node.step_down(setting);
            }
            let least = reign.inherited + 1;
            for acked in node.acked.iter_mut().filter(|acked| **acked > 0 && **acked <= reign.commit + 1) {
                *acked = least;
            }
        }
        self.renumber();
    }

    /// The oldest term in which a store can still hear anything: an empty one hears who names it.
    fn oldest(&self, setting: &Setting) -> u8 {
        let formatted = self.nodes.iter().filter(|node| node.is_formatted).map(|node| node.term);
        let oldest = formatted.min().unwrap_or(TERMS as u8);
        let empty = || setting.each().filter(|seat| !self.nodes[*seat].is_formatted);
        let names = |reign: &Reign| reign.is_on && empty().any(|seat| self.naming(seat, reign, setting).is_some());
        (0..oldest).find(|term| names(self.reign(*term))).unwrap_or(oldest)
    }

    /// The terms that are alive, a bit each.
    fn terms(&self) -> u16 {
        let mut terms = self.committed.terms() | 1;
        self.committed_in.iter().for_each(|term| terms |= 1 << term);
        for node in &self.nodes {
            terms |= 1 << node.term | 1 << node.mark | node.log.terms();
        }
        for (reign, term) in self.reigns.iter().zip(0..).filter(|(reign, _)| reign.is_on) {
            terms |= 1 << term | reign.log.terms();
        }
        terms
    }

    /// The latest term that is alive.
    pub(crate) fn latest(&self) -> u8 {
        15 - self.terms().leading_zeros() as u8
    }

    pub(crate) fn renumber(&mut self) {
        let terms = self.terms();
        if terms & (terms + 1) != 0 {
            let mut names = [0; TERMS];
            for (term, name) in names.iter_mut().enumerate() {
                *name = (terms & ((1 << term) - 1)).count_ones() as u8;
            }
            self.rename(&names);
        }
    }

    /// The least of the forms that this state has under names of seats.
    pub(crate) fn pack(&self, setting: &Setting, words: &mut Vec<u32>) {
        let keys: [u64; SEATS] = std::array::from_fn(|seat| self.key(seat));
        let mut order: Vec<usize> = setting.each().collect();
        order.sort_by_key(|seat| keys[*seat]);
        let (mut form, mut is_first) = (Vec::new(), true);
        for_each_order(&mut order, &keys, 0, &mut |order| {
            form.clear();
            self.write_words(order, setting, &mut form);
            if is_first || form < *words {
                std::mem::swap(&mut form, words);
            }
            is_first = false;
        });
    }

    /// What a seat has that names nobody.
    fn key(&self, seat: usize) -> u64 {
        let node = &self.nodes[seat];
        let class = u64::from(self.root.voters >> seat & 1) << 1 | u64::from(self.root.learners >> seat & 1);
        let terms = node.log.entries().iter().fold(0, |all, entry| all << 6 | u64::from(entry.0 & 63));
        let known = u64::from(node.votes.count_ones());
        crate::search::spread(terms) << 8 ^ u64::from(head(node)) << 6 ^ class << 4 ^ known
    }

    fn write_words(&self, order: &[usize], setting: &Setting, words: &mut Vec<u32>) {
        for seat in order {
            let node = &self.nodes[*seat];
            words.push(head(node));
            words.push(order.iter().fold(0, |all, other| all << 1 | u32::from(node.votes >> other & 1)));
            words.push(order.iter().fold(0, |all, other| all << 4 | u32::from(node.acked[*other])));
            words.push(order.iter().fold(0, |all, other| all << 6 | u32::from(node.answers[*other])));
            if setting.has_cache() {
                put_members(&node.cached.unwrap_or(Members::NONE).reseated(order), words);
            }
            put_log(&node.log.reseated(order), words);
        }
        let latest = self.reigns.iter().rposition(|reign| reign.is_on).unwrap_or(0);
        words.push(latest as u32);
        for reign in &self.reigns[1..=latest] {
            let flags = u32::from(reign.is_on) | u32::from(reign.is_established) << 1;
            words.push(flags | u32::from(reign.inherited) << 4 | u32::from(reign.commit) << 8);
            put_log(&reign.log.reseated(order), words);
        }
        put_log(&self.committed.reseated(order), words);
        words.extend(self.committed_in[..usize::from(self.committed.len())].iter().map(|term| u32::from(*term)));
        put_members(&self.root.reseated(order), words);
        words.push(u32::from(self.wipes) << 4 | u32::from(self.reboots));
    }

    /// The state that this is a form of.
    pub(crate) fn unpack(words: &[u32], setting: &Setting) -> State {
        let mut state = State::default();
        let mut words = words.iter().copied();
        let mut next = || words.next().expect("a form is whole");
        for seat in setting.each() {
            let mut node = body(next());
            let (votes, acked, answers) = (next(), next(), next());
            for (other, place) in setting.each().rev().zip(0..) {
                node.votes |= (votes >> place & 1) as u8 * (1 << other);
                node.acked[other] = (acked >> (4 * place) & 15) as u8;
                node.answers[other] = (answers >> (6 * place) & 63) as u8;
            }
            if setting.has_cache() {
                node.cached = Some(members(&mut next)).filter(|members| *members != Members::NONE);
            }
            node.log = log(&mut next);
            state.nodes[seat] = node;
        }
        let latest = next();
        for reign in &mut state.reigns[1..=latest as usize] {
            let word = next();
            let (inherited, commit) = ((word >> 4 & 15) as u8, (word >> 8 & 15) as u8);
            let (is_on, is_established) = (word & 1 == 1, word >> 1 & 1 == 1);
            *reign = Reign { is_on, inherited, is_established, commit, log: log(&mut next) };
        }
        state.committed = log(&mut next);
        for term in &mut state.committed_in[..usize::from(state.committed.len())] {
            *term = next() as u8;
        }
        state.root = members(&mut next);
        let counts = next();
        (state.wipes, state.reboots) = ((counts >> 4) as u8, (counts & 15) as u8);
        state
    }
}

/// What a store has beside its log, and names nobody.
fn head(node: &Node) -> u32 {
    let role = u32::from(node.voted) | (node.role as u32) << 1 | u32::from(node.is_formatted) << 3;
    let counts =
        u32::from(node.mark) | u32::from(node.base) << 4 | u32::from(node.known) << 8 | u32::from(node.written) << 12;
    role | u32::from(node.life) << 4 | u32::from(node.term) << 8 | counts << 12
}

fn body(head: u32) -> Node {
    let role = Role::of((head >> 1 & 3) as u8);
    let part = |place: u32| (head >> place & 15) as u8;
    let (voted, is_formatted) = (head & 1 == 1, head >> 3 & 1 == 1);
    let store = Node {
        life: part(4),
        term: part(8),
        mark: part(12),
        base: part(16),
        known: part(20),
        written: part(24),
        ..Node::default()
    };
    Node { voted, role, is_formatted, ..store }
}

fn put_log(log: &Log, words: &mut Vec<u32>) {
    words.push(u32::from(log.len()));
    words.extend(log.entries().iter().map(|entry| entry.0));
}

fn log(next: &mut impl FnMut() -> u32) -> Log {
    let mut log = Log::default();
    (0..next()).for_each(|_| log.push(Entry(next())));
    log
}

fn put_members(members: &Members, words: &mut Vec<u32>) {
    let (voters, outgoing) = (u32::from(members.voters), u32::from(members.outgoing));
    words.push(voters | outgoing << 5 | u32::from(members.learners) << 10);
    words.push(u32::from(members.lives.0) | u32::from(members.before.0) << 16);
}

fn members(next: &mut impl FnMut() -> u32) -> Members {
    let (sets, lives) = (next(), next());
    let set = |place: u32| (sets >> place & 31) as u8;
    let (lives, before) = (Lives(lives as u16), Lives((lives >> 16) as u16));
    Members { voters: set(0), outgoing: set(5), learners: set(10), lives, before }
}

/// Every order in which those that are tied can stand.
fn for_each_order(order: &mut [usize], keys: &[u64; SEATS], from: usize, each: &mut impl FnMut(&[usize])) {
    if from >= order.len() {
        return each(order);
    }
    for other in from..order.len() {
        if keys[order[other]] != keys[order[from]] {
            break;
        }
        order.swap(from, other);
        for_each_order(order, keys, from + 1, each);
        order.swap(from, other);
    }
}
