use std::time::{Duration, Instant};

use quorate_smol::{Change, Configuration, Status};
use smol::Timer;

use super::{Operator, PAUSE, refusal};
use crate::exit::{Exit, Failure};
use crate::layout::name;
use crate::request::RequestError;
use crate::status::{lack, line};

/// After so long it is said what is waited for.
const TELL: Duration = Duration::from_secs(2);

/// Whether a change is in force, or on its way.
pub(super) fn is_begun(change: Change, known: &Configuration) -> bool {
    match change {
        Change::Promote { seat } => known.pending == Some(seat) || known.members.is_voter(seat),
        Change::Remove { seat } if known.pending == Some(seat) => true,
        change => is_in_force(change, known),
    }
}

fn is_in_force(change: Change, known: &Configuration) -> bool {
    match change {
        Change::Add { seat, .. } => known.occupants.contains_key(&seat),
        Change::Promote { seat } => known.members.voters.contains(seat),
        Change::Remove { seat } => !known.occupants.contains_key(&seat),
        Change::Move { seat, address } => {
            known.occupants.get(&seat).is_some_and(|occupant| occupant.address == Some(address))
        }
        Change::Enable { features } => known.features.contains(features),
        Change::UseKey { key } => known.key == Some(key),
    }
}

impl Operator {
    /// Waits until a change that was taken up is through: in force, committed, and no joint phase left. A learner that is to
    /// vote is told of. What waits at a leader ends with its reign: the next one is asked for it again.
    pub(crate) async fn follow(&mut self, change: Change) -> Result<(), Failure> {
        let mut told = Instant::now();
        let mut reign = None;
        loop {
            let known = self.begun().await?;
            let is_settled = known.is_settled && !known.members.is_joint();
            if is_settled && is_in_force(change, &known) {
                return Ok(());
            }
            let leader = self.leader(&known).await;
            let term = leader.as_ref().map(|status| status.term);
            // What is settled and does not hold this change has undone it.
            if is_settled && !is_begun(change, &known) {
                if reign.is_none() || reign == term {
                    return Err(refusal::undone(change, &known, leader.as_ref()));
                }
                eprintln!("leadership has changed: asking the new leader for it");
                self.take_up(change).await?;
            }
            reign = term.or(reign);
            if told.elapsed() > TELL {
                told = Instant::now();
                eprintln!("waiting: {}", progress(change, &known, leader.as_ref()));
            }
            Timer::after(PAUSE).await;
        }
    }

    /// Who takes part now that a change is begun.
    async fn begun(&mut self) -> Result<Configuration, Failure> {
        self.client.members().await.map_err(|error| {
            let Failure { exit, message } = RequestError::from(error).into();
            let exit = if exit == Exit::NoQuorum { Exit::NoQuorum } else { Exit::Unreachable };
            let words = "the change is begun, and whether it goes through is not known";
            Failure::new(exit, format_args!("{words}: {message}. See `quorate-kv members list`"))
        })
    }

    /// How its leader is, if it says so.
    async fn leader(&mut self, known: &Configuration) -> Option<Status> {
        self.client.status(known.leader?).await.ok()
    }
}

/// How far a change is.
fn progress(change: Change, known: &Configuration, leader: Option<&Status>) -> String {
    let Change::Promote { seat } = change else { return line(known) };
    let mut followers = leader.into_iter().flat_map(Status::followers);
    match followers.find(|follower| follower.seat == seat && known.members.learners.contains(seat)) {
        Some(follower) => format!("{} {}", name(seat), lack(follower)),
        None => line(known),
    }
}
