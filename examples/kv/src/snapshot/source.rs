use std::time::Duration;

use quorate::{Members, Seat, Snapshot};
use quorate_smol::{Client, ClientError, Reason};
use smol::LocalExecutor;

use crate::connection::client;
use crate::layout::Layout;
use crate::request::RequestError;

/// A node that a snapshot is fetched from.
pub(super) struct Source {
    seat: Seat,
    /// Each has one request under way.
    clients: Vec<Client>,
}

impl Source {
    pub(super) async fn new(layout: &Layout, seat: Seat, timeout: Duration) -> Result<Source, RequestError> {
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            clients.push(client(layout, timeout).await?);
        }
        Ok(Source { seat, clients })
    }

    /// Has a snapshot taken. That may take longer than any request: as long as the node says how it is, it is waited
    /// for.
    pub(super) async fn take(&mut self) -> Result<(Snapshot, Members), ClientError> {
        let client = &mut self.clients[0];
        loop {
            match client.snapshot(self.seat).await {
                Err(ClientError::Unreachable { .. }) => client.status(self.seat).await.map(drop)?,
                result => return result,
            }
        }
    }

    /// The bytes of a snapshot from `offset` on, as many as all clients fetch at a time.
    pub(super) async fn fetch(&mut self, snapshot: Snapshot, offset: u64) -> Result<Vec<u8>, ClientError> {
        let (seat, executor) = (self.seat, LocalExecutor::new());
        let offsets = (offset..snapshot.bytes).step_by(BLOCK);
        let blocks = self.clients.iter_mut().zip(offsets);
        let running: Vec<_> = blocks.map(|(client, at)| executor.spawn(block(client, seat, snapshot, at))).collect();
        let gather = async {
            let mut bytes = Vec::with_capacity(CLIENTS * BLOCK);
            for block in running {
                bytes.extend_from_slice(&block.await?);
            }
            Ok(bytes)
        };
        executor.run(gather).await
    }
}

/// How many pieces are asked for at a time. A node takes in 64 datagrams at a turn.
const CLIENTS: usize = 8;

/// How many bytes a client fetches before it waits for the others.
const BLOCK: usize = 16 << 10;

async fn block(client: &mut Client, seat: Seat, snapshot: Snapshot, offset: u64) -> Result<Vec<u8>, ClientError> {
    let wanted = usize::try_from(snapshot.bytes - offset).map_or(BLOCK, |rest| rest.min(BLOCK));
    let mut bytes = Vec::with_capacity(wanted);
    while bytes.len() < wanted {
        let piece = client.piece(seat, snapshot, offset + bytes.len() as u64).await?;
        if piece.is_empty() {
            return Err(ClientError::Refused(Reason::NoSnapshot));
        }
        bytes.extend_from_slice(&piece);
    }
    bytes.truncate(wanted);
    Ok(bytes)
}
