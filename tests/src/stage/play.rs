use std::time::Duration;

use quorate::{
    Ballot, Effect, Entries, HardState, Index, Input, Members, Message, Outcome, Position, Seat, Seats, Term,
};
use quorate_wire::{Cluster, Envelope};

use super::line::Line;
use super::{Actor, Disk, Letter, Stage, record, show};

const CLUSTER: Cluster = Cluster(1);
const LOG_BYTES: usize = 4096;

impl Stage {
    /// Plays a script, one command a line, and returns what happened.
    ///
    /// # Panics
    /// A line is not understood, or a node breaks an invariant.
    #[track_caller]
    pub fn play(&mut self, script: &str) -> String {
        let mut told = String::new();
        for text in script.lines().filter(|text| !text.trim().is_empty()) {
            self.play_line(&Line::new(text), &mut told);
            self.tell_changes(&mut told);
        }
        if told.is_empty() { "nothing\n".into() } else { told }
    }

    fn play_line(&mut self, line: &Line<'_>, told: &mut String) {
        match line.verb() {
            "cluster" => self.cluster(line),
            "disk" => self.disk(line),
            "tick" => self.tick(line.node(0), told),
            "wait" => {
                let time = Duration::from_millis(line.number("ms"));
                self.actors.values_mut().for_each(|actor| actor.now = actor.now + time);
            }
            "client" => self.client(line, told),
            "read" => self.act(line.node(0), Input::Read, told),
            "transfer" => {
                let to = line.plain().get(1).map(|_| Seat(line.node(1)));
                self.act(line.node(0), Input::Transfer { to }, told);
            }
            "sync" => self.sync(line.node(0), told),
            "deliver" => self.deliver(line, told),
            "drop" => self.letters.retain(|letter| !matches(line, letter)),
            "crash" => self.actor(line.node(0)).node = None,
            "start" => self.actor(line.node(0)).start(LOG_BYTES),
            "run" => self.run(line, told),
            "forge" => self.forge(line, told),
            "log" => self.tell_log(line.node(0), told),
            verb => panic!("no such command: {verb}"),
        }
    }

    fn cluster(&mut self, line: &Line<'_>) {
        let seats: Seats = (1..=line.node(0)).map(Seat).collect();
        let log_bytes = line.number::<usize>("log-bytes");
        let log_bytes = if log_bytes == 0 { LOG_BYTES } else { log_bytes };
        for seat in seats.iter() {
            self.actors.insert(seat.0, Actor::new(seat.0, Members::of(seats), log_bytes));
        }
    }

    /// Starts a node from a disk with this term, vote and log.
    fn disk(&mut self, line: &Line<'_>) {
        let vote = Some(line.number::<u8>("vote")).filter(|vote| *vote > 0).map(Seat);
        let hard_state = HardState { term: Term(line.number("term")), vote };
        let actor = self.actor(line.node(0));
        actor.disk = Disk::of(hard_state, &line.numbers("log"));
        actor.start(LOG_BYTES);
    }

    /// This node's clock goes on until it has something to do.
    fn tick(&mut self, node: u8, told: &mut String) {
        let actor = self.actor(node);
        let due = actor.node.as_ref().and_then(super::Node::deadline);
        actor.now = actor.now.max(due.unwrap_or(actor.now));
        self.act(node, Input::Tick, told);
    }

    fn client(&mut self, line: &Line<'_>, told: &mut String) {
        let word = line.plain().get(1).map(|word| (*word).to_owned());
        self.act(line.node(0), Input::ClientCommand { session: None, command: word }, told);
    }

    /// The write under way is durable.
    fn sync(&mut self, node: u8, told: &mut String) {
        let actor = self.actor(node);
        let Some((ticket, write)) = actor.write.take() else {
            return;
        };
        actor.disk.sync(write);
        self.act(node, Input::Persisted(ticket), told);
    }

    /// Delivers the oldest message, or all, from one to another; `keep` leaves it on its way, to come once more.
    fn deliver(&mut self, line: &Line<'_>, told: &mut String) {
        loop {
            let Some(place) = self.letters.iter().position(|letter| matches(line, letter)) else {
                return;
            };
            let letter = if line.has("keep") { self.letters[place].clone() } else { self.letters.remove(place) };
            self.receive(&letter, told);
            if !line.has("all") {
                return;
            }
        }
    }

    /// Delivers and syncs until all is quiet. What comes from or goes to a node that is `without` is lost.
    fn run(&mut self, line: &Line<'_>, told: &mut String) {
        let without = line.numbers("without");
        loop {
            let is_cut = |node: u8| without.contains(&u64::from(node));
            self.letters.retain(|letter| !is_cut(letter.from) && !is_cut(letter.to));
            let writer = self.actors.iter().find(|(_, actor)| actor.write.is_some()).map(|(node, _)| *node);
            match writer {
                Some(node) => self.sync(node, told),
                None if self.letters.is_empty() => return,
                None => {
                    let letter = self.letters.remove(0);
                    self.receive(&letter, told);
                }
            }
        }
    }

    fn receive(&mut self, letter: &Letter, told: &mut String) {
        let (from, message) =
            quorate_wire::decode(&letter.frame, CLUSTER, Seat(letter.to)).expect("the stage's frames are whole");
        self.act(letter.to, Input::Receive { from, message }, told);
    }

    /// A message that no node here has sent.
    fn forge(&mut self, line: &Line<'_>, told: &mut String) {
        let term = Term(line.number("term"));
        let stamp = line.number("stamp");
        let (previous, last) = (line.position("after"), line.position("last"));
        let records = forged_records(previous.index, &line.numbers("entries"));
        let index = Index(line.number("index"));
        let message = match line.plain().get(2).copied().unwrap_or_default() {
            "append" => {
                let entries = Entries::parse(&records).expect("forged records are whole");
                Message::AppendEntries { term, stamp, previous, commit: Index(line.number("commit")), entries }
            }
            "request" => Message::RequestVote { term, last, ballot: ballot(line) },
            "vote" => Message::Vote { term, ballot: ballot(line), granted: !line.has("refused") },
            "matched" => Message::Ack { term, stamp, outcome: Outcome::Matched(index) },
            "conflict" => Message::Ack { term, stamp, outcome: Outcome::Conflict(line.position("hint")) },
            "full" => Message::Ack { term, stamp, outcome: Outcome::Full(index) },
            "campaign" => Message::CampaignNow { term },
            what => panic!("cannot forge {what}"),
        };
        let from = Seat(line.node(0));
        self.act(line.node(1), Input::Receive { from: from.into(), message }, told);
    }

    fn act(&mut self, name: u8, input: Input<'_, String>, told: &mut String) {
        let Some(actor) = self.actors.get_mut(&name) else { panic!("there is no node {name}") };
        let Some(node) = &mut actor.node else { return };
        for effect in node.step(actor.now, input) {
            told.push_str(&show::effect(name, &effect));
            told.push('\n');
            match effect {
                Effect::Persist(write) => {
                    let records = write.entries.map(|entry| entry.record().to_vec()).collect();
                    actor.write = Some((write.ticket, Disk { hard_state: write.hard_state, records }));
                }
                Effect::Send { to, message } => self.letters.push(letter(name, to.0, &message)),
                _ => {}
            }
        }
        node.check_invariants().expect("a node keeps its invariants");
    }

    /// What has changed about the nodes since the last line.
    fn tell_changes(&mut self, told: &mut String) {
        for (name, actor) in &mut self.actors {
            let shown = actor.node.as_ref().map_or("is down".into(), show::node);
            if !actor.shown.is_empty() && shown != actor.shown {
                told.push_str(&format!("{name} {shown}\n"));
            }
            actor.shown = shown;
        }
    }

    fn tell_log(&mut self, name: u8, told: &mut String) {
        let log = self.actor(name).node.as_ref().map(show::log);
        told.push_str(&format!("{name}: {}\n", log.unwrap_or_default()));
    }

    #[track_caller]
    fn actor(&mut self, name: u8) -> &mut Actor {
        self.actors.get_mut(&name).unwrap_or_else(|| panic!("there is no node {name}"))
    }
}

fn ballot(line: &Line<'_>) -> Ballot {
    match (line.has("pre"), line.has("transfer")) {
        (true, _) => Ballot::Pre,
        (_, true) => Ballot::Transfer,
        _ => Ballot::Real,
    }
}

fn matches(line: &Line<'_>, letter: &Letter) -> bool {
    letter.from == line.node(0) && letter.to == line.node(1)
}

fn letter(from: u8, to: u8, message: &Message<'_>) -> Letter {
    let incarnation = Default::default();
    let envelope = Envelope { cluster: CLUSTER, from: Seat(from), to: Seat(to), incarnation };
    let mut buffer = [0; 1200];
    let frame = quorate_wire::encode(&mut buffer, &envelope, message).expect("a frame holds every message").to_vec();
    Letter { from, to, frame }
}

/// Records of these terms, one after the other behind an index.
fn forged_records(previous: Index, terms: &[u64]) -> Vec<u8> {
    let indices = previous.0 + 1..;
    let positions = terms.iter().zip(indices).map(|(term, index)| Position { term: Term(*term), index: Index(index) });
    positions.flat_map(record).collect()
}
