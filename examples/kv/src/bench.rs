mod baseline;
mod latencies;
mod report;

use std::path::Path;
use std::time::{Duration, Instant};

use smol::LocalExecutor;

use self::latencies::Latencies;
use self::report::Report;
use crate::command::Command;
use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::layout::Layout;
use crate::request::RequestError;

/// How much is to be measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) clients: usize,
    pub(crate) duration: Duration,
    pub(crate) value_bytes: usize,
    /// How many keys each client puts, in turn.
    pub(crate) keys: u64,
    pub(crate) timeout: Duration,
}

/// Measures puts of concurrent clients, then plain synced appends to a file, and prints both.
///
/// # Errors
/// If a client cannot open its session, or the file cannot be written.
pub(crate) fn run(layout: &Layout, load: Load, directory: &Path, json: bool) -> Result<Exit, Failure> {
    if !directory.is_dir() {
        let message = format!("there is no directory {} to measure the disk in: check --data-dir", directory.display());
        return Err(Failure::new(Exit::Usage, message));
    }
    let executor = LocalExecutor::new();
    let puts = smol::block_on(executor.run(measure(&executor, layout, load)))?;
    let baselines = baseline::measure(directory, load)?;
    let report = Report::new(layout, load, directory, &puts, baselines);
    report.print(json)?;
    match puts.latencies.is_empty() {
        true => Err(Failure::new(Exit::Unreachable, "no put was done in time: see `quorate-kv status`")),
        false => Ok(Exit::Done),
    }
}

/// What the clients saw.
#[derive(Default)]
struct Puts {
    latencies: Latencies,
    errors: u64,
    first_error: Option<String>,
    elapsed: Duration,
}

async fn measure(executor: &LocalExecutor<'_>, layout: &Layout, load: Load) -> Result<Puts, Failure> {
    let mut clients = Vec::new();
    for number in 0..load.clients {
        clients.push(Client::open(layout, load, number).await?);
    }
    let start = Instant::now();
    let end = start + load.duration;
    let running: Vec<_> = clients.into_iter().map(|client| executor.spawn(client.run(end))).collect();
    let mut puts = Puts::default();
    for client in running {
        let of_client = client.await;
        puts.latencies.extend(&of_client.latencies);
        puts.errors += of_client.errors;
        puts.first_error = puts.first_error.or(of_client.first_error);
    }
    puts.elapsed = start.elapsed();
    Ok(puts)
}

/// One of the clients: it puts its own keys again and again.
struct Client {
    connection: Connection,
    number: usize,
    value: Vec<u8>,
    keys: u64,
    /// How many puts were sent.
    count: u64,
}

impl Client {
    async fn open(layout: &Layout, load: Load, number: usize) -> Result<Client, Failure> {
        let mut client = Client {
            connection: Connection::new(layout.clone(), load.timeout).await?,
            number,
            value: vec![b'v'; load.value_bytes],
            keys: load.keys,
            count: 0,
        };
        client.command().map_err(RequestError::TooLarge)?;
        client.connection.next_session().await?;
        Ok(client)
    }

    async fn run(mut self, end: Instant) -> Puts {
        let mut puts = Puts::default();
        while Instant::now() < end {
            let start = Instant::now();
            match self.put().await {
                Ok(()) => puts.latencies.add(start.elapsed()),
                Err(error) => {
                    puts.errors += 1;
                    puts.first_error.get_or_insert_with(|| error.to_string());
                }
            }
        }
        puts
    }

    async fn put(&mut self) -> Result<(), RequestError> {
        let command = self.command().map_err(RequestError::TooLarge)?;
        self.count += 1;
        let session = self.connection.next_session().await?;
        self.connection.write(session, &command).await?;
        Ok(())
    }

    /// The put whose turn it is.
    fn command(&self) -> Result<Vec<u8>, String> {
        let key = format!("bench-{}-{}", self.number, self.count % self.keys);
        Command::Put { key: &key, value: &self.value }.encode()
    }
}
