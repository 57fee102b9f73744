use std::fmt::Write;

use crate::count::{Course, cost};
use crate::page::{grouped, machine};

const MANY: Course =
    Course { work: "leader", members: 3, command_bytes: 128, in_flight: 64, before: 500, repeats: 1000 };
const TICKS_A_SECOND: f64 = 100.0;

/// What an entry takes as the log and the cluster grow, and what a cluster says that has nothing to do.
pub(crate) fn measure() -> Result<String, String> {
    let mut table =
        format!("Counted {}.\n\n| entries in the log before | instructions |\n| ---: | ---: |\n", machine());
    for before in [10, 1_000, 100_000, 1_000_000] {
        eprintln!("{before} entries before");
        let (cost, _) = cost("quorate", &Course { before, ..MANY })?;
        _ = writeln!(table, "| {} | {} |", grouped(before as f64), grouped(cost.instructions));
    }
    table.push_str("\n| members | instructions | for each follower | idle: messages a second | bytes a second |\n");
    table.push_str("| ---: | ---: | ---: | ---: | ---: |\n");
    for members in [3, 9, 17, 32] {
        eprintln!("{members} members");
        let (entry, _) = cost("quorate", &Course { members, repeats: 300, ..MANY })?;
        let (tick, _) = cost("quorate", &Course { members, work: "idle", before: 0, repeats: 1000, ..MANY })?;
        _ = writeln!(
            table,
            "| {members} | {} | {} | {} | {} |",
            grouped(entry.instructions),
            grouped(entry.instructions / (members - 1) as f64),
            grouped(tick.messages * TICKS_A_SECOND),
            grouped(tick.bytes * TICKS_A_SECOND),
        );
    }
    Ok(table)
}
