use std::collections::BTreeSet;
use std::io;

use quorate_tests::mutants::{Killer, Mutant};

use crate::copy::{Copy, Ran};

/// What became of a mutant.
pub(crate) enum Fate {
    Killed(String),
    Survived,
    DoesNotBuild,
    TextNotFound,
}

/// Runs the tests until one notices, first the one that must.
pub(crate) fn try_out(copy: &Copy, mutant: &Mutant) -> io::Result<Fate> {
    Ok(copy.with(mutant, || judge(copy, mutant))?.unwrap_or(Fate::TextNotFound))
}

fn judge(copy: &Copy, mutant: &Mutant) -> io::Result<Fate> {
    let builds = [
        "build --package quorate-tests --package quorate-flash --package quorate-smol --lib",
        "build --package quorate-kv",
    ];
    for build in builds {
        if !copy.cargo(build)?.is_fine {
            return Ok(Fate::DoesNotBuild);
        }
    }
    let suites = [
        ("docs", "test --package quorate-tests --doc"),
        ("traces", "test --package quorate-tests --test traces"),
        ("rules", "test --package quorate --test rules"),
        ("disk", "test --package quorate-disk --tests"),
        ("power", "test --package quorate-tests --test power"),
        ("flash", "test --package quorate-flash --features double --tests"),
        ("driver", "test --package quorate-driver --lib --tests"),
        ("boards", "test --package quorate-serial --lib --tests"),
        ("boards", "test --package quorate-tests --test boards"),
        ("smol", "test --package quorate-smol --lib --test client"),
        (
            "kv",
            "test --package quorate-wire --package quorate-smol --package quorate-kv --features quorate-wire/seal --lib --bins --tests",
        ),
        ("seeds", "run --release --package quorate-tests --bin simulate -- --seeds 0..300 --nodes 3"),
        ("seeds", "run --release --package quorate-tests --bin simulate -- --seeds 0..300 --nodes 5"),
        ("links", "run --release --package quorate-tests --bin simulate -- --links sealed --seeds 0..150 --nodes 3,5"),
    ];
    let expected = match mutant.by {
        Killer::Trace(_) => "traces",
        Killer::Rules => "rules",
        Killer::Docs => "docs",
        Killer::Disk => "disk",
        Killer::Power => "power",
        Killer::Flash => "flash",
        Killer::Seeds => "seeds",
        Killer::Links => "links",
        Killer::Boards => "boards",
        Killer::Driver => "driver",
        Killer::Smol => "smol",
        Killer::Kv => "kv",
    };
    let first = suites.iter().filter(|(name, _)| *name == expected);
    let rest = suites.iter().filter(|(name, _)| *name != expected && *name != "docs");
    for (name, command) in first.chain(rest) {
        let ran = copy.cargo(command)?;
        if !ran.is_fine {
            return Ok(Fate::Killed(name_killer(&ran, name, &mutant.by)));
        }
    }
    Ok(Fate::Survived)
}

/// Who noticed: the traces by their names, the one that was expected first.
fn name_killer(ran: &Ran, suite: &str, expected: &Killer) -> String {
    let traces: BTreeSet<_> =
        ran.told.split("tests/traces/").skip(1).filter_map(|rest| rest.split_once(".txt")).collect();
    let mut names: Vec<_> = traces.into_iter().map(|(name, _)| name).collect();
    names.dedup();
    match expected {
        _ if names.is_empty() => suite.into(),
        Killer::Trace(name) if names.contains(&name.as_str()) => match names.len() {
            1 => name.clone(),
            more => format!("{name} and {} more", more - 1),
        },
        _ => format!("{}, NOT by {expected}", names.join(" ")),
    }
}
