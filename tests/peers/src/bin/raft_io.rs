//! raft-io, with its log in memory and its own framing. Followers learn what is committed with the next append or heartbeat.

use quorate_peers::{ELECTION_TICKS, HEARTBEAT_TICKS, Inbox, Member, Post, Setup, State};
use raft_io::{Action, Event, RaftConfig, RaftNode, framing};

struct RaftIo {
    node: RaftNode,
    /// What is to be done since its last turn.
    actions: Vec<Action>,
}

impl RaftIo {
    fn tell(&mut self, event: Event) {
        let mut actions = self.node.step(event).expect("nothing is wrong");
        if self.actions.is_empty() { self.actions = actions } else { self.actions.append(&mut actions) }
    }
}

impl Member for RaftIo {
    fn new(number: usize, setup: &Setup) -> Self {
        let members: Vec<u64> = (1..=setup.members as u64).collect();
        let me = number as u64 + 1;
        let config = RaftConfig::new(me, members)
            .with_election_timeout(ELECTION_TICKS as u32, 2 * ELECTION_TICKS as u32)
            .with_heartbeat_interval(HEARTBEAT_TICKS as u32)
            .with_max_batch(1024)
            .with_seed(setup.seed << 8 | me);
        RaftIo { node: RaftNode::new(config), actions: Vec::new() }
    }

    fn tick(&mut self) -> bool {
        self.tell(Event::Tick);
        !self.actions.is_empty()
    }

    fn propose(&mut self, command: &[u8]) {
        self.tell(Event::Propose(command.to_vec()));
    }

    fn turn(&mut self, inbox: Inbox<'_>, post: &mut Post<'_>, state: &mut State) {
        for frame in inbox {
            self.tell(Event::Message(framing::decode(frame).expect("nothing is garbled")));
        }
        for action in self.actions.drain(..) {
            match action {
                Action::Send { to, message } => {
                    post.send(to as usize - 1, &framing::encode(&message).expect("every message fits"));
                }
                Action::Apply { command, .. } if !command.is_empty() => state.apply(&command),
                _ => {}
            }
        }
    }

    fn leads(&self) -> bool {
        self.node.is_leader()
    }
}

fn main() {
    quorate_peers::run::<RaftIo>();
}
