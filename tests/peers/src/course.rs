use crate::cluster::{Cluster, Member, Setup};

/// What is done so often.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// So many commands, as many as are told on their way at a time, until the leader has applied each.
    Leader(u64),
    /// So many commands, one at a time, until all have applied it.
    Everywhere,
    /// So many clusters come to a leader, from nothing.
    Election,
    /// So many ticks pass.
    Idle,
}

/// Runs what the command line says, and prints what was counted: `messages`, `bytes`, `allocations`, and the `sum` of what
/// was applied, which has to be the same for all libraries.
///
/// `PEER leader|everywhere|election|idle REPEATS MEMBERS BYTES IN_FLIGHT BEFORE`: with so many commands in the log before.
///
/// # Panics
/// That is not what the command line says; or members differ, or do not go on.
pub fn run<M: Member>() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [work, repeats, members, command_bytes, in_flight, before] = &words[..] else {
        panic!("usage: leader|everywhere|election|idle REPEATS MEMBERS BYTES IN_FLIGHT BEFORE")
    };
    let number = |word: &String| word.parse::<u64>().unwrap_or_else(|_| panic!("{word} is no number"));
    let (repeats, before) = (number(repeats), number(before));
    let work = match work.as_str() {
        "leader" => Work::Leader(number(in_flight)),
        "everywhere" => Work::Everywhere,
        "election" => Work::Election,
        "idle" => Work::Idle,
        other => panic!("{other} is no work"),
    };
    let setup = Setup {
        members: number(members) as usize,
        command_bytes: number(command_bytes) as usize,
        // Room for twice as many: nobody compacts, and nobody is to want to.
        commands: if work == Work::Election { 0 } else { 2 * (before + 20_000) },
        is_at_once: work == Work::Everywhere,
        seed: 1,
    };
    let mut counted = (0, 0, 0);
    let allocations = allocation_counter::measure(|| counted = go::<M>(work, repeats, before, &setup)).count_total;
    let (messages, bytes, sum) = counted;
    println!("messages {messages}\nbytes {bytes}\nallocations {allocations}\nsum {sum:016x}");
}

fn go<M: Member>(work: Work, repeats: u64, before: u64, setup: &Setup) -> (u64, u64, u64) {
    if work == Work::Election {
        let elect = |seed| {
            let mut cluster = Cluster::<M>::new(&Setup { seed, ..setup.clone() });
            cluster.until(|cluster| cluster.leader().is_some());
            cluster.settle();
            cluster.net.messages
        };
        return ((1..=repeats).map(elect).sum(), 0, 0);
    }
    let mut cluster = Cluster::<M>::new(setup);
    cluster.until(|cluster| cluster.leader().is_some());
    cluster.settle();
    let leader = cluster.leader().expect("there is one");
    let mut commands = Commands { bytes: (0..setup.command_bytes).map(|at| at as u8 ^ 0x51).collect(), next: 0 };
    commands.stream(&mut cluster, leader, before, 64);
    match work {
        Work::Leader(in_flight) => commands.stream(&mut cluster, leader, repeats, in_flight),
        Work::Everywhere => {
            for goal in commands.next + 1..=commands.next + repeats {
                commands.propose(&mut cluster, leader);
                cluster.until(|cluster| cluster.states.iter().all(|state| state.applied >= goal));
            }
        }
        Work::Idle => {
            for _ in 0..repeats {
                cluster.tick();
                cluster.settle();
            }
        }
        Work::Election => {}
    }
    cluster.until(|cluster| cluster.states.iter().all(|state| state.applied == commands.next));
    assert_eq!(cluster.leader(), Some(leader), "nobody else was elected");
    let state = cluster.states[leader];
    assert!(cluster.states.iter().all(|other| *other == state), "all have the same state");
    (cluster.net.messages, cluster.net.bytes, state.sum())
}

/// Commands, of which no two are alike.
struct Commands {
    bytes: Vec<u8>,
    next: u64,
}

impl Commands {
    fn propose<M: Member>(&mut self, cluster: &mut Cluster<M>, leader: usize) {
        self.bytes[..8].copy_from_slice(&self.next.to_le_bytes());
        cluster.propose(leader, &self.bytes);
        self.next += 1;
    }

    /// So many more, each of which is proposed once no more than so many are on their way.
    fn stream<M: Member>(&mut self, cluster: &mut Cluster<M>, leader: usize, count: u64, in_flight: u64) {
        let end = self.next + count;
        while self.next < end {
            let applied = cluster.states[leader].applied;
            while self.next < end.min(applied + in_flight) {
                self.propose(cluster, leader);
            }
            cluster.until(|cluster| cluster.states[leader].applied > applied);
        }
        cluster.until(|cluster| cluster.states[leader].applied == end);
    }
}
