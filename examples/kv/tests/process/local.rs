use std::net::UdpSocket;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::program::{Running, eventually, free_addresses, program, run, run_with};

/// The first of three free ports in a row.
pub(crate) fn free_ports() -> u16 {
    free_addresses(3)[0].port()
}

#[test]
fn data_is_there_when_the_nodes_start_again() {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let (data_dir, port) = (directory.path().display().to_string(), free_ports().to_string());
    let local = ["local", "--data-dir", &data_dir, "--port", &port];

    let story =
        "put greeting 'hello world'\nget greeting\ncas greeting x y\nappend greeting !\n\nget missing\n# done\nexit\n";
    run_with(&local, story.as_bytes()).prints(0, "OK\nhello world\nCONFLICT\n12\n");
    run_with(&local, b"get greeting\ndel greeting\nget greeting").prints(0, "hello world!\n1\n");

    let inspected = run(&["inspect", "--data-dir", &format!("{data_dir}/n1")]);
    inspected.says(0, &[]);
    assert!(inspected.out.contains("\"node\": \"n1\""), "{}", inspected.out);
}

#[test]
fn a_line_that_fails_is_told_and_the_next_one_is_taken() {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let (data_dir, port) = (directory.path().display().to_string(), free_ports().to_string());
    let ended = run_with(
        &["local", "--data-dir", &data_dir, "--port", &port],
        b"putt a b\nput 'a\nput a \xff\nput a b\nget a\nstatus\nhelp\nput a -\n",
    );
    ended.says(1, &["line 1: unrecognized subcommand 'putt'", "line 2: a quote", "line 3: not UTF-8"]);
    ended.says(1, &["line 8: `-` stands for standard input", "quorate-kv put"]);
    assert!(ended.out.starts_with("OK\nb\nNODE"), "{}", ended.out);
    assert!(ended.out.contains("3 of 3 nodes reachable") && ended.out.contains("Stop all nodes"), "{}", ended.out);
}

#[test]
fn ctrl_c_stops_all_nodes() {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let (data_dir, port) = (directory.path().display().to_string(), free_ports().to_string());
    let arguments = ["local", "--data-dir", &data_dir, "--port", &port];
    for signal in [Signal::INT, Signal::TERM] {
        let running = Running::start(program().args(arguments));
        eventually("the nodes listen", || {
            let peer = format!("3=127.0.0.1:{}", port.parse::<u16>().ok()? + 2);
            (run(&["status", "--peer", &peer]).code != Some(3)).then_some(())
        });
        thread::sleep(Duration::from_millis(100));
        running.signal(signal);
        running.end().prints(0, "");
    }
}

#[test]
fn a_port_in_use_is_told() {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let port = free_ports();
    let _taken = UdpSocket::bind(("127.0.0.1", port + 1)).expect("the port is free");
    let (data_dir, port) = (directory.path().display().to_string(), port.to_string());
    run(&["local", "--data-dir", &data_dir, "--port", &port]).says(15, &["n2: cannot use 127.0.0.1"]);
}
