mod company;
mod concern;
mod keys;
mod leadership;
pub(crate) mod links;
mod reach;
mod row;
#[cfg(test)]
pub(crate) mod tests;
mod verdict;

use std::io::{Write, stdout};

use clap::Args;
use quorate::KeyId;
use serde_json::json;

use self::company::Company;
pub(crate) use self::company::{lack, line};
use self::leadership::{lease, preferred};
pub(crate) use self::row::columns;
use self::row::{Row, table};
use self::verdict::Verdict;
use crate::connection::{Connection, NodeStatus};
use crate::exit::{Exit, Failure};
use crate::features::{self, Survey};

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Print all that the nodes say, as JSON
    #[arg(long)]
    json: bool,
}

/// Asks every node how it is, and prints that with a verdict.
///
/// # Errors
/// If standard output is closed.
pub(crate) async fn run(args: &Status, connection: &Connection) -> Result<Exit, Failure> {
    let statuses = connection.statuses().await;
    let verdict = Verdict::of(&statuses, connection.timeout());
    let leader =
        verdict.leader.and_then(|seat| statuses.iter().find(|node| node.seat == seat)?.status.as_ref().ok().copied());
    let configuration = NodeStatus::best(&statuses).cloned();
    let company = configuration.as_ref().map(|configuration| Company::of(configuration, leader.as_ref()));
    let survey = Survey::of(&statuses);
    let rows = Row::all(statuses);
    let mut out = stdout().lock();
    if args.json {
        let nodes: Vec<_> = rows.iter().map(Row::json).collect();
        let Verdict { exit, text, concerns, .. } = &verdict;
        let members = company.as_ref().map(Company::json);
        let features = survey.as_ref().map(features::json);
        let key = configuration.as_ref().and_then(|known| known.key).map(KeyId::number);
        let report = json!({
            "nodes": nodes, "members": members, "key": key, "features": features, "verdict": text, "concerns": concerns,
            "exit": *exit as u8,
        });
        writeln!(out, "{report:#}")?;
        return Ok(verdict.exit);
    }
    write!(out, "{}", table(&rows))?;
    if let Some(company) = &company {
        writeln!(out, "{}", company.line())?;
    }
    let accounts: Vec<_> = rows.iter().filter_map(Row::account).collect();
    let notes = survey.iter().flat_map(Survey::notes);
    let links = links::links(&accounts);
    let links = links.into_iter().chain(keys::line(&accounts));
    for line in links.chain(preferred(&accounts)).chain(leader.as_ref().map(lease)).chain(notes) {
        writeln!(out, "{line}")?;
    }
    for line in rows.iter().filter_map(Row::refusals) {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{}", verdict.text)?;
    for concern in &verdict.concerns {
        writeln!(out, "  {concern}")?;
    }
    Ok(verdict.exit)
}
