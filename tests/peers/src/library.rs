use std::fmt::Write;

use crate::count::{Cost, Course, cost};
use crate::page::{grouped, machine};

/// The libraries, by the names of their programs and as the table has them, and which of them is the floor.
const PEERS: [(&str, &str); 6] = [
    ("quorate", "quorate"),
    ("floor", "floor"),
    ("noraft", "noraft 0.7.1"),
    ("raft_io", "raft-io 1.0.0"),
    ("omnipaxos", "omnipaxos 0.2.4"),
    ("raft", "raft-rs 0.7.0"),
];
const FLOOR: &str = "floor";

const ONE: Course = Course { work: "leader", members: 3, command_bytes: 128, in_flight: 1, before: 500, repeats: 500 };
const MANY: Course = Course { in_flight: 64, repeats: 1000, ..ONE };

const ROWS: [(&str, Course); 10] = [
    ("one at a time, until the leader has applied it", ONE),
    ("one at a time, until all have", Course { work: "everywhere", ..ONE }),
    ("64 in flight", MANY),
    ("64 in flight, 16 bytes", Course { command_bytes: 16, ..MANY }),
    ("64 in flight, 1,024 bytes", Course { command_bytes: 1024, ..MANY }),
    ("64 in flight, 5 members", Course { members: 5, ..MANY }),
    ("64 in flight, 7 members", Course { members: 7, ..MANY }),
    ("64 in flight, 27 members", Course { members: 27, repeats: 300, ..MANY }),
    ("an election, from nothing", Course { work: "election", before: 0, repeats: 20, ..ONE }),
    ("a tick of all, with nothing to do", Course { work: "idle", before: 0, repeats: 1000, ..ONE }),
];

/// The tables of instructions, and of allocations and messages.
pub(crate) fn measure() -> Result<String, String> {
    let mut costs = Vec::new();
    for (name, course) in ROWS {
        eprintln!("{name}");
        let row: Vec<(Cost, String)> = PEERS.iter().map(|(peer, _)| cost(peer, &course)).collect::<Result<_, _>>()?;
        if let Some(other) = row.iter().position(|(_, sum)| *sum != row[0].1) {
            return Err(format!("{name}: {} has applied something else than {}", PEERS[other].1, PEERS[0].1));
        }
        costs.push((name, row.into_iter().map(|(cost, _)| cost).collect::<Vec<_>>()));
    }
    let mut table = format!("Counted {}.\n\n| instructions |", machine());
    head(&mut table);
    for (name, row) in &costs {
        let peers = || row.iter().zip(PEERS).filter(|(_, (peer, _))| *peer != FLOOR).map(|(cost, _)| cost.instructions);
        let best = peers().fold(f64::INFINITY, f64::min);
        write_row(
            &mut table,
            name,
            row.iter().map(|cost| match grouped(cost.instructions) {
                least if cost.instructions == best => format!("**{least}**"),
                other => other,
            }),
        );
    }
    table.push_str("\n| allocations; messages |");
    head(&mut table);
    for (name, row) in &costs {
        write_row(&mut table, name, row.iter().map(|cost| format!("{:.1}; {:.1}", cost.allocations, cost.messages)));
    }
    Ok(table)
}

fn head(table: &mut String) {
    PEERS.iter().for_each(|(_, name)| _ = write!(table, " {name} |"));
    table.push_str("\n| --- |");
    PEERS.iter().for_each(|_| table.push_str(" ---: |"));
    table.push('\n');
}

fn write_row(table: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    _ = write!(table, "| {name} |");
    cells.for_each(|cell| _ = write!(table, " {cell} |"));
    table.push('\n');
}
