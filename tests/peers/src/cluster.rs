use crate::net::{Inbox, Net, Post};
use crate::state::State;

/// What a cluster is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How many members there are.
    pub members: usize,
    /// Bytes of a command.
    pub command_bytes: usize,
    /// How many commands there will be at most: for those who set memory aside.
    pub commands: u64,
    /// Whether followers are to learn what is committed as soon as it is, from whoever can tell them.
    pub is_at_once: bool,
    /// Spreads elections.
    pub seed: u64,
}

/// A member, by one library. Whatever it is to make durable, it takes to be so at once.
pub trait Member: Sized {
    /// The member of this number, of a cluster that has no leader yet.
    fn new(number: usize, setup: &Setup) -> Self;

    /// Another [tick](crate::TICK_MILLIS) has passed. Whether it has something to do now.
    fn tick(&mut self) -> bool;

    /// Takes a command in, as its leader. It gets its turn afterwards.
    fn propose(&mut self, command: &[u8]);

    /// Takes all in that has come, says what it has to say, and applies what is committed.
    fn turn(&mut self, inbox: Inbox<'_>, post: &mut Post<'_>, state: &mut State);

    /// Whether it leads.
    fn leads(&self) -> bool;
}

pub(crate) struct Cluster<M> {
    members: Vec<M>,
    pub(crate) states: Vec<State>,
    /// Who has something to do, though nothing may have come.
    is_due: Vec<bool>,
    pub(crate) net: Net,
}

/// No cluster needs as many ticks for anything.
const TICKS_MAX: u32 = 100_000;

impl<M: Member> Cluster<M> {
    pub(crate) fn new(setup: &Setup) -> Self {
        let members = setup.members;
        Cluster {
            members: (0..members).map(|number| M::new(number, setup)).collect(),
            states: vec![State::default(); members],
            is_due: vec![true; members],
            net: Net::new(members),
        }
    }

    /// Gives each member a turn, in order, that has something to do. Whether any had.
    fn round(&mut self) -> bool {
        let mut has_moved = false;
        for (number, (member, state)) in self.members.iter_mut().zip(&mut self.states).enumerate() {
            let is_due = std::mem::take(&mut self.is_due[number]);
            if is_due || !self.net.has_nothing_for(number) {
                self.net.visit(number, |inbox, post| member.turn(inbox, post, state));
                has_moved = true;
            }
        }
        has_moved
    }

    pub(crate) fn tick(&mut self) {
        for (member, is_due) in self.members.iter_mut().zip(&mut self.is_due) {
            *is_due |= member.tick();
        }
    }

    /// Lets time pass until something is so that is bound to come.
    pub(crate) fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        let mut ticks = 0;
        while !is_so(self) {
            if !self.round() {
                self.tick();
                ticks += 1;
                assert!(ticks < TICKS_MAX, "the cluster goes on");
            }
        }
    }

    /// Lets all that is on its way arrive.
    pub(crate) fn settle(&mut self) {
        while self.round() {}
    }

    pub(crate) fn leader(&self) -> Option<usize> {
        self.members.iter().position(M::leads)
    }

    pub(crate) fn propose(&mut self, leader: usize, command: &[u8]) {
        self.members[leader].propose(command);
        self.is_due[leader] = true;
    }
}
