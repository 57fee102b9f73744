use super::client::{Client, Session};
use super::node::Node;
use super::pairs::{Challenge, NUMBERS, Number, Pairs};
use super::rules::{Flaw, Setting};
use super::state::{FRAMES, State};

/// How many sets of pairs a state has.
const MATRICES: usize = 7 + 5 * FRAMES;
/// What the present challenge is called if challenges are renamed; the one before is the next lower, and those that are over are
/// one for this boot and one for all before it.
pub(crate) const PRESENT: Challenge = 3;
/// What a number is called whose session is here and not the client's, where no letter is left.
const ANOTHER: Number = 2;

impl State {
    /// Leaves out what can have no effect any more, and names numbers and challenges anew.
    pub(crate) fn tidy(&mut self, setting: &Setting) {
        if setting.folds {
            self.fold();
            self.rename_challenges();
            self.rename_numbers();
        }
    }

    /// What is left if all letters are lost and none is remembered.
    pub(crate) fn rested(&self, flaw: Flaw) -> State {
        let Node { present, here, .. } = self.node;
        let (client, node) = rested(self.client, &Node { present, here, ..Node::default() }, flaw);
        State { client, node, ..State::default() }
    }

    /// A number that is not open makes no session of the client any more, and one by a challenge that is over none of the node:
    /// rules 4 and 5.
    fn fold(&mut self) {
        let State { client, node, .. } = *self;
        let is_open = |x: Number, _: Challenge| client.open == Some(x);
        let is_mine = |x: Number, y: Challenge| client.find(x, y).is_some();
        let is_here = |x: Number, y: Challenge| node.here.has(x, y);
        self.answers.retain(is_open);
        self.said.retain(is_open);
        self.dones.retain(|x, y| node.is_good(y) && !is_here(x, y));
        let dones = self.dones;
        let may_be_here =
            |x: Number, y: Challenge| is_here(x, y) || dones.has(x, y) || (is_mine(x, y) && node.is_good(y));
        self.taken.retain(may_be_here);
        for counter in 0..FRAMES {
            self.asked[counter].retain(|x, y| may_be_here(x, y) && !node.marked[counter].has(x, y));
            self.opened[counter].retain(may_be_here);
            let is_unmarked = |session: Session| session.marked >> counter & 1 == 0;
            self.replied[counter].retain(|x, y| client.find(x, y).is_some_and(is_unmarked));
            self.read[counter].retain(is_mine);
        }
        let kept = client.open.into_iter().chain(client.sessions().map(|session| session.x));
        self.process &= kept.fold(0, |all, x| all | 1 << x);
    }

    fn rename_challenges(&mut self) {
        let (present, boot) = (self.node.present, self.boot);
        let name = |y: Challenge| match present.checked_sub(y) {
            Some(0) => PRESENT,
            Some(1) => PRESENT - 1,
            _ => boot >> y & 1,
        };
        self.map(|x, y| Some((x, name(y))));
        self.node.present = PRESENT;
        let is_first = boot.count_ones() == 1;
        self.boot = if is_first { 1 << PRESENT } else { 1 << PRESENT | 1 << (PRESENT - 1) | 1 << 1 };
    }

    /// Numbers have names by what is said with them. A session of the client and its open number come first.
    fn rename_numbers(&mut self) {
        let Client { open, session, before } = self.client;
        let is_of = |session: Option<Session>, x: Number| session.is_some_and(|session| session.x == x);
        let rank = |x: Number| [open == Some(x), is_of(session, x), is_of(before, x)].map(|is_first| !is_first);
        let mut numbers: Vec<_> = (0..NUMBERS as Number).map(|x| (rank(x), self.key(x), x)).collect();
        numbers.retain(|(rank, key, _)| *rank != [true; 3] || key.iter().any(|row| *row != 0));
        numbers.sort_unstable();
        let name = |x: Number| numbers.iter().position(|(_, _, known)| *known == x).map(|place| place as Number);
        self.map(|x, y| Some((name(x)?, y)));
        let process = (0..NUMBERS as Number).filter(|x| self.process >> x & 1 == 1).filter_map(name);
        self.process = process.fold(0, |all, x| all | 1 << x);
        self.drawn = numbers.len() as u8;
    }

    /// What was said with a number.
    fn key(&self, x: Number) -> [u8; MATRICES] {
        self.matrices().map(|pairs| pairs.0[usize::from(x)])
    }

    /// Names all numbers and challenges anew, and leaves out those that get no name.
    fn map(&mut self, name: impl Fn(Number, Challenge) -> Option<(Number, Challenge)>) {
        self.client = renamed(self.client, &name);
        self.matrices_mut().into_iter().for_each(|pairs| *pairs = pairs.named(&name));
    }

    fn matrices(&self) -> [&Pairs; MATRICES] {
        let State { answers, dones, asked: [a, b], replied: [c, d], opened: [e, f], read: [g, h], .. } = self;
        let (State { said, taken, .. }, Node { here, sent: [i, j], marked: [k, l], .. }) = (self, &self.node);
        [answers, dones, said, taken, here, a, b, c, d, e, f, g, h, i, j, k, l]
    }

    fn matrices_mut(&mut self) -> [&mut Pairs; MATRICES] {
        let State {
            answers,
            dones,
            asked: [a, b],
            replied: [c, d],
            opened: [e, f],
            read: [g, h],
            said,
            taken,
            node,
            ..
        } = self;
        let Node { here, sent: [i, j], marked: [k, l], .. } = node;
        [answers, dones, said, taken, here, a, b, c, d, e, f, g, h, i, j, k, l]
    }

    pub(crate) fn pack(&self, words: &mut Vec<u32>) {
        let open = self.client.open.map_or(0, |open| 1 + open);
        words.push(u32::from_le_bytes([open, self.node.present, self.drawn, 0]));
        words.extend([self.client.session, self.client.before].map(session_word));
        words.push(u32::from_le_bytes([self.process, self.boot, 0, 0]));
        for x in 0..NUMBERS {
            let mut key = self.key(x as Number).to_vec();
            if key.iter().any(|row| *row != 0) {
                key.resize(MATRICES.next_multiple_of(4), 0);
                words.push(x as u32);
                words.extend(key.chunks_exact(4).map(|row| u32::from_le_bytes([row[0], row[1], row[2], row[3]])));
            }
        }
    }

    /// The state that this is a form of.
    pub(crate) fn unpack(words: &[u32]) -> State {
        let (head, rows) = words.split_at(4);
        let [open, present, drawn, _] = head[0].to_le_bytes();
        let [process, boot, ..] = head[3].to_le_bytes();
        let client = Client { open: open.checked_sub(1), session: session_of(head[1]), before: session_of(head[2]) };
        let mut state = State { client, drawn, process, boot, ..State::default() };
        state.node.present = present;
        for row in rows.chunks_exact(1 + MATRICES.div_ceil(4)) {
            let bytes = row[1..].iter().flat_map(|word| word.to_le_bytes());
            let pairs = state.matrices_mut().into_iter().zip(bytes);
            pairs.for_each(|(pairs, byte)| pairs.0[row[0] as usize] = byte);
        }
        state
    }
}

/// A client and a node between which no letter is left: counters start anew, and of sessions that are not the client's any
/// more there is one at most, if they matter at all, for they are all alike.
pub(crate) fn rested(client: Client, node: &Node, flaw: Flaw) -> (Client, Node) {
    let name = |x: Number, y: Challenge| {
        let is_mine = client.session.is_some_and(|session| session.is_of(x, y));
        let age = node.present - y.min(node.present);
        let y = if age < 2 { PRESENT - age } else { u8::from(node.here.has(x, y)) };
        Some(if is_mine { (0, y) } else { (ANOTHER, 1) })
    };
    let mut here = node.here.named(name);
    here.retain(|x, _| x != ANOTHER || flaw == Flaw::AnswersUnderAnother);
    let mut rested = renamed(Client { open: None, before: None, ..client }, name);
    rested.open = client.open.map(|_| 1);
    if let Some(session) = &mut rested.session {
        (session.sent, session.marked) = (0, 0);
    }
    (rested, Node { present: PRESENT, here, ..Node::default() })
}

fn renamed(client: Client, name: impl Fn(Number, Challenge) -> Option<(Number, Challenge)>) -> Client {
    let [session, before] = [client.session, client.before].map(|session| {
        let session = session?;
        let (x, y) = name(session.x, session.y).expect("a session's numbers have names");
        Some(Session { x, y, ..session })
    });
    let open = client.open.map(|x| name(x, 0).expect("an open number has a name").0);
    Client { open, session, before }
}

fn session_word(session: Option<Session>) -> u32 {
    session.map_or(0, |session| {
        let Session { x, y, sent, marked, is_heard } = session;
        u32::from_le_bytes([1 | u8::from(is_heard) << 1, x, y, sent << 4 | marked])
    })
}

fn session_of(word: u32) -> Option<Session> {
    let [flags, x, y, counters] = word.to_le_bytes();
    let (sent, marked) = (counters >> 4, counters & 15);
    (flags & 1 == 1).then_some(Session { x, y, sent, marked, is_heard: flags >> 1 == 1 })
}
