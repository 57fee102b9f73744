use std::fs::{self, File};
use std::io::BufReader;

use quorate::Seat;
use quorate_smol::{Client, ServeError, serve};
use quorate_tests::replay::{Replayed, replay};
use smol::block_on;

use crate::house::{House, Named};

/// A command with its number spelled in two bytes where one would do: the log has it in one.
fn long_way_round(number: u8) -> Vec<u8> {
    vec![1, b'n', 0x80 | number, 0]
}

#[track_caller]
fn replayed(house: &House, seat: u8) -> Replayed {
    let trace = File::open(house.trace(seat)).expect("there is a trace");
    replay(BufReader::new(trace)).unwrap_or_else(|stopped| panic!("node {seat}: {stopped}"))
}

#[test]
fn nodes_that_lead_fall_and_come_back_are_replayed_exactly() {
    let mut house = House::new();
    let mut client = house.client();
    let mut number = 0;
    let mut put = |client: &mut Client, count| {
        for _ in 0..count {
            number += 1;
            block_on(client.command(&long_way_round(number & 0x7f))).expect("the command is done");
            block_on(client.read(b"")).expect("the read is answered");
        }
    };
    put(&mut client, 50);
    let first = house.leader();
    house.kill(first);
    put(&mut client, 20);
    house.start(first);
    let second = house.leader();
    house.stop(second);
    put(&mut client, 20);
    house.start(second);
    put(&mut client, 20);
    (1..=3).for_each(|seat| house.stop(seat));

    for seat in 1..=3 {
        let Replayed { events, boots, cut } = replayed(&house, seat);
        let starts = 1 + u64::from(seat == first) + u64::from(seat == second);
        assert_eq!((boots, cut), (starts, 0), "node {seat}");
        assert!(events > 100, "node {seat} did {events} steps");
    }
    let trace = fs::read_to_string(house.trace(first)).expect("JSON is text");
    let restarted = trace.lines().rfind(|line| line.starts_with("{\"trace\":")).expect("a header");
    assert!(!restarted.contains("\"records\":\"\""), "the log came back from the disk");
}

#[test]
fn a_line_that_a_crash_cut_off_does_not_spoil_the_next_boot() {
    let mut house = House::new();
    house.leader();
    house.kill(1);
    let trace = fs::read(house.trace(1)).expect("there is a trace");
    fs::write(house.trace(1), &trace[..trace.len() - 9]).expect("it can be cut");
    house.start(1);
    house.leader();
    house.stop(1);
    let replayed = replayed(&house, 1);
    assert_eq!((replayed.boots, replayed.cut), (2, 1));
}

#[test]
fn a_node_that_cannot_write_its_trace_does_not_start() {
    let mut house = House::new();
    house.leader();
    house.stop(1);
    let mut config = house.config(1);
    config.trace = Some(config.data_dir.clone());
    let refused = block_on(serve(config, Named::default(), std::future::pending(), |_| {}));
    let Err(ServeError::Trace { .. }) = refused else { panic!("{refused:?}") };
}

/// A device that takes nothing stands for a full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_refuses_a_trace_at_the_start() {
    let house = House::new();
    let mut config = house.config(1);
    config.listen.set_port(0);
    config.data_dir = config.data_dir.join("elsewhere");
    // It founds a cluster of its own.
    config.peers.retain(|seat, _| *seat == Seat(1));
    config.trace = Some("/dev/full".into());
    let refused = block_on(serve(config, Named::default(), std::future::pending(), |_| {}));
    let Err(ServeError::Trace { source, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
}
