//! omnipaxos, with its log in memory; messages as serde and bincode write them. It is no Raft: who leads, a ballot of its own
//! says, for which all members talk to all. It tells followers at once what is decided.

use bytes::Bytes;
use omnipaxos::messages::Message;
use omnipaxos::storage::{Entry, NoSnapshot};
use omnipaxos::util::LogEntry;
use omnipaxos::{ClusterConfig, OmniPaxos, OmniPaxosConfig, ServerConfig};
use omnipaxos_storage::memory_storage::MemoryStorage;
use quorate_peers::{HEARTBEAT_TICKS, Inbox, Member, Post, Setup, State};

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Command(Bytes);

impl Entry for Command {
    type Snapshot = NoSnapshot;
}

struct Paxos {
    node: OmniPaxos<Command, MemoryStorage<Command>>,
    me: u64,
    applied: usize,
    outgoing: Vec<Message<Command>>,
}

impl Member for Paxos {
    fn new(number: usize, setup: &Setup) -> Self {
        let me = number as u64 + 1;
        let nodes = (1..=setup.members as u64).collect();
        let config = OmniPaxosConfig {
            cluster_config: ClusterConfig { configuration_id: 1, nodes, flexible_quorum: None },
            server_config: ServerConfig {
                pid: me,
                // Members are heard once in such a time.
                election_tick_timeout: HEARTBEAT_TICKS,
                resend_message_tick_timeout: 1000,
                flush_batch_tick_timeout: 1,
                buffer_size: 100_000,
                ..ServerConfig::default()
            },
        };
        let node = config.build(MemoryStorage::default()).expect("a sound configuration");
        Paxos { node, me, applied: 0, outgoing: Vec::new() }
    }

    fn tick(&mut self) -> bool {
        self.node.tick();
        true
    }

    fn propose(&mut self, command: &[u8]) {
        self.node.append(Command(Bytes::copy_from_slice(command))).expect("it leads");
    }

    fn turn(&mut self, inbox: Inbox<'_>, post: &mut Post<'_>, state: &mut State) {
        for frame in inbox {
            self.node.handle_incoming(bincode::deserialize(frame).expect("nothing is garbled"));
        }
        self.node.take_outgoing_messages(&mut self.outgoing);
        for message in self.outgoing.drain(..) {
            let frame = bincode::serialize(&message).expect("every message can be written");
            post.send(message.get_receiver() as usize - 1, &frame);
        }
        let decided = self.node.get_decided_idx();
        if decided > self.applied {
            let entries = self.node.read_decided_suffix(self.applied).expect("there are some");
            self.applied = decided;
            for entry in entries {
                let LogEntry::Decided(Command(command)) = entry else { panic!("nothing is trimmed") };
                state.apply(&command);
            }
        }
    }

    fn leads(&self) -> bool {
        self.node.get_current_leader() == Some((self.me, true))
    }
}

fn main() {
    quorate_peers::run::<Paxos>();
}
