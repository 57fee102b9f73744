use std::io::{Write, stdout};

use quorate::{Features, Seats};
use serde_json::{Value, json};

use super::Survey;
use crate::command_line::ListFeatures;
use crate::connection::{Connection, NodeStatus};
use crate::exit::{Exit, Failure};
use crate::layout::{name, names};
use crate::status::columns;

/// Prints what is on, and who knows what.
///
/// # Errors
/// Nobody says.
pub(crate) async fn list(args: &ListFeatures, connection: &Connection) -> Result<Exit, Failure> {
    let statuses = connection.statuses().await;
    let Some(survey) = Survey::of(&statuses) else {
        return Err(NodeStatus::unanswered(statuses, connection.timeout()));
    };
    let mut out = stdout().lock();
    if args.json {
        let features: Vec<_> = survey.all().iter().map(|feature| json(&survey, feature)).collect();
        writeln!(out, "{:#}", json!({ "features": features, "notes": survey.notes() }))?;
        return Ok(Exit::Done);
    }
    let mut rows = vec![["FEATURE", "IS", "KNOWN BY", "NOT KNOWN BY"].map(str::to_owned)];
    rows.extend(survey.all().iter().map(|feature| {
        let (known, lacking) = survey.split(feature);
        let list = |seats: Seats| if seats.is_empty() { "-".to_owned() } else { names(seats.iter()) };
        [feature.to_string(), state(&survey, feature).to_owned(), list(known), list(lacking)]
    }));
    write!(out, "{}", columns(&rows))?;
    for note in survey.notes() {
        writeln!(out, "{note}")?;
    }
    Ok(Exit::Done)
}

fn state(survey: &Survey, feature: Features) -> &'static str {
    if survey.on.contains(feature) { "on" } else { "off" }
}

fn json(survey: &Survey, feature: Features) -> Value {
    let (known, lacking) = survey.split(feature);
    let list = |seats: Seats| seats.iter().map(name).collect::<Vec<_>>();
    json!({
        "feature": feature.to_string(),
        "on": survey.on.contains(feature),
        "known_by": list(known),
        "not_known_by": list(lacking),
    })
}
