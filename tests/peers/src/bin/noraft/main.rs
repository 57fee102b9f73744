//! noraft. Its node knows positions and no commands: their log, time and bytes of messages are up to whoever runs it, and so
//! to what is written here. Followers learn what is committed with the next append; where that is to be at once, the leader is
//! told to send a heartbeat.

mod packet;

use std::collections::VecDeque;

use bytes::Bytes;
use noraft::{Action, ClusterConfig, Log, LogEntries, LogEntry, LogPosition, Message, Node, NodeId, Term};
use quorate_peers::{ELECTION_TICKS, HEARTBEAT_TICKS, Inbox, Member, Post, Setup, State};

struct NoRaft {
    node: Node,
    members: usize,
    is_at_once: bool,
    /// The command at each index; none where an entry says something else.
    commands: Vec<Option<Bytes>>,
    /// Commands that came, with their indices, before the node has said what becomes of them.
    arrived: VecDeque<(usize, Bytes)>,
    applied: usize,
    /// What is committed, as followers were told last.
    told: u64,
    ticks: u64,
    due: u64,
    random: u64,
}

impl NoRaft {
    fn draw(&mut self) -> u64 {
        for (left, by) in [(true, 13), (false, 7), (true, 17)] {
            self.random ^= if left { self.random << by } else { self.random >> by };
        }
        self.random % ELECTION_TICKS
    }

    fn append(&mut self, entries: &LogEntries) {
        let mut index = entries.prev_position().index.get() as usize;
        if !self.leads() {
            self.commands.truncate(index + 1);
        }
        for entry in entries.iter() {
            index += 1;
            // A leader's own commands are there.
            if index < self.commands.len() {
                continue;
            }
            let mut command = None;
            if entry == LogEntry::Command {
                while self.arrived.front().is_some_and(|(at, _)| *at < index) {
                    self.arrived.pop_front();
                }
                let (at, bytes) = self.arrived.pop_front().expect("it came with the entry");
                assert_eq!(at, index);
                command = Some(bytes);
            }
            self.commands.push(command);
        }
    }

    /// What goes with a message: the commands of its entries.
    fn packed(&self, message: &Message) -> Vec<u8> {
        let before = match message {
            Message::AppendEntriesCall { entries, .. } => entries.prev_position().index.get() as usize,
            _ => 0,
        };
        packet::write(message, self.commands.get(before + 1..).unwrap_or_default())
    }

    fn carry_out(&mut self, post: &mut Post<'_>) {
        while let Some(action) = self.node.actions_mut().next() {
            match action {
                Action::SetElectionTimeout => {
                    let wait = if self.leads() { HEARTBEAT_TICKS } else { ELECTION_TICKS + self.draw() };
                    self.due = self.ticks + wait;
                }
                Action::AppendLogEntries(entries) => self.append(&entries),
                Action::BroadcastMessage(message) => {
                    self.told = self.node.commit_index().get();
                    let (frame, me) = (self.packed(&message), self.node.id().get() as usize);
                    (0..self.members).filter(|to| *to != me).for_each(|to| post.send(to, &frame));
                }
                Action::SendMessage(to, message) => post.send(to.get() as usize, &self.packed(&message)),
                Action::SaveCurrentTerm | Action::SaveVotedFor => {}
                Action::InstallSnapshot(_) => panic!("nothing is compacted"),
            }
        }
    }
}

impl Member for NoRaft {
    fn new(number: usize, setup: &Setup) -> Self {
        let mut config = ClusterConfig::new();
        config.voters.extend((0..setup.members as u64).map(NodeId::new));
        let log = Log::new(config, LogEntries::new(LogPosition::ZERO));
        let mut member = NoRaft {
            node: Node::restart(NodeId::new(number as u64), Term::ZERO, None, log),
            members: setup.members,
            is_at_once: setup.is_at_once,
            commands: vec![None],
            arrived: VecDeque::new(),
            applied: 0,
            told: 0,
            ticks: 0,
            due: 0,
            random: ((setup.seed << 8) + number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15),
        };
        member.due = ELECTION_TICKS + member.draw();
        member
    }

    fn tick(&mut self) -> bool {
        self.ticks += 1;
        let is_due = self.ticks >= self.due;
        if is_due {
            self.node.handle_election_timeout();
        }
        is_due
    }

    fn propose(&mut self, command: &[u8]) {
        let position = self.node.propose_command();
        assert!(!position.is_invalid(), "it leads");
        self.commands.resize(position.index.get() as usize, None);
        self.commands.push(Some(Bytes::copy_from_slice(command)));
    }

    fn turn(&mut self, inbox: Inbox<'_>, post: &mut Post<'_>, state: &mut State) {
        for frame in inbox {
            let message = packet::read(frame, &mut self.arrived);
            self.node.handle_message(&message).expect("nothing is wrong");
        }
        let has_news = self.is_at_once && self.leads() && self.node.commit_index().get() > self.told;
        if has_news && self.node.actions().broadcast_message.is_none() {
            self.node.heartbeat();
        }
        self.carry_out(post);
        self.arrived.clear();
        let committed = self.node.commit_index().get() as usize;
        while self.applied < committed {
            self.applied += 1;
            if let Some(command) = &self.commands[self.applied] {
                state.apply(command);
            }
        }
    }

    fn leads(&self) -> bool {
        self.node.role().is_leader()
    }
}

fn main() {
    quorate_peers::run::<NoRaft>();
}
