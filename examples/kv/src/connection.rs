use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use quorate::{Features, Founding, Index, Role, Seat, Seats};
use quorate_smol::{Client, ClientError, Configuration, Status};
use smol::LocalExecutor;
use smol::channel::{Receiver, unbounded};

use crate::command::{Answer, Query};
use crate::exit::Failure;
use crate::layout::Layout;
use crate::request::RequestError;
use crate::session::Session;

/// A client of the store: its questions and answers are this application's.
pub(crate) struct Connection {
    client: Client,
    layout: Layout,
    timeout: Duration,
    /// The session of the write that was sent and has no answer yet, for whoever ends the process meanwhile.
    under_way: Rc<Cell<Option<Session>>>,
}

/// A node, where it should be, and how it is by its own account.
#[derive(Debug)]
pub(crate) struct NodeStatus {
    pub(crate) seat: Seat,
    pub(crate) address: SocketAddr,
    pub(crate) status: Result<Status, ClientError>,
    /// The identity of its cluster.
    pub(crate) founding: Option<Founding>,
    /// Who takes part, as it knows.
    pub(crate) configuration: Option<Configuration>,
}

impl NodeStatus {
    /// Who takes part, by the account of the node that knows best: whoever leads, or else knows of the latest change.
    pub(crate) fn best(all: &[NodeStatus]) -> Option<&Configuration> {
        let leads = |node: &&NodeStatus| node.status.as_ref().is_ok_and(|status| status.role == Role::Leader);
        let latest = all.iter().filter(|node| node.configuration.is_some()).max_by_key(|node| {
            let term = node.status.as_ref().ok().filter(|_| leads(node)).map(|status| status.term);
            (term, node.configuration.as_ref().map(|configuration| configuration.since))
        });
        latest?.configuration.as_ref()
    }
}

impl NodeStatus {
    /// That no member has answered.
    pub(crate) fn unanswered(mut all: Vec<NodeStatus>, waited: Duration) -> Failure {
        let silent = all.iter().map(|node| node.seat).collect();
        let is_refused = |node: &NodeStatus| {
            matches!(
                node.status,
                Err(ClientError::Refused(_) | ClientError::OtherCluster { .. } | ClientError::TurnedAway { .. })
            )
        };
        let refused = all.iter().position(is_refused).and_then(|at| all.swap_remove(at).status.err());
        RequestError::from(refused.unwrap_or(ClientError::Unreachable { silent, waited })).into()
    }
}

impl Connection {
    /// A client of these members, which tries each request for `timeout`.
    ///
    /// # Errors
    /// If the system has no socket for it.
    pub(crate) async fn new(layout: Layout, timeout: Duration) -> Result<Connection, RequestError> {
        let client = client(&layout, timeout).await?;
        Ok(Connection { client, layout, timeout, under_way: Rc::default() })
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// What to tell if this process is interrupted: how to repeat the write under way, or `nothing`.
    pub(crate) fn interruption(&self, nothing: &'static str) -> impl FnOnce() -> String + use<> {
        let under_way = Rc::clone(&self.under_way);
        move || match under_way.get() {
            Some(session) => {
                let retry = session.repetition();
                format!("interrupted: the write under way may have been done, or be done yet\n{retry}")
            }
            None => nothing.to_owned(),
        }
    }

    /// The session of this client's next write.
    pub(crate) async fn next_session(&mut self) -> Result<Session, RequestError> {
        self.client.next_session().await.map(Session).map_err(RequestError::Undone)
    }

    /// Sends an encoded command, of this session or once more.
    pub(crate) async fn write(&mut self, session: Session, command: &[u8]) -> Result<Answer, RequestError> {
        self.under_way.set(Some(session));
        let result = self.client.repeat(session.0, command).await;
        self.under_way.set(None);
        let (_, answer) = result?;
        match postcard::from_bytes(&answer) {
            Ok(Answer::TooLong) => Err(RequestError::TooLong),
            Ok(answer) => Ok(answer),
            Err(_) => Err(RequestError::Unreadable),
        }
    }

    /// The value of a key as of now, by the leader's lease or by a round trip of its own.
    pub(crate) async fn get(&mut self, key: &str, by_lease: bool) -> Result<Option<Vec<u8>>, RequestError> {
        let query = question(key)?;
        let answered = if by_lease { self.client.read_by_lease(&query).await } else { self.client.read(&query).await };
        value(&answered?.1)
    }

    /// Whether leases are on, as far as the leader says so.
    pub(crate) async fn has_leases(&mut self) -> bool {
        let known = self.client.members().await;
        known.is_ok_and(|known| known.features.contains(Features::LEASES))
    }

    /// The value of a key on whichever node answers first, however old it is.
    pub(crate) async fn get_stale(&self, key: &str) -> Result<Option<Vec<u8>>, RequestError> {
        let query = question(key)?;
        let (sender, answers) = unbounded();
        let executor = LocalExecutor::new();
        for seat in self.layout.members.keys() {
            let (sender, query) = (sender.clone(), &query);
            let ask = async move {
                let _ = sender.send(self.ask_stale(*seat, query).await).await;
            };
            executor.spawn(ask).detach();
        }
        drop(sender);
        executor.run(first_value(answers)).await
    }

    async fn ask_stale(&self, seat: Seat, query: &[u8]) -> Result<(Index, Vec<u8>), ClientError> {
        client(&self.layout, self.timeout).await?.read_local(seat, query).await
    }

    /// How every node is: those that were named, and the members that these tell of.
    pub(crate) async fn statuses(&self) -> Vec<NodeStatus> {
        let mut statuses = self.ask_all(&self.layout).await;
        let occupants = NodeStatus::best(&statuses).map(|best| best.occupants.clone()).unwrap_or_default();
        let told = occupants.into_iter().filter_map(|(seat, occupant)| Some((seat, occupant.address?)));
        let members = told.filter(|(seat, _)| !self.layout.members.contains_key(seat)).collect();
        statuses.extend(self.ask_all(&Layout { members, ..self.layout.clone() }).await);
        statuses.sort_by_key(|node| node.seat);
        statuses
    }

    /// How these are. They are asked at the same time, as one that is down takes as long as the time-out.
    async fn ask_all(&self, layout: &Layout) -> Vec<NodeStatus> {
        let executor = LocalExecutor::new();
        let ask = |(seat, address): (&Seat, &SocketAddr)| {
            let (seat, address) = (*seat, *address);
            executor.spawn(status(layout, seat, address, self.timeout))
        };
        let asked: Vec<_> = layout.members.iter().map(ask).collect();
        let gather = async {
            let mut answers = Vec::new();
            for task in asked {
                answers.push(task.await);
            }
            answers
        };
        executor.run(gather).await
    }
}

/// How this node is.
async fn status(layout: &Layout, seat: Seat, address: SocketAddr, timeout: Duration) -> NodeStatus {
    let mut client = match client(layout, timeout).await {
        Ok(client) => client,
        Err(error) => return NodeStatus { seat, address, status: Err(error), founding: None, configuration: None },
    };
    let status = client.status(seat).await;
    let configuration = if status.is_ok() { client.members_at(seat).await.ok() } else { None };
    NodeStatus { seat, address, status, founding: client.founding(), configuration }
}

/// A client of these nodes.
pub(crate) async fn client(layout: &Layout, timeout: Duration) -> Result<Client, ClientError> {
    let mut client = Client::new(layout.cluster, layout.members.clone(), timeout).await?;
    if let Some(founding) = layout.founding {
        client.keep(founding);
    }
    if let Some(keys) = &layout.keys {
        client.seal(Arc::clone(keys));
    }
    Ok(client)
}

async fn first_value(
    answers: Receiver<Result<(Index, Vec<u8>), ClientError>>,
) -> Result<Option<Vec<u8>>, RequestError> {
    let (mut unheard, mut longest) = (Seats::NONE, Duration::ZERO);
    while let Ok(answer) = answers.recv().await {
        match answer {
            Ok((_, answer)) => return value(&answer),
            Err(ClientError::Unreachable { silent, waited }) => {
                unheard = unheard.union(silent);
                longest = longest.max(waited);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(ClientError::Unreachable { silent: unheard, waited: longest }.into())
}

fn question(key: &str) -> Result<Vec<u8>, RequestError> {
    postcard::to_stdvec(&Query::Get { key }).map_err(|error| RequestError::TooLarge(error.to_string()))
}

fn value(answer: &[u8]) -> Result<Option<Vec<u8>>, RequestError> {
    postcard::from_bytes(answer).map_err(|_| RequestError::Unreadable)
}
