use std::io::{Write, stdout};
use std::time::Duration;

use quorate::{Role, Seat};
use quorate_smol::Configuration;
use serde_json::{Value, json};

use crate::command_line::ListMembers;
use crate::connection::{Connection, NodeStatus};
use crate::exit::{Exit, Failure};
use crate::layout::{Layout, name};
use crate::status::{columns, line};

/// Prints who takes part, by the account of whoever knows best.
///
/// # Errors
/// Nobody says.
pub(crate) async fn list(args: &ListMembers, layout: Layout, timeout: Duration) -> Result<Exit, Failure> {
    let connection = Connection::new(layout, timeout).await?;
    let statuses = connection.statuses().await;
    let Some(known) = NodeStatus::best(&statuses).cloned() else {
        return Err(NodeStatus::unanswered(statuses, timeout));
    };
    let leads = |node: &NodeStatus| node.status.as_ref().is_ok_and(|status| status.role == Role::Leader);
    if !statuses.iter().any(leads) {
        eprintln!("no node leads: this may not be the latest");
    }
    let founding = statuses.iter().find(|node| node.configuration.is_some()).and_then(|node| node.founding);
    let mut out = stdout().lock();
    if args.json {
        let members: Vec<_> = known.occupants.keys().map(|seat| member(&known, *seat)).collect();
        let report = json!({
            "cluster": founding,
            "since": known.since.0,
            "committed": known.is_settled,
            "leader": known.leader.map(name),
            "pending": known.pending.map(name),
            "members": members,
        });
        writeln!(out, "{report:#}")?;
        return Ok(Exit::Done);
    }
    let mut rows = vec![["NODE", "ADDRESS", "PART", "LIFE"].map(str::to_owned)];
    rows.extend(known.occupants.iter().map(|(seat, occupant)| {
        let address = occupant.address.map_or_else(|| "-".to_owned(), |address| address.to_string());
        [name(*seat), address, part(&known, *seat).to_owned(), occupant.incarnation.to_string()]
    }));
    write!(out, "{}", columns(&rows))?;
    writeln!(out, "{}", line(&known))?;
    if let Some(founding) = founding {
        writeln!(out, "cluster {founding}")?;
    }
    Ok(Exit::Done)
}

fn member(known: &Configuration, seat: Seat) -> Value {
    let occupant = known.occupants.get(&seat);
    json!({
        "node": name(seat),
        "address": occupant.and_then(|occupant| occupant.address).map(|address| address.to_string()),
        "part": part(known, seat),
        "life": occupant.map(|occupant| occupant.incarnation.to_string()),
    })
}

/// How a member takes part.
fn part(known: &Configuration, seat: Seat) -> &'static str {
    match (known.members.voters.contains(seat), known.members.outgoing.contains(seat)) {
        (true, true) if known.members.replaced.contains(seat) => "voter with a new store",
        (true, false) if known.members.is_joint() => "voter to be",
        (false, true) => "voter that leaves",
        (true, _) => "voter",
        (false, false) => "learner",
    }
}
