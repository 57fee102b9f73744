//! Messages as bytes, with numbers of fixed width: the crate has no form of its own.

use std::collections::{BTreeSet, VecDeque};

use bytes::Bytes;
use noraft::{ClusterConfig, LogEntries, LogEntry, LogIndex, LogPosition, Message, NodeId, Term};

const COMMAND: u64 = 0;
const TERM: u64 = 1;
const CONFIG: u64 = 2;

struct Reader<'f>(&'f [u8]);

impl<'f> Reader<'f> {
    fn number(&mut self) -> u64 {
        let (number, rest) = self.0.split_first_chunk().expect("nothing is cut off");
        self.0 = rest;
        u64::from_le_bytes(*number)
    }

    fn bytes(&mut self) -> &'f [u8] {
        let length = self.number() as usize;
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        bytes
    }

    fn position(&mut self) -> LogPosition {
        LogPosition { term: Term::new(self.number()), index: LogIndex::new(self.number()) }
    }

    fn nodes(&mut self) -> BTreeSet<NodeId> {
        (0..self.number()).map(|_| NodeId::new(self.number())).collect()
    }
}

fn put(frame: &mut Vec<u8>, numbers: &[u64]) {
    numbers.iter().for_each(|number| frame.extend_from_slice(&number.to_le_bytes()));
}

fn put_nodes(frame: &mut Vec<u8>, nodes: &BTreeSet<NodeId>) {
    put(frame, &[nodes.len() as u64]);
    nodes.iter().for_each(|node| put(frame, &[node.get()]));
}

/// A message, with the commands of its entries, which are the first of these.
pub(crate) fn write(message: &Message, commands: &[Option<Bytes>]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(256);
    let head = |kind| [kind, message.from().get(), message.term().get()];
    match message {
        Message::RequestVoteCall { last_position: last, .. } => {
            put(&mut frame, &head(0));
            put(&mut frame, &[last.term.get(), last.index.get()]);
        }
        Message::RequestVoteReply { vote_granted, .. } => {
            put(&mut frame, &head(1));
            put(&mut frame, &[u64::from(*vote_granted)]);
        }
        Message::AppendEntriesReply { last_position: last, .. } => {
            put(&mut frame, &head(2));
            put(&mut frame, &[last.term.get(), last.index.get()]);
        }
        Message::AppendEntriesCall { commit_index, entries, .. } => {
            let previous = entries.prev_position();
            put(&mut frame, &head(3));
            put(&mut frame, &[commit_index.get(), previous.term.get(), previous.index.get(), entries.len() as u64]);
            for (entry, command) in entries.iter().zip(commands) {
                match entry {
                    LogEntry::Command => {
                        let command = command.as_ref().expect("it is in the log");
                        put(&mut frame, &[COMMAND, command.len() as u64]);
                        frame.extend_from_slice(command);
                    }
                    LogEntry::Term(term) => put(&mut frame, &[TERM, term.get()]),
                    LogEntry::ClusterConfig(config) => {
                        put(&mut frame, &[CONFIG]);
                        [&config.voters, &config.new_voters, &config.non_voters]
                            .into_iter()
                            .for_each(|nodes| put_nodes(&mut frame, nodes));
                    }
                }
            }
        }
    }
    frame
}

/// The message of a frame. Its commands go behind those that have arrived, with their indices.
pub(crate) fn read(frame: &[u8], arrived: &mut VecDeque<(usize, Bytes)>) -> Message {
    let mut reader = Reader(frame);
    let [kind, from, term] = [(); 3].map(|()| reader.number());
    let (from, term) = (NodeId::new(from), Term::new(term));
    match kind {
        0 => Message::RequestVoteCall { from, term, last_position: reader.position() },
        1 => Message::RequestVoteReply { from, term, vote_granted: reader.number() != 0 },
        2 => Message::AppendEntriesReply { from, term, last_position: reader.position() },
        _ => {
            let commit_index = LogIndex::new(reader.number());
            let previous = reader.position();
            let mut entries = LogEntries::new(previous);
            let count = reader.number();
            for index in 1..=count {
                entries.push(match reader.number() {
                    COMMAND => {
                        let index = previous.index.get() + index;
                        arrived.push_back((index as usize, Bytes::copy_from_slice(reader.bytes())));
                        LogEntry::Command
                    }
                    TERM => LogEntry::Term(Term::new(reader.number())),
                    _ => {
                        let mut config = ClusterConfig::new();
                        config.voters = reader.nodes();
                        config.new_voters = reader.nodes();
                        config.non_voters = reader.nodes();
                        LogEntry::ClusterConfig(config)
                    }
                });
            }
            Message::AppendEntriesCall { from, term, commit_index, entries }
        }
    }
}
