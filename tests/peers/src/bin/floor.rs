//! What no library can do without: the leader copies a command into its log and into a message for each follower, a follower
//! copies it into its log and acknowledges, and once a majority has it all apply it. No elections, no retries; terms
//! and positions are compared, and that is all. Followers learn at once what is committed, if that is asked for.

use std::ops::Range;

use quorate_peers::{HEARTBEAT_TICKS, Inbox, Member, Post, Setup, State};

const TERM: u64 = 1;
/// Bytes of a message before its commands: term, where the commands begin, what is committed.
const HEAD: usize = 24;

struct Floor {
    me: usize,
    members: usize,
    is_at_once: bool,
    log: Vec<u8>,
    /// Where each command ends in it.
    ends: Vec<usize>,
    committed: usize,
    applied: usize,
    /// What each follower has, and what it was sent.
    has: Vec<usize>,
    sent: Vec<usize>,
    told: usize,
    ticks: u64,
    frame: Vec<u8>,
}

fn word(frame: &[u8], at: usize) -> u64 {
    let bytes = frame.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).expect("nothing is cut off");
    u64::from_le_bytes(bytes)
}

impl Floor {
    fn stretch(&self, commands: Range<usize>) -> Range<usize> {
        let end_of = |command: usize| command.checked_sub(1).map_or(0, |before| self.ends[before]);
        end_of(commands.start)..end_of(commands.end)
    }

    fn push(&mut self, command: &[u8]) {
        self.log.extend_from_slice(command);
        self.ends.push(self.log.len());
    }

    /// To one follower all that it lacks, or a word of what is committed.
    fn send(&mut self, to: usize, post: &mut Post<'_>) {
        let from = std::mem::replace(&mut self.sent[to], self.ends.len());
        self.frame.clear();
        for word in [TERM, from as u64, self.committed as u64] {
            self.frame.extend_from_slice(&word.to_le_bytes());
        }
        for command in from..self.ends.len() {
            let bytes = &self.log[self.stretch(command..command + 1)];
            self.frame.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            self.frame.extend_from_slice(bytes);
        }
        post.send(to, &self.frame);
    }

    fn follow(&mut self, frame: &[u8], post: &mut Post<'_>) {
        assert!(word(frame, 0) == TERM && word(frame, 8) == self.ends.len() as u64, "it follows");
        let mut rest = &frame[HEAD..];
        let has_commands = !rest.is_empty();
        while let Some((length, behind)) = rest.split_first_chunk() {
            let (command, behind) = behind.split_at(u64::from_le_bytes(*length) as usize);
            self.push(command);
            rest = behind;
        }
        self.committed = self.committed.max(word(frame, 16) as usize);
        if has_commands {
            self.frame.clear();
            for word in [TERM, self.ends.len() as u64, self.me as u64] {
                self.frame.extend_from_slice(&word.to_le_bytes());
            }
            post.send(0, &self.frame);
        }
    }

    fn heed(&mut self, frame: &[u8]) {
        assert_eq!(word(frame, 0), TERM);
        self.has[word(frame, 16) as usize] = word(frame, 8) as usize;
        self.has[0] = self.ends.len();
        let mut sorted = [0; 32];
        let sorted = &mut sorted[..self.members];
        sorted.copy_from_slice(&self.has);
        sorted.sort_unstable();
        self.committed = self.committed.max(sorted[(self.members - 1) / 2]);
    }
}

impl Member for Floor {
    fn new(number: usize, setup: &Setup) -> Self {
        let (members, commands) = (setup.members, setup.commands as usize);
        Floor {
            me: number,
            members,
            is_at_once: setup.is_at_once,
            log: Vec::with_capacity(commands * setup.command_bytes),
            ends: Vec::with_capacity(commands),
            committed: 0,
            applied: 0,
            has: vec![0; members],
            sent: vec![0; members],
            told: 0,
            ticks: 0,
            frame: Vec::new(),
        }
    }

    fn tick(&mut self) -> bool {
        self.ticks += 1;
        let is_due = self.leads() && self.ticks.is_multiple_of(HEARTBEAT_TICKS);
        if is_due {
            self.told = usize::MAX;
        }
        is_due
    }

    fn propose(&mut self, command: &[u8]) {
        self.push(command);
    }

    fn turn(&mut self, inbox: Inbox<'_>, post: &mut Post<'_>, state: &mut State) {
        for frame in inbox {
            if self.leads() { self.heed(frame) } else { self.follow(frame, post) }
        }
        if self.leads() {
            let is_told = self.told == self.committed || !self.is_at_once && self.told != usize::MAX;
            for to in 1..self.members {
                if self.sent[to] < self.ends.len() || !is_told {
                    self.send(to, post);
                }
            }
            self.told = self.committed;
        }
        while self.applied < self.committed {
            state.apply(&self.log[self.stretch(self.applied..self.applied + 1)]);
            self.applied += 1;
        }
    }

    fn leads(&self) -> bool {
        self.me == 0
    }
}

fn main() {
    quorate_peers::run::<Floor>();
}
