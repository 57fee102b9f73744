mod call;
mod configuration;
mod contact;
mod error;
mod exchange;
mod places;
mod refusal;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use quorate::{Founding, Index, Members, Seat, Seats, Session, Snapshot};
use quorate_driver::client::{Directory, Kind, Opening, Own};
use quorate_wire::Cluster;
use quorate_wire::client::{AsOf, Reason, Reply, ReplyBody, RequestBody};
use quorate_wire::seal::client::ClientKey;

use self::call::AGAIN;
pub use self::configuration::{Change, Configuration, Occupant};
pub use self::error::ClientError;
use self::exchange::{Exchange, Foreign, Received};
use self::places::Places;
use crate::clock::Clock;
use crate::{Status, random};

/// Asks the nodes of a cluster, one request at a time.
///
/// A command goes only to a node that says that it leads. If its answer stays away, the same command is sent again, to
/// whoever leads by then, under the same session and sequence: it is done once. The session is under a number that this
/// client draws at random.
///
/// Where the members are it learns from the cluster, while it asks, and follows them: those that it was given at first may
/// all be gone later. It speaks to the cluster of the first node that answers, or to that of
/// [`keep`](Client::keep), and believes no other from then on.
pub struct Client {
    exchange: Exchange,
    own: Own,
    directory: Directory,
    places: Places,
    clock: Clock,
    timeout: Duration,
}

impl Client {
    /// A client of the cluster with these members; some of them suffice, as they name the leader. A request is given up
    /// after `timeout`.
    ///
    /// # Errors
    /// No socket can be bound.
    pub async fn new(cluster: Cluster, members: BTreeMap<Seat, SocketAddr>, timeout: Duration) -> io::Result<Client> {
        let is_ipv6 = members.values().any(SocketAddr::is_ipv6);
        // Numbers of stations on serial lines are small: those of clients on hosts are from 2^62 on.
        let own = Own::new(random::number() >> 1 | 1 << 62);
        let directory = Directory::new(members.keys().copied().collect());
        let clock = Clock::start();
        let exchange = Exchange::bind(cluster, is_ipv6, clock)?;
        Ok(Client { exchange, own, directory, places: Places::new(members), clock, timeout })
    }

    /// Has a command done, once: where in the log it stands, and the application's answer. It is a command of this
    /// client's own session, which is opened when the first one comes, and anew if it was lost.
    ///
    /// # Errors
    /// Why there is no answer, and whether the command may have been done. To ask for the same command again, and not
    /// have it done twice, name its session: see [`next_session`](Client::next_session).
    pub async fn command(&mut self, command: &[u8]) -> Result<(Index, Vec<u8>), ClientError> {
        let session = self.next_session().await?;
        self.repeat(session, command).await
    }

    /// The session of this client's next command, for [`repeat`](Client::repeat), and for no other command ever. A
    /// process that writes it down before it sends the command, and starts again, can still ask for the same command.
    ///
    /// # Errors
    /// The session could not be opened: nothing was done.
    pub async fn next_session(&mut self) -> Result<Session, ClientError> {
        let started = self.clock.now();
        while !self.own.is_open() {
            let opening = self.ask_leader(Kind::Open, self.own.opening(), |reply| match reply {
                ReplyBody::Opened { epoch } => Some(Opening::Opened(epoch)),
                ReplyBody::Held { epoch } => Some(Opening::Held(epoch)),
                _ => None,
            });
            let opening = opening.await?;
            self.own.take(opening);
            let waited = self.clock.now().saturating_since(started);
            if !self.own.is_open() && waited > self.timeout {
                return Err(ClientError::Unopened { waited });
            }
        }
        Ok(self.own.next_session())
    }

    /// Has the command of this session done, unless it was done before: where in the log that was found, and the
    /// application's answer. The session is one of [`next_session`](Client::next_session), of this client or of an
    /// earlier process.
    ///
    /// # Errors
    /// Why there is no answer, and whether the command may have been done. A sequence of zero is refused: it opens a
    /// session.
    pub async fn repeat(&mut self, session: Session, command: &[u8]) -> Result<(Index, Vec<u8>), ClientError> {
        if session.sequence == 0 {
            return Err(ClientError::Refused(Reason::Unnumbered));
        }
        let body = RequestBody::Command { session, command };
        let result = self.ask_leader(Kind::Command, body, |reply| match reply {
            ReplyBody::Done { index, answer } => Some((index, answer.to_vec())),
            _ => None,
        });
        let result = result.await;
        if let Err(ClientError::Expired | ClientError::Outdated { .. } | ClientError::Mismatch) = result {
            self.own.lose(session);
        }
        result
    }

    /// Asks a question of the state as of now or later: up to which index it was applied, and the application's answer.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn read(&mut self, query: &[u8]) -> Result<(Index, Vec<u8>), ClientError> {
        let body = RequestBody::Read { query, as_of: AsOf::Now };
        self.ask_leader(Kind::Read, body, value).await
    }

    /// Asks a question of the state as of now or later, without a round trip of the leader's if it has a lease: see
    /// [`ServerConfig::leases`](crate::ServerConfig::leases).
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn read_by_lease(&mut self, query: &[u8]) -> Result<(Index, Vec<u8>), ClientError> {
        let body = RequestBody::Read { query, as_of: AsOf::Lease };
        self.ask_leader(Kind::Read, body, value).await
    }

    /// Asks a question of one node's own state, however old that is.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn read_local(&mut self, seat: Seat, query: &[u8]) -> Result<(Index, Vec<u8>), ClientError> {
        let body = RequestBody::Read { query, as_of: AsOf::Whenever };
        self.ask_member(seat, body, value).await
    }

    /// Asks a node how it is.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn status(&mut self, seat: Seat) -> Result<Status, ClientError> {
        self.ask_member(seat, RequestBody::Status, |reply| match reply {
            ReplyBody::Status(report) => Some(report),
            _ => None,
        })
        .await
    }

    /// A node's snapshot of all that it has applied, which it takes for this purpose unless it has one: which snapshot,
    /// and who took part then. Fetch it with [`piece`](Client::piece).
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn snapshot(&mut self, seat: Seat) -> Result<(Snapshot, Members), ClientError> {
        self.ask_member(seat, RequestBody::Snapshot, |reply| match reply {
            ReplyBody::Snapshot { snapshot, members } => Some((snapshot, members)),
            _ => None,
        })
        .await
    }

    /// The bytes of a node's snapshot from `offset` on, as many as a frame holds; none at its end. They are as they
    /// came: whoever has all of them checks them against [`Snapshot::check`].
    ///
    /// # Errors
    /// Why there is no answer. The node keeps two snapshots: after two later ones this one is refused.
    pub async fn piece(&mut self, seat: Seat, snapshot: Snapshot, offset: u64) -> Result<Vec<u8>, ClientError> {
        let Snapshot { position, check, .. } = snapshot;
        let body = RequestBody::Piece { index: position.index, check, offset };
        self.ask_member(seat, body, |reply| match reply {
            ReplyBody::Piece { bytes, .. } => Some(bytes.to_vec()),
            _ => None,
        })
        .await
    }

    /// Who takes part, as the leader knows.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn members(&mut self) -> Result<Configuration, ClientError> {
        self.ask_leader(Kind::Members, RequestBody::Members, |reply| Configuration::of(&reply)).await
    }

    /// Who takes part, as one node knows.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn members_at(&mut self, seat: Seat) -> Result<Configuration, ClientError> {
        self.ask_member(seat, RequestBody::Members, |reply| Configuration::of(&reply)).await
    }

    /// Has the leader take up a change of the members that there are [since](Configuration::since) this index. Once there
    /// are others, no copy of the request does anything that comes late. What becomes of the change is seen by asking who
    /// takes [part](Client::members).
    ///
    /// The index is to be that of a configuration that is [settled](Configuration::is_settled): another one may be there
    /// instead otherwise.
    ///
    /// # Errors
    /// Why it was not taken up, or that this is not known. [`Reason::Outdated`] says that there are other members: it may be
    /// this change that has made them.
    pub async fn change(&mut self, since: Index, change: Change) -> Result<(), ClientError> {
        let address = change.address();
        let body = RequestBody::Change { since, change: change.order(&address) };
        self.ask_leader(Kind::Change, body, taken).await
    }

    /// Has the leader hand over to this member, or to whichever has the most recent log. Whether that comes about is seen
    /// by asking who leads: an election time-out later at most.
    ///
    /// # Errors
    /// Why it was not taken up, or that this is not known.
    pub async fn transfer(&mut self, to: Option<Seat>) -> Result<(), ClientError> {
        self.ask_leader(Kind::Change, RequestBody::Transfer { to }, taken).await
    }

    /// The identity of the cluster that this client speaks to, once a node has answered.
    pub fn founding(&self) -> Option<Founding> {
        self.exchange.founding()
    }

    /// Speaks to the cluster of this identity from now on, and to no other: one that was founded anew by machines that lost
    /// their disks does not pass for it.
    pub fn keep(&mut self, founding: Founding) {
        self.exchange.keep(founding);
    }

    /// Seals all that it says from now on, and takes nothing that is not sealed. The keys are those of one client, made of
    /// different keys of the cluster, as [`Keyring::client_keys`](crate::Keyring::client_keys) makes them: it uses the first
    /// that a node takes. A request to a node with which there is no session yet takes a round trip more. With no key at all,
    /// nothing is said.
    pub fn seal(&mut self, keys: impl Into<Arc<[ClientKey]>>) {
        self.exchange.seal(keys.into());
    }

    async fn ask_member<T>(
        &mut self,
        seat: Seat,
        body: RequestBody<'_>,
        pick: fn(ReplyBody<'_>) -> Option<T>,
    ) -> Result<T, ClientError> {
        let (after, deadline) = (self.exchange.number(), self.clock.now() + self.timeout);
        let unreachable = |waited| ClientError::Unreachable { silent: Seats::NONE.with(seat), waited };
        if self.places.of(seat).is_none() {
            return Err(unreachable(Duration::ZERO));
        }
        self.exchange.begin();
        while self.clock.now() < deadline {
            for address in self.places.all(seat) {
                self.exchange.send(address, body).await?;
            }
            let until = deadline.min(self.clock.now() + AGAIN);
            while let Some(received) = self.exchange.receive(until).await? {
                let Received::Frame(length, from) = received else { continue };
                let Some(Reply { body, number, .. }) = self.exchange.reply(length, from) else { continue };
                if number <= after {
                    continue;
                }
                if let ReplyBody::Refused(reason) = body {
                    return Err(ClientError::Refused(reason));
                }
                if let Some(answer) = pick(body) {
                    return Ok(answer);
                }
            }
        }
        match (self.exchange.foreign().zip(self.exchange.founding()), self.exchange.turned_away()) {
            (Some((Foreign { seat, found, .. }, kept)), _) => Err(ClientError::OtherCluster { seat, found, kept }),
            (None, Some((address, reason))) => Err(ClientError::TurnedAway { address, reason }),
            (None, None) => Err(unreachable(self.timeout)),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("own", &self.own)
            .field("directory", &self.directory)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

fn taken(reply: ReplyBody<'_>) -> Option<()> {
    matches!(reply, ReplyBody::Taken).then_some(())
}

fn value(reply: ReplyBody<'_>) -> Option<(Index, Vec<u8>)> {
    match reply {
        ReplyBody::Value { index, answer } => Some((index, answer.to_vec())),
        _ => None,
    }
}
