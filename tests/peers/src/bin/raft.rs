//! raft-rs, of TiKV, with its log in memory; messages as protobuf writes them. Commands of one turn leave in one message
//! (`batch_append`). The leader tells followers at once what is committed.

use protobuf::Message as _;
use quorate_peers::{ELECTION_TICKS, HEARTBEAT_TICKS, Inbox, Member, Post, Setup, State};
use raft::eraftpb::{Entry, Message};
use raft::storage::MemStorage;
use raft::{Config, RawNode, StateRole};

struct Raft {
    node: RawNode<MemStorage>,
}

fn send(messages: Vec<Message>, post: &mut Post<'_>) {
    for message in messages {
        post.send(message.to as usize - 1, &message.write_to_bytes().expect("every message can be written"));
    }
}

fn apply(entries: Vec<Entry>, state: &mut State) {
    // A leader begins with an entry that says nothing.
    entries.iter().filter(|entry| !entry.data.is_empty()).for_each(|entry| state.apply(&entry.data));
}

impl Member for Raft {
    fn new(number: usize, setup: &Setup) -> Self {
        let members: Vec<u64> = (1..=setup.members as u64).collect();
        let config = Config {
            id: number as u64 + 1,
            election_tick: ELECTION_TICKS as usize,
            heartbeat_tick: HEARTBEAT_TICKS as usize,
            max_size_per_msg: 1 << 20,
            max_inflight_msgs: 1024,
            batch_append: true,
            ..Config::default()
        };
        let store = MemStorage::new_with_conf_state((members, vec![]));
        let silent = slog::Logger::root(slog::Discard, slog::o!());
        Raft { node: RawNode::new(&config, store, &silent).expect("a sound configuration") }
    }

    fn tick(&mut self) -> bool {
        self.node.tick();
        self.node.has_ready()
    }

    fn propose(&mut self, command: &[u8]) {
        self.node.propose(vec![], command.to_vec()).expect("it leads");
    }

    fn turn(&mut self, inbox: Inbox<'_>, post: &mut Post<'_>, state: &mut State) {
        for frame in inbox {
            let message = Message::parse_from_bytes(frame).expect("nothing is garbled");
            self.node.step(message).expect("nothing is wrong");
        }
        while self.node.has_ready() {
            let mut ready = self.node.ready();
            send(ready.take_messages(), post);
            apply(ready.take_committed_entries(), state);
            if !ready.entries().is_empty() {
                self.node.mut_store().wl().append(ready.entries()).expect("they follow");
            }
            if let Some(hard_state) = ready.hs() {
                self.node.mut_store().wl().set_hardstate(hard_state.clone());
            }
            send(ready.take_persisted_messages(), post);
            let mut light = self.node.advance(ready);
            if let Some(commit) = light.commit_index() {
                self.node.mut_store().wl().mut_hard_state().set_commit(commit);
            }
            send(light.take_messages(), post);
            apply(light.take_committed_entries(), state);
            self.node.advance_apply();
        }
    }

    fn leads(&self) -> bool {
        self.node.raft.state == StateRole::Leader
    }
}

fn main() {
    quorate_peers::run::<Raft>();
}
