//! Events of the key "x", in few words.

use quorate_tests::history::{Answer, Event, Operation, Outcome};

pub(crate) fn ok(process: u64, invoked: u64, returned: u64, operation: Operation, answer: Answer) -> Event {
    Event { process, key: "x".into(), invoked, returned: Some(returned), operation, outcome: Outcome::Ok(answer) }
}

pub(crate) fn unknown(process: u64, invoked: u64, operation: Operation) -> Event {
    Event { process, key: "x".into(), invoked, returned: None, operation, outcome: Outcome::Unknown }
}

pub(crate) fn put(process: u64, invoked: u64, returned: u64, value: &str) -> Event {
    ok(process, invoked, returned, Operation::Put(value.into()), Answer::Done)
}

pub(crate) fn append(process: u64, invoked: u64, returned: u64, text: &str) -> Event {
    ok(process, invoked, returned, Operation::Append(text.into()), Answer::Done)
}

pub(crate) fn get(process: u64, invoked: u64, returned: u64, value: Option<&str>) -> Event {
    ok(process, invoked, returned, Operation::Get, Answer::Value(value.map(Into::into)))
}

pub(crate) fn delete(process: u64, invoked: u64, returned: u64, existed: bool) -> Event {
    ok(process, invoked, returned, Operation::Delete, Answer::Existed(existed))
}

pub(crate) fn swap(from: Option<&str>, to: &str) -> Operation {
    Operation::Cas { from: from.map(Into::into), to: to.into() }
}

pub(crate) fn cas(process: u64, invoked: u64, returned: u64, from: Option<&str>, to: &str, swapped: bool) -> Event {
    ok(process, invoked, returned, swap(from, to), Answer::Swapped(swapped))
}
