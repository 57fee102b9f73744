//! A store that is linearizable by construction, and clients that use it at the same time.

use std::collections::BTreeMap;

use quorate_tests::history::{Answer, History, Operation, Outcome};

/// Splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }
}

/// What the clients do.
pub(crate) struct Load {
    pub(crate) operations: usize,
    pub(crate) processes: u64,
    pub(crate) keys: u64,
    /// How many different values are written; 0 makes each write's value its own.
    pub(crate) values: u64,
    pub(crate) unknown_per_mille: u64,
    pub(crate) fail_per_mille: u64,
}

/// What the store answers to an operation, which it does.
pub(crate) fn apply(value: &mut Option<String>, operation: &Operation) -> Answer {
    match operation {
        Operation::Get => return Answer::Value(value.clone()),
        Operation::Put(new) => *value = Some(new.clone()),
        Operation::Delete => return Answer::Existed(value.take().is_some()),
        Operation::Append(text) => value.get_or_insert_default().push_str(text),
        Operation::Cas { from, to } => {
            let swapped = value == from;
            if swapped {
                *value = Some(to.clone());
            }
            return Answer::Swapped(swapped);
        }
    }
    Answer::Done
}

struct Call {
    event: usize,
    key: String,
    operation: Operation,
    end: Outcome,
    answer: Option<Answer>,
}

/// The history of a random run. Each process has one operation under way; each operation takes effect at a random time
/// during it, and one of unknown outcome at a random time after its start, or not within the run.
pub(crate) fn run(load: &Load, random: &mut Random) -> History {
    let mut history = History::new();
    let mut store: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut calls: BTreeMap<u64, Call> = BTreeMap::new();
    let mut limbo: Vec<(String, Operation)> = Vec::new();
    let mut time = 0;
    while history.events().len() < load.operations || !calls.is_empty() {
        time += 1;
        if !limbo.is_empty() && random.chance(50) {
            let (key, operation) = limbo.swap_remove(random.below(limbo.len() as u64) as usize);
            apply(store.entry(key).or_default(), &operation);
        }
        let process = random.below(load.processes);
        match calls.remove(&process) {
            None if history.events().len() < load.operations => {
                let key = format!("k{}", random.below(load.keys));
                let operation = operation(load, random, time, store.get(&key).cloned().flatten());
                let event = history.begin(process, time, &key, operation.clone());
                let end = match random.below(1000) {
                    chance if chance < load.unknown_per_mille => Outcome::Unknown,
                    chance if chance < load.unknown_per_mille + load.fail_per_mille => Outcome::Fail,
                    _ => Outcome::Ok(Answer::Done),
                };
                if end == Outcome::Unknown {
                    limbo.push((key.clone(), operation.clone()));
                }
                calls.insert(process, Call { event, key, operation, end, answer: None });
            }
            None => {}
            Some(call) if call.end != Outcome::Ok(Answer::Done) => history.finish(call.event, time, call.end),
            Some(Call { answer: Some(answer), event, .. }) => {
                let answer = if random.chance(30) { Answer::Done } else { answer };
                history.finish(event, time, Outcome::Ok(answer));
            }
            Some(mut call) => {
                call.answer = Some(apply(store.entry(call.key.clone()).or_default(), &call.operation));
                calls.insert(process, call);
            }
        }
    }
    history
}

fn operation(load: &Load, random: &mut Random, time: u64, held: Option<String>) -> Operation {
    let value = if load.values == 0 { format!("v{time};") } else { format!("{}", random.below(load.values)) };
    match random.below(100) {
        0..45 => Operation::Get,
        45..70 => Operation::Put(value),
        70..78 => Operation::Delete,
        78..88 => Operation::Append(value),
        _ if random.chance(700) => Operation::Cas { from: held, to: value },
        _ => Operation::Cas { from: Some(value.clone()), to: value },
    }
}
