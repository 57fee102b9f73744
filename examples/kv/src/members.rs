mod follow;
mod list;
mod refusal;
mod transfer;

use std::io::{Write, stdout};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use quorate::{Seat, Unchanged};
use quorate_smol::{Change, Client, ClientError, Configuration, Reason};
use smol::Timer;

pub(crate) use self::list::list;
pub(crate) use self::transfer::transfer;
use crate::command_line::{AddMember, MoveMember, NamedMember};
use crate::connection::{Connection, NodeStatus, client};
use crate::exit::{Exit, Failure};
use crate::layout::{Layout, Peer, name};
use crate::request::RequestError;

/// What is told if the process is interrupted while a change may be under way.
pub(crate) const INTERRUPTED: &str =
    "interrupted: what was begun may go through all the same. See `quorate-kv members list`";

/// After so long it is looked again at what has become of a change.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// Changes who takes part, and waits until that is through.
pub(crate) struct Operator {
    layout: Layout,
    client: Client,
    pub(crate) timeout: Duration,
}

impl Operator {
    /// # Errors
    /// If the system has no socket for it.
    pub(crate) async fn new(layout: Layout, timeout: Duration) -> Result<Operator, Failure> {
        let client = client(&layout, timeout).await.map_err(RequestError::from)?;
        Ok(Operator { layout, client, timeout })
    }

    /// Adds a node that is there, and unless it is to stay a learner, promotes it.
    ///
    /// # Errors
    /// Why it is not a member, or no voter, and what was done of it.
    pub(crate) async fn add(mut self, args: &AddMember) -> Result<Exit, Failure> {
        let AddMember { member: Peer { seat, address }, learner } = *args;
        let known = self.known().await?;
        let add = Change::Add { seat, address };
        if known.occupants.contains_key(&seat) {
            return Err(refusal::of(add, Unchanged::Known, &known));
        }
        self.challenge(seat, address, &known).await?;
        self.take_up(add).await?;
        self.follow(add).await?;
        if learner {
            return done(&format!("{} is a learner", name(seat)));
        }
        eprintln!("{} is a learner, and is to vote once it has caught up", name(seat));
        self.promote_learner(seat).await
    }

    /// Promotes a learner.
    ///
    /// # Errors
    /// Why it is not a voter.
    pub(crate) async fn promote(mut self, args: &NamedMember) -> Result<Exit, Failure> {
        self.promote_learner(args.id).await
    }

    async fn promote_learner(&mut self, seat: Seat) -> Result<Exit, Failure> {
        self.take_up(Change::Promote { seat }).await?;
        self.follow(Change::Promote { seat }).await?;
        done(&format!("{} is a voter", name(seat)))
    }

    /// Removes a member. One that leads hands over before, so that nobody waits for an election.
    ///
    /// # Errors
    /// Why it is one still, or may be.
    pub(crate) async fn remove(mut self, args: &NamedMember) -> Result<Exit, Failure> {
        let remove = Change::Remove { seat: args.id };
        let known = self.known().await?;
        if known.leader == Some(args.id) && known.members.voters.count() > 1 {
            self.hand_over(args.id).await;
        }
        self.take_up(remove).await?;
        self.follow(remove).await?;
        done(&format!("{} is removed", name(args.id)))
    }

    /// Tells the members where one of them is.
    ///
    /// # Errors
    /// Why they do not know it, or may not.
    pub(crate) async fn relocate(mut self, args: &MoveMember) -> Result<Exit, Failure> {
        let Peer { seat, address } = args.member;
        let change = Change::Move { seat, address };
        self.take_up(change).await?;
        self.follow(change).await?;
        done(&format!("{} is reached at {address}", name(seat)))
    }

    /// Lets another node lead, if one takes over in time: without, the leader makes way all the same.
    async fn hand_over(&mut self, leader: Seat) {
        let begun = Instant::now();
        let mut is_leading = self.client.transfer(None).await.is_ok();
        while is_leading && begun.elapsed() < self.timeout {
            Timer::after(PAUSE / 10).await;
            is_leading = self.client.members().await.is_ok_and(|known| known.leader == Some(leader));
        }
    }

    /// How all members are.
    pub(crate) async fn statuses(&self) -> Result<Vec<NodeStatus>, Failure> {
        Ok(Connection::new(self.layout.clone(), self.timeout).await?.statuses().await)
    }

    /// Who takes part, as the leader knows.
    pub(crate) async fn known(&mut self) -> Result<Configuration, Failure> {
        Ok(self.client.members().await.map_err(RequestError::Undone)?)
    }

    /// Has the leader take a change up, of the members that there are. Other changes, which end by themselves, are waited for.
    pub(crate) async fn take_up(&mut self, change: Change) -> Result<(), Failure> {
        let begun = Instant::now();
        let mut known = self.known().await?;
        let was_begun = follow::is_begun(change, &known);
        loop {
            let Err(error) = self.ask(change, &known).await else { return Ok(()) };
            known = match self.known().await {
                Err(_) if may_be_begun(&error) => {
                    return Err(RequestError::from(ClientError::UnknownChange { waited: begun.elapsed() }).into());
                }
                known => known?,
            };
            // A copy of what was asked for may have come before this answer.
            if !was_begun && may_be_begun(&error) && follow::is_begun(change, &known) {
                return Ok(());
            }
            if passes(&error) && begun.elapsed() < self.timeout {
                Timer::after(PAUSE).await;
                continue;
            }
            return Err(match error {
                ClientError::Refused(Reason::Unchanged(reason)) => refusal::of(change, reason, &known),
                error => RequestError::from(error).into(),
            });
        }
    }

    /// Only what is committed has an index that is no other's.
    async fn ask(&mut self, change: Change, known: &Configuration) -> Result<(), ClientError> {
        match known.is_settled {
            true => self.client.change(known.since, change).await,
            false => Err(ClientError::Refused(Reason::Unchanged(Unchanged::UnderWay))),
        }
    }

    /// Makes sure that the node is there, and of this cluster.
    async fn challenge(&self, seat: Seat, address: SocketAddr, known: &Configuration) -> Result<(), Failure> {
        let members = [(seat, address)].into();
        let layout = Layout { members, founding: None, ..self.layout.clone() };
        let begun = Instant::now();
        loop {
            let mut client = client(&layout, self.timeout).await.map_err(RequestError::from)?;
            let status = client.status(seat).await;
            let founding = client.founding();
            let error = match status {
                Ok(status) if status.seat != seat => return Err(refusal::other_seat(seat, address, status.seat)),
                Ok(_) if founding != self.client.founding() => {
                    return Err(refusal::other_cluster(seat, address, founding));
                }
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            match error {
                ClientError::Refused(_) if begun.elapsed() < self.timeout => Timer::after(PAUSE).await,
                ClientError::Refused(_) => return Err(refusal::no_member(seat, address, known)),
                ClientError::Unreachable { .. } => return Err(refusal::unreached(seat, address, known)),
                error => return Err(RequestError::from(error).into()),
            };
        }
    }
}

/// Whether the leader may take up in a moment what it does not now.
fn passes(error: &ClientError) -> bool {
    let ClientError::Refused(reason) = error else { return false };
    match reason {
        // It may not have been started long ago.
        Reason::Unchanged(
            Unchanged::UnderWay | Unchanged::NotEstablished | Unchanged::Unheard(_) | Unchanged::Outdated(_),
        ) => true,
        Reason::InTransfer | Reason::Full | Reason::Outdated => true,
        _ => false,
    }
}

/// Whether a copy of what was asked for may have been taken up.
fn may_be_begun(error: &ClientError) -> bool {
    matches!(
        error,
        ClientError::UnknownChange { .. }
            | ClientError::Refused(Reason::Outdated | Reason::Unchanged(Unchanged::UnderWay))
    )
}

/// Prints what is done.
pub(crate) fn done(words: &str) -> Result<Exit, Failure> {
    writeln!(stdout(), "{words}")?;
    Ok(Exit::Done)
}
