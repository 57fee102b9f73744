use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use quorate::{Index, Members, Seat, Session, Snapshot};
use quorate_smol::{Change, Client, ClientError, ClientKey, Configuration, Status};
use smol::block_on;
use smol::future::zip;

use crate::harness::CLUSTER;
use crate::tally::{Add, sum};

/// A client on the test's own thread.
pub(crate) struct Caller {
    client: Client,
}

impl Caller {
    pub(crate) fn new(members: BTreeMap<Seat, SocketAddr>, timeout: Duration, keys: Option<Vec<ClientKey>>) -> Caller {
        let client = block_on(Client::new(CLUSTER, members, timeout));
        let mut client = client.expect("a socket");
        if let Some(keys) = keys {
            client.seal(keys);
        }
        Caller { client }
    }

    /// The session of this client's next command.
    #[track_caller]
    pub(crate) fn next(&mut self) -> Session {
        self.try_next().expect("the session opens")
    }

    pub(crate) fn try_next(&mut self) -> Result<Session, ClientError> {
        block_on(self.client.next_session())
    }

    pub(crate) fn try_add(&mut self, session: Session, name: &str, number: u64) -> Result<(u64, u64), ClientError> {
        self.try_command(session, &Add { name, number }.bytes()).map(|(index, answer)| (index, sum(&answer)))
    }

    pub(crate) fn try_command(&mut self, session: Session, command: &[u8]) -> Result<(u64, Vec<u8>), ClientError> {
        let (index, answer) = block_on(self.client.repeat(session, command))?;
        Ok((index.0, answer))
    }

    /// Adds, in this client's own session: the index of the answer, and the sum.
    #[track_caller]
    pub(crate) fn add(&mut self, name: &str, number: u64) -> (u64, u64) {
        let done = block_on(self.client.command(&Add { name, number }.bytes()));
        done.map(|(index, answer)| (index.0, sum(&answer))).expect("the command is done")
    }

    /// Adds so many ones to what was counted up to now: each is done once, and on top of those before.
    #[track_caller]
    pub(crate) fn count_on(&mut self, sum: &mut u64, count: u64) {
        for _ in 0..count {
            *sum += 1;
            assert_eq!(self.add("apples", 1).1, *sum);
        }
    }

    /// Adds in the session of an earlier command, or one that is to come.
    #[track_caller]
    pub(crate) fn add_as(&mut self, session: Session, name: &str, number: u64) -> (u64, u64) {
        self.try_add(session, name, number).expect("the command is done")
    }

    #[track_caller]
    pub(crate) fn read(&mut self, name: &str) -> u64 {
        sum(&self.try_read(name).expect("the read is answered"))
    }

    pub(crate) fn try_read(&mut self, name: &str) -> Result<Vec<u8>, ClientError> {
        block_on(self.client.read(name.as_bytes())).map(|(_, answer)| answer)
    }

    #[track_caller]
    pub(crate) fn read_local(&mut self, seat: u8, name: &str) -> u64 {
        let answer = block_on(self.client.read_local(Seat(seat), name.as_bytes()));
        sum(&answer.expect("the read is answered").1)
    }

    /// All bytes of a node's snapshot.
    #[track_caller]
    pub(crate) fn snapshot(&mut self, seat: u8) -> (Snapshot, Members, Vec<u8>) {
        let (snapshot, members) = block_on(self.client.snapshot(Seat(seat))).expect("the node has a snapshot");
        let mut bytes = Vec::new();
        loop {
            let piece = self.try_piece(seat, snapshot, bytes.len() as u64);
            match &piece.expect("the node still has it")[..] {
                [] => return (snapshot, members, bytes),
                piece => bytes.extend_from_slice(piece),
            }
        }
    }

    /// A node's snapshot, which is asked for first; once the node has answered another client, something else is done.
    #[track_caller]
    pub(crate) fn snapshot_before(&mut self, seat: u8, other: &mut Caller, then: impl FnOnce()) -> Snapshot {
        let asked = self.client.snapshot(Seat(seat));
        let meanwhile = async {
            other.client.status(Seat(seat)).await.expect("the node answers");
            then();
        };
        block_on(zip(asked, meanwhile)).0.expect("the node has a snapshot").0
    }

    pub(crate) fn try_piece(&mut self, seat: u8, snapshot: Snapshot, offset: u64) -> Result<Vec<u8>, ClientError> {
        block_on(self.client.piece(Seat(seat), snapshot, offset))
    }

    /// Asks for a change of the members that there are now.
    pub(crate) fn try_change(&mut self, change: Change) -> Result<(), ClientError> {
        let since = self.try_members()?.since;
        self.try_change_since(since, change)
    }

    pub(crate) fn try_change_since(&mut self, since: Index, change: Change) -> Result<(), ClientError> {
        block_on(self.client.change(since, change))
    }

    pub(crate) fn try_transfer(&mut self, to: Option<Seat>) -> Result<(), ClientError> {
        block_on(self.client.transfer(to))
    }

    pub(crate) fn try_snapshot(&mut self, seat: u8) -> Result<(), ClientError> {
        block_on(self.client.snapshot(Seat(seat))).map(drop)
    }

    pub(crate) fn try_members(&mut self) -> Result<Configuration, ClientError> {
        block_on(self.client.members())
    }

    #[track_caller]
    pub(crate) fn status(&mut self, seat: u8) -> Status {
        self.try_status(seat).expect("the node says how it is")
    }

    pub(crate) fn try_status(&mut self, seat: u8) -> Result<Status, ClientError> {
        block_on(self.client.status(Seat(seat)))
    }
}
