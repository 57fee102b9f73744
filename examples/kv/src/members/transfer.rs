use std::time::{Duration, Instant};

use quorate::Seat;
use smol::Timer;

use super::{PAUSE, done, refusal};
use crate::command_line::TransferTo;
use crate::connection::client;
use crate::exit::{Exit, Failure};
use crate::layout::{Layout, name};
use crate::request::RequestError;

/// Hands leadership over, and waits until another node leads.
///
/// # Errors
/// Why none does.
pub(crate) async fn transfer(args: &TransferTo, layout: Layout, timeout: Duration) -> Result<Exit, Failure> {
    let mut client = client(&layout, timeout).await.map_err(RequestError::from)?;
    let known = client.members().await.map_err(RequestError::Undone)?;
    let before = known.leader;
    if args.id.is_some() && args.id == before {
        return done(&format!("{} leads already", names(before)));
    }
    if let Some(seat) = args.id.filter(|seat| !known.members.is_voter(*seat)) {
        return Err(refusal::no_voter(seat, &known));
    }
    client.transfer(args.id).await.map_err(RequestError::Undone)?;
    let begun = Instant::now();
    loop {
        let leader = client.members().await.map_err(RequestError::from)?.leader;
        if leader.is_some() && leader != before && (args.id.is_none() || args.id == leader) {
            return done(&format!("{} leads", names(leader)));
        }
        if begun.elapsed() > timeout {
            let wanted = args.id.map_or_else(|| "no other node".to_owned(), name);
            let message = format!(
                "{} leads, and {wanted} has not taken over in time: it may be far behind, or not be reached. See `quorate-kv \
                 status`, and try again",
                names(leader)
            );
            return Err(Failure::new(Exit::Failed, message));
        }
        Timer::after(PAUSE).await;
    }
}

fn names(leader: Option<Seat>) -> String {
    leader.map_or_else(|| "nobody".to_owned(), name)
}
