use super::rules::Setting;
use super::state::{Node, Reign, Round, SEATS, State};
use crate::spec::log::Log;
use crate::spec::node::Role;

/// Every order of three seats.
const ORDERS: [[usize; SEATS]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

impl State {
    /// Leaves out what can decide nothing any more.
    pub(crate) fn tidy(&mut self, setting: &Setting) {
        let oldest = self.nodes[..setting.nodes].iter().map(|node| node.term).min().unwrap_or(0);
        self.reigns[..usize::from(oldest)].iter_mut().for_each(|reign| {
            *reign = Reign {
                switch: reign.switch,
                successors: if setting.is_called_for_good() { reign.successors } else { 0 },
                ..Reign::default()
            };
        });
        self.forget_rosters();
        for node in &mut self.nodes {
            let reign = &self.reigns[usize::from(node.term)];
            node.voted = node.term > 0 && (node.voted || reign.is_on);
            if reign.is_on && node.role == Role::Candidate {
                node.step_down();
            }
            node.round = node.round.filter(|round| round.age < setting.lease() || setting.is_answered_late());
            let least = reign.inherited + 1;
            for acked in node.acked.iter_mut().filter(|acked| **acked > 0 && **acked <= reign.commit + 1) {
                *acked = least;
            }
        }
    }

    /// A roster that is in no log any more is nowhere.
    fn forget_rosters(&mut self) {
        let State { nodes, reigns, committed } = *self;
        let logs = || nodes.iter().map(|node| node.log).chain(reigns.iter().map(|reign| reign.log)).chain([committed]);
        for (reign, term) in self.reigns.iter_mut().zip(0..).filter(|(reign, _)| reign.switch > 0) {
            if !logs().any(|log| log.term_at(reign.switch) == term) {
                reign.switch = 0;
            }
        }
    }

    /// The least of the forms that this state has under names of nodes, of those that order them by what has no names.
    pub(crate) fn pack(&self, setting: &Setting, words: &mut Vec<u32>) {
        let keys = self.nodes.map(|node| (head_of(&node), node.log.0));
        let is_ordered = |order: &&[usize; SEATS]| {
            let (named, rest) = order.split_at(setting.nodes);
            rest.iter().all(|seat| *seat >= setting.nodes) && named.is_sorted_by_key(|seat| keys[*seat])
        };
        let mut form = Vec::new();
        for (order, number) in ORDERS.iter().filter(is_ordered).zip(0..) {
            form.clear();
            self.write_words(&order[..setting.nodes], &mut form);
            if number == 0 || form < *words {
                std::mem::swap(&mut form, words);
            }
        }
    }

    fn write_words(&self, order: &[usize], words: &mut Vec<u32>) {
        let set = |seats: u8| order.iter().fold(0, |all, seat| all << 1 | u32::from(seats >> seat & 1));
        for seat in order {
            let node = &self.nodes[*seat];
            let round = node.round.unwrap_or(Round { age: 0, seats: 0 });
            words.push(head_of(node));
            let sets = [node.votes, node.bound, round.seats].iter().fold(0, |all, seats| all << 3 | set(*seats));
            words.push(u32::from(node.is_older) << 14 | sets << 5 | u32::from(round.age));
            words.push(order.iter().fold(0, |all, other| all << 4 | u32::from(node.acked[*other])));
            words.push(node.log.0);
        }
        for reign in &self.reigns[1..] {
            let flags = u32::from(reign.is_on) << 1 | u32::from(reign.is_established);
            let indexes =
                [reign.switch, reign.commit, reign.inherited].iter().fold(0, |all, index| all << 4 | u32::from(*index));
            words.push(flags << 15 | set(reign.successors) << 12 | indexes);
            words.push(reign.log.0);
        }
        words.push(self.committed.0);
    }

    /// The state that this is a form of.
    pub(crate) fn unpack(words: &[u32], setting: &Setting) -> State {
        let mut state = State::default();
        let mut words = words.iter().copied();
        let mut next = || words.next().expect("a form is whole");
        let set = |word: u32| {
            let places = (0..setting.nodes).rev().enumerate();
            places.fold(0, |all, (place, seat)| all | ((word >> place & 1) as u8) << seat)
        };
        for node in &mut state.nodes[..setting.nodes] {
            *node = head(next());
            let (ties, mut acked) = (next(), next());
            (node.votes, node.bound, node.is_older) = (set(ties >> 11), set(ties >> 8), ties >> 14 & 1 == 1);
            node.round = node.round.map(|_| Round { age: (ties & 31) as u8, seats: set(ties >> 5) });
            for other in (0..setting.nodes).rev() {
                node.acked[other] = (acked & 15) as u8;
                acked >>= 4;
            }
            node.log = Log(next());
        }
        for reign in &mut state.reigns[1..] {
            let word = next();
            let [switch, commit, inherited] = [8, 4, 0].map(|place| (word >> place & 15) as u8);
            let (is_on, is_established) = (word >> 16 & 1 == 1, word >> 15 & 1 == 1);
            let (successors, log) = (set(word >> 12), Log(next()));
            *reign = Reign { is_on, inherited, is_established, commit, successors, switch, log };
        }
        state.committed = Log(next());
        state
    }
}

fn head_of(node: &Node) -> u32 {
    let flags = [node.voted, node.is_successor, node.has_handed_over, node.has_looked, node.round.is_some()];
    let flags = flags.iter().fold(node.role as u32, |all, flag| all << 1 | u32::from(*flag));
    let counts = [node.term, node.mark, node.durable, node.fence, node.lease];
    counts.iter().fold(flags, |all, count| all << 5 | u32::from(*count))
}

fn head(word: u32) -> Node {
    let count = |place: u32| (word >> (5 * place) & 31) as u8;
    let flag = |place: u32| word >> (25 + place) & 1 == 1;
    let role = Role::of((word >> 30) as u8);
    Node {
        role,
        voted: flag(4),
        is_successor: flag(3),
        has_handed_over: flag(2),
        has_looked: flag(1),
        round: flag(0).then_some(Round { age: 0, seats: 0 }),
        term: count(4),
        mark: count(3),
        durable: count(2),
        fence: count(1),
        lease: count(0),
        ..Node::default()
    }
}
