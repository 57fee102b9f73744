use std::time::Duration;

use quorate::{
    Change, Charter, Config, Features, Founding, HardState, Input, KeyId, Least, Members, Role, Seat, Seats, Term,
};

use super::disk::Disk;
use super::line::Line;
use super::{Actor, Letter, Stage, show};

pub(super) const FOUNDING: Founding = Founding(1);
const LOG_BYTES: usize = 4096;
/// More messages, or effects of one step, than any scene has.
pub(super) const MANY: usize = 10_000;

impl Stage {
    /// Plays a script, one command a line, and returns what happened.
    ///
    /// # Panics
    /// A line is not understood, or a node breaks an invariant.
    #[track_caller]
    pub fn play(&mut self, script: &str) -> String {
        let mut told = String::new();
        for text in script.lines().filter(|text| !text.trim().is_empty()) {
            match text.strip_prefix("quietly ") {
                Some(text) => self.play_line(&Line::new(text), &mut String::new()),
                None => self.play_line(&Line::new(text), &mut told),
            }
            self.tell_changes(&mut told);
        }
        if told.is_empty() { "nothing\n".into() } else { told }
    }

    fn play_line(&mut self, line: &Line<'_>, told: &mut String) {
        match line.verb() {
            "cluster" => self.cluster(line),
            "disk" => self.disk(line),
            "log-bytes" => {
                let actor = self.actor(line.node(0));
                actor.log_bytes = line.number("bytes");
                actor.charter.least.log_bytes = actor.log_bytes as u32;
                actor.start();
            }
            "elect" => self.elect(line),
            "reigns" => self.reign(line),
            "tick" => self.tick(line.node(0), told),
            "wait" => self.wait(line),
            "client" => self.client(line, told),
            "read" => self.act(line.node(0), Input::Read { by_lease: line.has("lease") }, told),
            "transfer" => {
                let to = line.plain().get(1).map(|_| Seat(line.node(1)));
                self.act(line.node(0), Input::Transfer { to }, told);
            }
            "sync" => self.sync(line.node(0), told),
            "hold" => self.actor(line.node(0)).held = true,
            "draw" => {
                self.actor(line.node(0)).held = false;
                self.act(line.node(0), Input::Tick, told);
            }
            "deliver" => self.deliver(line, told),
            "drop" => self.lose(line),
            "crash" => {
                let actor = self.actor(line.node(0));
                (actor.node, actor.write) = (None, None);
                actor.disk.crash();
            }
            "start" => self.actor(line.node(0)).restart(),
            "build" => self.build(line, told),
            "run" => self.run(line, told),
            "forge" => self.forge(line, told),
            "snapshot" => self.snapshot(line, told),
            "lose-disk" => self.lose_disk(line),
            "join" => self.join(line),
            "change" => self.change(line, told),
            "members" => self.tell(line.node(0), show::members, told),
            "lose-snapshots" => self.actor(line.node(0)).disk.lose_snapshots(),
            "state" => {
                let state = self.actor(line.node(0)).state.trim_end_matches('.').to_owned();
                told.push_str(&format!("{}: has applied {state}\n", line.node(0)));
            }
            "log" => self.tell(line.node(0), show::log, told),
            "due" => self.tell_due(line.node(0), told),
            "progress" => self.tell(line.node(0), show::progress, told),
            "standing" => self.tell(line.node(0), show::standing, told),
            verb => panic!("no such command: {verb}"),
        }
    }

    /// So many voters, and learners behind them, on an empty stage.
    fn cluster(&mut self, line: &Line<'_>) {
        self.actors.clear();
        self.letters.clear();
        let voters = line.node(0);
        let all = voters + line.number::<u8>("learners");
        let seats = |range: std::ops::RangeInclusive<u8>| range.map(Seat).collect::<Seats>();
        let members = Members { learners: seats(voters + 1..=all), ..Members::of(seats(1..=voters)) };
        let log_bytes = line.number_or("log-bytes", LOG_BYTES);
        let features = line.features("knows").unwrap_or(Features::OWN);
        let least = Least { log_bytes: line.number_or("least", log_bytes as u32), election_micros: 250_000, features };
        let charter = Charter { founding: Founding(1), members, least };
        for seat in 1..=all {
            // The seed leaves an actor's time-outs apart from the others'.
            let usual = Config::new(Seat(seat), u64::from(seat));
            let config = Config {
                entry_bytes_max: line.number_or("frame", 104),
                inflight_messages_max: line.number_or("window", usual.inflight_messages_max),
                inflight_bytes_max: line.number_or("window-bytes", usual.inflight_bytes_max),
                snapshot_fill_percent: line.number_or("fill", usual.snapshot_fill_percent),
                snapshot_bytes_per_heartbeat: line.number_or("rate", usual.snapshot_bytes_per_heartbeat),
                pieces_in_order: !line.has("any-order"),
                commits_at_once: line.has("at-once"),
                features,
                snapshot_bytes_max: Some(line.number("snapshot-max")).filter(|most| *most > 0),
                ..usual
            };
            self.actors.insert(seat, Actor::new(config, charter, log_bytes));
        }
    }

    /// Starts a node from a disk with this term, vote and log.
    fn disk(&mut self, line: &Line<'_>) {
        let vote = Some(line.number::<u8>("vote")).filter(|vote| *vote > 0).map(|vote| Seat(vote).into());
        let hard_state = HardState { term: Term(line.number("term")), vote };
        let actor = self.actor(line.node(0));
        actor.disk = Disk::of(hard_state, Term(line.number("mark")), &line.numbers("log"));
        actor.start();
    }

    /// A node starts from an empty disk, in another life; or in the `same`, as it must not.
    fn lose_disk(&mut self, line: &Line<'_>) {
        let actor = self.actor(line.node(0));
        if line.has("same") {
            actor.disk = Disk::default();
        } else {
            actor.begin_anew();
        }
        actor.restart();
    }

    /// Another build takes a node's disk up, or does not.
    fn build(&mut self, line: &Line<'_>, told: &mut String) {
        let name = line.node(0);
        let actor = self.actor(name);
        actor.config.features = line.features("knows").unwrap_or_default();
        (actor.node, actor.config.seed) = (None, actor.config.seed + 10);
        if let Err(refused) = actor.try_start() {
            told.push_str(&format!("{name}: does not start, {refused:?}\n"));
        }
    }

    /// A node that nobody knows starts from an empty disk, in a life of its own.
    fn join(&mut self, line: &Line<'_>) {
        let (name, first) = (line.node(0), &self.actors[&1]);
        let config = Config { seat: Seat(name), seed: name.into(), ..first.config.clone() };
        let mut actor = Actor::new(first.config.clone(), first.charter, first.log_bytes);
        (actor.config, actor.now) = (config, first.now);
        actor.begin_anew();
        actor.start();
        self.actors.insert(name, actor);
    }

    /// An operator wants other members.
    fn change(&mut self, line: &Line<'_>, told: &mut String) {
        let names_nobody = line.has("enable") || line.has("use");
        let seat = if names_nobody { Seat(0) } else { Seat(line.node(2)) };
        let address = line.text("at").unwrap_or_default().as_bytes();
        let change = match line.plain()[1] {
            "add" => Change::Add { seat, address },
            "promote" => Change::Promote { seat },
            "remove" => Change::Remove { seat },
            "move" => Change::Move { seat, address },
            "enable" => Change::Enable { features: line.features("features").unwrap_or_default() },
            "use" => Change::UseKey { key: KeyId::of_bits(line.number::<u8>("key")) },
            what => panic!("no such change: {what}"),
        };
        self.act(line.node(0), Input::Change(change), told);
    }

    /// What an election without incident comes to: the others have heard no leader for a while, this node wins, and its
    /// first heartbeat has told all.
    fn elect(&mut self, line: &Line<'_>) {
        let winner = line.node(0);
        self.actors.iter_mut().filter(|(name, _)| **name != winner).for_each(|(_, actor)| {
            actor.now = actor.now + actor.config.election_timeout;
        });
        for _ in 0..2 {
            self.tick(winner, &mut String::new());
            self.run(line, &mut String::new());
        }
    }

    /// Reigns that commit nothing: the node wins one election after the other, and what it says as a leader is lost.
    fn reign(&mut self, line: &Line<'_>) {
        let winner = line.node(0);
        for _ in 0..line.number_or("count", 1) {
            self.letters.clear();
            self.actors.values_mut().for_each(|actor| actor.now = actor.now + actor.config.election_timeout * 2);
            let before = self.node(winner).term();
            let has_won = (0..MANY).any(|_| {
                if !self.go_on(&[], &mut String::new()) {
                    self.tick(winner, &mut String::new());
                }
                let node = self.node(winner);
                node.role() == Role::Leader && node.term() > before
            });
            assert!(has_won, "node {winner} does not win");
            self.sync(winner, &mut String::new());
        }
        self.letters.clear();
    }

    /// A node's clock goes on until the node has something to do.
    fn tick(&mut self, node: u8, told: &mut String) {
        let actor = self.actor(node);
        let due = actor.node.as_ref().and_then(super::Node::deadline);
        actor.now = actor.now.max(due.unwrap_or(actor.now));
        self.act(node, Input::Tick, told);
    }

    /// The clock of one node, or of all, goes on; nobody is woken.
    fn wait(&mut self, line: &Line<'_>) {
        let one = line.plain().first().map(|_| line.node(0));
        let time = Duration::from_millis(line.number("ms"));
        let waiting = self.actors.iter_mut().filter(|(name, _)| one.is_none_or(|one| **name == one));
        waiting.for_each(|(_, actor)| actor.now = actor.now + time);
    }

    /// A command that is a word, of so many bytes if that is said.
    fn client(&mut self, line: &Line<'_>, told: &mut String) {
        let bytes = line.number("bytes");
        let word = line.plain().get(1).map(|word| format!("{word:.<bytes$}"));
        self.act(line.node(0), Input::ClientCommand { session: line.session(), command: word }, told);
    }

    /// The app of a node takes a snapshot of what it has applied, which is durable at once; `damaged` makes its
    /// checksum wrong.
    fn snapshot(&mut self, line: &Line<'_>, told: &mut String) {
        let name = line.node(0);
        let bytes = line.number("bytes");
        let actor = self.actor(name);
        let Some(node) = &actor.node else { return };
        let index = node.applied();
        let entry = node.log().find(|entry| entry.position().index == index);
        let position = entry.map_or(node.base(), |entry| entry.position());
        let mut snapshot = actor.disk.snapshot(position, &format!("{:.<bytes$}", actor.state));
        if line.has("damaged") {
            snapshot.check ^= 1;
            actor.disk.snapshots.last_mut().expect("it was taken").0 = snapshot;
        }
        self.act(name, Input::Snapshotted(snapshot), told);
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

    /// Delivers the oldest message from one to another, or the one `at` a place in their queue, or all; `keep` leaves
    /// it on its way, to come once more.
    fn deliver(&mut self, line: &Line<'_>, told: &mut String) {
        let at = line.number_or("at", 1) - 1;
        loop {
            let mut queue = self.letters.iter().enumerate().filter(|(_, letter)| matches(line, letter));
            let Some((place, _)) = queue.nth(at) else {
                return;
            };
            let letter = if line.has("keep") { self.letters[place].clone() } else { self.letters.remove(place) };
            self.receive(&letter, told);
            if !line.has("all") {
                return;
            }
        }
    }

    /// Loses all messages, or the one that is named.
    fn lose(&mut self, line: &Line<'_>) {
        let named: u64 = line.number("at");
        let mut count = 0;
        self.letters.retain(|letter| {
            count += u64::from(matches(line, letter));
            !matches(line, letter) || (named != 0 && named != count)
        });
    }

    /// Delivers and syncs until all is quiet. What comes from or goes to a node that is `without` is lost.
    fn run(&mut self, line: &Line<'_>, told: &mut String) {
        let without = line.numbers("without");
        let is_quiet = (0..MANY).any(|_| !self.go_on(&without, told));
        assert!(is_quiet, "the talk does not end");
    }

    /// Syncs one write or delivers one message; `false` if there is none.
    fn go_on(&mut self, without: &[u64], told: &mut String) -> bool {
        let is_cut = |node: u8| without.contains(&u64::from(node));
        self.letters.retain(|letter| !is_cut(letter.from) && !is_cut(letter.to));
        let writer = self.actors.iter().find(|(_, actor)| actor.write.is_some()).map(|(node, _)| *node);
        match writer {
            Some(node) => self.sync(node, told),
            None if self.letters.is_empty() => return false,
            None => {
                let letter = self.letters.remove(0);
                self.receive(&letter, told);
            }
        }
        true
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

    fn tell(&mut self, name: u8, show: impl Fn(&super::Node) -> String, told: &mut String) {
        let shown = self.actor(name).node.as_ref().map(show);
        told.push_str(&format!("{name}: {}\n", shown.unwrap_or("is down".into())));
    }

    /// How long until a node has to be woken.
    fn tell_due(&mut self, name: u8, told: &mut String) {
        let actor = self.actor(name);
        let due = actor.node.as_ref().and_then(super::Node::deadline);
        let left = due.map(|due| format!("in {} ms", due.saturating_since(actor.now).as_millis()));
        told.push_str(&format!("{name}: is due {}\n", left.unwrap_or("never".into())));
    }

    #[track_caller]
    fn node(&mut self, name: u8) -> &super::Node {
        self.actor(name).node.as_ref().unwrap_or_else(|| panic!("node {name} is down"))
    }

    #[track_caller]
    fn actor(&mut self, name: u8) -> &mut Actor {
        self.actors.get_mut(&name).unwrap_or_else(|| panic!("there is no node {name}"))
    }
}

fn matches(line: &Line<'_>, letter: &Letter) -> bool {
    letter.from == line.node(0) && letter.to == line.node(1)
}
