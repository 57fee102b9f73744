//! A few nodes whose disks are immediate, on links that lose what goes to or comes from a seat that is down.

use std::collections::VecDeque;
use std::time::Duration;

use quorate::{
    Boot, BootError, Change, Charter, ClientCommand, Config, Dismissal, Effect, Entry, Features, Founding, HardState,
    Identity, Incarnation, Index, Input, Instant, Least, Mark, Members, Message, Node, Position, Recovered, Rejection,
    Role, Roster, Seat, Seats, Settled, Transfer, Unchanged,
};

const LOG_BYTES: usize = 1 << 17;
const SEATS: usize = Seat::COUNT_MAX;

type Machine = Node<u32, Vec<u8>, SEATS>;

/// What a store has made durable.
#[derive(Clone)]
pub(crate) struct Store {
    charter: Charter,
    incarnation: Incarnation,
    items: Vec<Item>,
}

#[derive(Clone)]
enum Item {
    HardState(HardState),
    Entry(Vec<u8>),
    Settled(Index, Vec<u8>),
    Mark(Mark),
}

pub(crate) struct Cluster {
    pub(crate) now: Instant,
    nodes: Vec<Option<(Machine, Store)>>,
    /// What each seat's build knows.
    knows: [Features; SEATS],
    /// What those hold that were dismissed.
    left: [Option<Store>; SEATS],
    down: Seats,
    mail: VecDeque<(Identity, Seat, Vec<u8>)>,
    lives: u64,
    /// So many messages of a hundred are lost.
    pub(crate) loss_percent: u64,
    random: u64,
    /// What each seat was told of the members last, and what it was told besides.
    pub(crate) told: Vec<(Seat, String)>,
    pub(crate) dismissed: Vec<(Seat, Dismissal)>,
    pub(crate) failed: Vec<(Seat, Unchanged)>,
    /// What was applied, by index: all have to agree.
    pub(crate) applied: Vec<(u64, Vec<u8>)>,
}

/// A cluster that has a leader, and has done a command.
#[track_caller]
pub(crate) fn led(founders: usize) -> (Cluster, u8) {
    let mut cluster = Cluster::of(founders);
    cluster.run(1_000);
    assert!(cluster.put(1), "all are there");
    let leader = cluster.leader().expect("all are there").0;
    (cluster, leader)
}

fn config(seat: Seat, features: Features, seed: u64) -> Config {
    Config {
        features,
        heartbeat_interval: Duration::from_millis(10),
        election_timeout: Duration::from_millis(100),
        ..Config::new(seat, seed)
    }
}

impl Cluster {
    /// Founders in the first seats.
    pub(crate) fn of(founders: usize) -> Cluster {
        Cluster::of_builds(founders, Features::OWN)
    }

    /// Founders in the first seats, all of whose builds know this.
    pub(crate) fn of_builds(founders: usize, features: Features) -> Cluster {
        let members = Members::of(Seats::first(founders));
        let charter = Charter {
            founding: Founding(1),
            members,
            least: Least { log_bytes: LOG_BYTES as u32, election_micros: 100_000, features },
        };
        let mut cluster = Cluster {
            now: Instant::START + Duration::from_secs(1),
            nodes: (0..SEATS).map(|_| None).collect(),
            knows: [features; SEATS],
            left: Default::default(),
            down: Seats::NONE,
            mail: VecDeque::new(),
            lives: 100,
            loss_percent: 0,
            random: 0,
            told: Vec::new(),
            dismissed: Vec::new(),
            failed: Vec::new(),
            applied: Vec::new(),
        };
        for seat in members.all().iter() {
            let store = Store { charter, incarnation: Incarnation::FOUNDER, items: Vec::new() };
            cluster.boot(seat, store).unwrap();
        }
        cluster
    }

    fn boot(&mut self, seat: Seat, store: Store) -> Result<(), BootError> {
        self.lives += 1;
        let config = config(seat, self.knows[usize::from(seat.0)], self.lives);
        let mut boot = Boot::<u32, _, SEATS>::recover(config, vec![0; LOG_BYTES]).unwrap();
        let origin = match store.incarnation {
            Incarnation::FOUNDER => Recovered::Charter(store.charter),
            incarnation => Recovered::Joined(store.charter, incarnation),
        };
        boot.take(origin)?;
        for item in &store.items {
            boot.take(match item {
                Item::HardState(state) => Recovered::HardState(*state),
                Item::Entry(record) => Recovered::Entry(Entry::parse(record).unwrap().0),
                Item::Settled(since, roster) => {
                    Recovered::Settled(Settled { since: *since, roster: Roster::parse(roster).unwrap() })
                }
                Item::Mark(mark) => Recovered::Mark(*mark),
            })?;
        }
        self.nodes[usize::from(seat.0)] = Some((boot.start(self.now)?, store));
        Ok(())
    }

    /// A store that has nothing, in a life of its own.
    pub(crate) fn join(&mut self, seat: u8) -> Incarnation {
        self.lives += 1;
        let incarnation = Incarnation::drawn(self.lives);
        let charter = self.nodes.iter().flatten().next().expect("a cluster is there").1.charter;
        self.boot(Seat(seat), Store { charter, incarnation, items: Vec::new() }).unwrap();
        incarnation
    }

    pub(crate) fn node(&self, seat: u8) -> &Machine {
        &self.nodes[usize::from(seat)].as_ref().expect("there is such a node").0
    }

    pub(crate) fn store(&self, seat: u8) -> Store {
        self.nodes[usize::from(seat)].as_ref().expect("there is such a node").1.clone()
    }

    /// Nothing goes to or comes from this seat.
    pub(crate) fn cut(&mut self, seat: u8) {
        self.down = self.down.with(Seat(seat));
    }

    pub(crate) fn heal(&mut self, seat: u8) {
        self.down = self.down.without(Seat(seat));
    }

    /// The two others of three, which were cut, go on without this leader, and what it had alone is cut off when it comes back.
    #[track_caller]
    pub(crate) fn go_on_without(&mut self, leader: u8) {
        self.cut(leader);
        (0..3).filter(|seat| *seat != leader).for_each(|seat| self.heal(seat));
        self.run(1_000);
        assert!(self.put(2));
        self.heal(leader);
        self.run(1_000);
    }

    pub(crate) fn restart(&mut self, seat: u8) {
        let store = self.store(seat);
        self.boot(Seat(seat), store).unwrap();
    }

    /// Starts a node once more, or one that was dismissed, as a build that knows this.
    pub(crate) fn restart_as(&mut self, seat: u8, features: Features) -> Result<(), BootError> {
        let at = usize::from(seat);
        let store = self.left[at].take().unwrap_or_else(|| self.store(seat));
        (self.knows[at], self.nodes[at]) = (features, None);
        let started = self.boot(Seat(seat), store.clone());
        self.left[at] = started.is_err().then_some(store);
        started
    }

    /// What its build is to know that starts in this seat next.
    pub(crate) fn build(&mut self, seat: u8, features: Features) {
        self.knows[usize::from(seat)] = features;
    }

    /// What is on, as this node knows.
    pub(crate) fn on(&self, seat: u8) -> Features {
        self.node(seat).features()
    }

    /// What the rosters in the store of a dismissed node name.
    pub(crate) fn named(&self, seat: u8) -> Features {
        let store = self.left[usize::from(seat)].as_ref().expect("it was dismissed");
        store.items.iter().fold(store.charter.least.features, |named, item| match item {
            Item::Entry(record) => {
                let (entry, _) = Entry::parse(record).unwrap();
                entry.roster().map_or(named, |roster| named.with(roster.least().features))
            }
            Item::Settled(_, roster) => named.with(Roster::parse(roster).unwrap().least().features),
            Item::HardState(_) | Item::Mark(_) => named,
        })
    }

    /// A message comes from whoever this is, and what is to be said to him is shown.
    pub(crate) fn hear(&mut self, seat: u8, from: Identity, message: Message<'_>) -> Vec<String> {
        let before = self.mail.len();
        self.act(Seat(seat), Input::Receive { from, message });
        let answers = self.mail.drain(before..).filter(|(_, to, _)| *to == from.seat);
        answers.map(|(_, _, bytes)| format!("{:?}", postcard::from_bytes::<Message<'_>>(&bytes).unwrap())).collect()
    }

    /// The node is gone, and what it had.
    pub(crate) fn lose(&mut self, seat: u8) {
        self.nodes[usize::from(seat)] = None;
    }

    pub(crate) fn leader(&self) -> Option<Seat> {
        let leads = |(node, _): &&(Machine, Store)| node.role() == Role::Leader && !self.down.contains(node.seat());
        self.nodes.iter().flatten().filter(leads).max_by_key(|(node, _)| node.term()).map(|(node, _)| node.seat())
    }

    /// Lets time go on.
    pub(crate) fn run(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        loop {
            while let Some((from, to, bytes)) = self.mail.pop_front() {
                if !self.down.contains(from.seat) && !self.down.contains(to) && !self.is_lost() {
                    let message: Message<'_> = postcard::from_bytes(&bytes).unwrap();
                    self.act(to, Input::Receive { from, message });
                }
            }
            let due = self.nodes.iter().flatten().filter_map(|(node, _)| node.deadline()).min();
            let Some(due) = due.filter(|due| *due <= end) else { break };
            self.now = self.now.max(due);
            for seat in Seats::first(SEATS).iter() {
                self.act(seat, Input::Tick);
            }
        }
        self.now = end;
    }

    /// Whether the next message is.
    fn is_lost(&mut self) -> bool {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % 100 < self.loss_percent
    }

    pub(crate) fn change(&mut self, seat: u8, change: Change<'_>) -> Result<(), Rejection> {
        let now = self.now;
        let (node, _) = self.nodes[usize::from(seat)].as_mut().expect("there is such a node");
        let answer = node.step(now, change).answer;
        self.act(Seat(seat), Input::Tick);
        answer
    }

    pub(crate) fn transfer(&mut self, seat: u8, to: u8) -> Result<(), Rejection> {
        let now = self.now;
        let (node, _) = self.nodes[usize::from(seat)].as_mut().expect("there is such a node");
        let answer = node.step(now, Transfer { to: Some(Seat(to)) }).answer;
        self.act(Seat(seat), Input::Tick);
        answer
    }

    pub(crate) fn propose(&mut self, seat: u8, command: u32) -> Result<Position, Rejection> {
        let now = self.now;
        let (node, _) = self.nodes[usize::from(seat)].as_mut().expect("there is such a node");
        let answer = node.step(now, ClientCommand { session: None, command: Some(command) }).answer;
        self.act(Seat(seat), Input::Tick);
        answer
    }

    /// Has the leader do a command; whether it is applied there by the end.
    pub(crate) fn put(&mut self, command: u32) -> bool {
        let Some(leader) = self.leader() else { return false };
        let Ok(Position { index, .. }) = self.propose(leader.0, command) else { return false };
        self.run(50);
        self.node(leader.0).applied() >= index
    }

    fn act(&mut self, seat: Seat, input: Input<'_, u32>) {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            let Some((node, store)) = self.nodes[usize::from(seat.0)].as_mut() else { return };
            let me = node.identity();
            let (mut ticket, mut stops) = (None, false);
            for effect in node.step(self.now, input) {
                match effect {
                    Effect::Persist(write) => {
                        store.items.extend(write.hard_state.map(Item::HardState));
                        store.items.extend(write.entries.map(|entry| Item::Entry(entry.record().to_vec())));
                        let settled = write.settled.map(|Settled { since, roster }| (since, roster.bytes().to_vec()));
                        store.items.extend(settled.map(|(since, roster)| Item::Settled(since, roster)));
                        store.items.extend(write.mark.map(Item::Mark));
                        ticket = Some(write.ticket);
                    }
                    Effect::Send { to, message } => {
                        self.mail.push_back((me, to, postcard::to_slice(&message, &mut [0; 2000]).unwrap().to_vec()));
                    }
                    Effect::Apply(apply) => {
                        let found = (apply.index().0, apply.entry().record().to_vec());
                        match self.applied.iter().find(|(index, _)| *index == found.0) {
                            Some(known) => assert_eq!(known, &found, "all apply the same"),
                            None => self.applied.push(found),
                        }
                    }
                    Effect::Members { since, .. } => self.told.push((seat, format!("members of {}", since.0))),
                    Effect::Dismissed(why) => {
                        self.dismissed.push((seat, why));
                        stops = true;
                    }
                    Effect::ChangeFailed { seat, reason } => self.failed.push((seat, reason)),
                    Effect::LeadershipEnded
                    | Effect::TransferFailed { .. }
                    | Effect::ReadReady { .. }
                    | Effect::ReadFailed { .. } => {}
                    other => panic!("no snapshots here: {other:?}"),
                }
            }
            node.check_invariants().unwrap_or_else(|broken| panic!("n{}: {broken}", seat.0));
            next = ticket.map(Input::Persisted);
            if stops {
                self.left[usize::from(seat.0)] = Some(store.clone());
                return self.lose(seat.0);
            }
        }
    }
}
