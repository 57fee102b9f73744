use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{BufRead, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{io, thread};

use lamps::{Answer, CLIENTS, Command, Lamps, Machines};
use quorate::{Role, Seat};
use quorate_serial::{Pace, Plan};
use quorate_smol::{
    Change, Client, ClientError, Cluster, Event, Keyring, Reason, ServeError, ServerConfig, Status, serve,
};
use quorate_wire::MEMBER_OVERHEAD_MAX;
use quorate_wire::seal::Rights;
use smol::channel::{Receiver, unbounded};

use crate::Failure;
use crate::end::End;
use crate::keys::Keys;

/// A member that is a process of this host: it runs `quorate-smol`, and takes orders on standard input as a board does
/// on its console.
#[derive(Debug, clap::Args)]
pub struct Host {
    /// The number of its cluster
    #[arg(long)]
    pub(crate) cluster: u64,
    /// Its number
    #[arg(long)]
    pub(crate) number: u8,
    /// Where each member is reached, in the order of their numbers: a board by its gateway
    #[arg(long, value_delimiter = ',', required = true)]
    pub(crate) members: Vec<SocketAddr>,
    /// How fast the serial line of the board is
    #[arg(long)]
    pub(crate) baud: u32,
    /// Where its log is
    #[arg(long)]
    pub(crate) data_dir: PathBuf,
    /// The file with the cluster's key; without it nothing is sealed
    #[arg(long)]
    pub(crate) keys: Option<PathBuf>,
}

impl Host {
    /// Runs until standard input ends.
    ///
    /// # Errors
    /// Why it could not start, or had to stop.
    pub fn run(&self) -> Result<ExitCode, Failure> {
        let keys = self.keys.as_deref().map(Keys::read).transpose()?;
        let keyring = keys.map(|(id, key)| Keyring::new(id, key));
        let config = ServerConfig { keys: keyring, ..self.config()? };
        let (sender, orders) = unbounded();
        thread::spawn(move || {
            io::stdin().lock().lines().map_while(Result::ok).try_for_each(|line| sender.send_blocking(line))
        });
        smol::block_on(async {
            let obey = self.obey(&config, orders);
            let ended = async { obey.await.unwrap_or_else(|error| say(&format_args!("! no client: {error}"))) };
            match serve(config.clone(), Lamps::default(), ended, tell).await {
                Ok(()) => Ok(ExitCode::SUCCESS),
                Err(error @ ServeError::Dismissed(_)) => {
                    eprintln!("stopped: {error}");
                    Ok(ExitCode::from(End::DISMISSED))
                }
                Err(error) => Err(Failure::new(error)),
            }
        })
    }

    fn config(&self) -> Result<ServerConfig, Failure> {
        let cluster = Cluster(self.cluster);
        let Pace { heartbeat, election, entry_bytes, snapshot_bytes, .. } =
            Plan::new(self.baud).pace().map_err(Failure::new)?;
        Ok(ServerConfig {
            frame_bytes: entry_bytes + MEMBER_OVERHEAD_MAX,
            // As much as a board sends.
            inflight_bytes_max: 3 * entry_bytes,
            log_bytes: LOG_BYTES,
            snapshot_bytes_per_second: u64::from(snapshot_bytes) * 1000 / heartbeat.as_millis() as u64,
            clients_max: CLIENTS,
            election_timeout: election,
            heartbeat_interval: heartbeat,
            ..ServerConfig::new(cluster, self.seat(), self.members(), &self.data_dir)
        })
    }

    fn seat(&self) -> Seat {
        Seat(self.number - 1)
    }

    fn members(&self) -> BTreeMap<Seat, SocketAddr> {
        (0..).map(Seat).zip(self.members.iter().copied()).collect()
    }

    /// Carries orders out, one after the other, until there are no more.
    async fn obey(&self, config: &ServerConfig, orders: Receiver<String>) -> io::Result<()> {
        let mut client = Client::new(config.cluster, self.members(), TIMEOUT).await?;
        if let Some(keyring) = &config.keys {
            let name = format!("host-{}", self.number).parse().map_err(io::Error::other)?;
            client.seal(keyring.client_keys(config.cluster, name, Rights::Admin));
        }
        while let Ok(line) = orders.recv().await {
            let Some((tag, order)) = line.split_once(' ') else { continue };
            match self.carry_out(&mut client, order).await {
                Ok(text) => say(&format_args!("{tag} ok {text}")),
                Err(failure) => say(&format_args!("{tag} error {failure}")),
            }
        }
        Ok(())
    }

    async fn carry_out(&self, client: &mut Client, order: &str) -> Result<String, Failure> {
        let (verb, rest) = order.split_once(' ').unwrap_or((order, ""));
        match verb {
            "press" => {
                let command = rest.parse().map_err(Failure::new)?;
                match press(client, command).await.map_err(Failure::new)? {
                    Some(Answer::NoSuch) => Err(Failure::new(Answer::NoSuch)),
                    Some(answer) => Ok(answer.to_string()),
                    None => Err(Failure::new("it was done, and its answer cannot be read")),
                }
            }
            "repeat" => {
                let count: u32 = rest.parse().map_err(|_| Failure::new("a number has to follow"))?;
                let begun = Instant::now();
                for _ in 0..count {
                    press(client, Command::Add { register: 0, amount: 1 }).await.map_err(Failure::new)?;
                }
                Ok(format!("{count} commands in {} ms", begun.elapsed().as_millis()))
            }
            "lamps" => {
                let (index, state) = client.read_local(self.seat(), &[]).await.map_err(Failure::new)?;
                let lamps = Lamps::read(&state).ok_or_else(|| Failure::new("these are no lamps"))?;
                Ok(format!("{lamps} at index {}", index.0))
            }
            "status" => match client.status(self.seat()).await {
                Ok(status) => Ok(report(&status)),
                Err(ClientError::Refused(Reason::NoMember)) => Ok("no member of a cluster yet".into()),
                Err(error) => Err(Failure::new(error)),
            },
            "add" | "promote" | "remove" => {
                let number: u8 = rest.parse().map_err(|_| Failure::new("a number has to follow"))?;
                let seat = Seat(number.wrapping_sub(1));
                let address = self.members().get(&seat).copied().ok_or_else(|| Failure::new("there is none"))?;
                let change = match verb {
                    "add" => Change::Add { seat, address },
                    "promote" => Change::Promote { seat },
                    _ => Change::Remove { seat },
                };
                let since = client.members().await.map_err(Failure::new)?.since;
                client.change(since, change).await.map(|()| "taken up".into()).map_err(Failure::new)
            }
            _ => Err(Failure::new("a host takes the orders press, repeat, lamps, status, add, promote and remove")),
        }
    }
}

/// Has a command done, once: it is tried again under the same session and sequence until there is an answer.
async fn press(client: &mut Client, command: Command) -> Result<Option<Answer>, ClientError> {
    let bytes = postcard::to_allocvec(&command).expect("postcard knows every type of a command");
    let session = client.next_session().await?;
    let mut done = client.repeat(session, &bytes).await;
    for _ in 0..TRIES {
        match done {
            Err(ClientError::Unknown { .. } | ClientError::NoLeader { .. } | ClientError::Unreachable { .. }) => {
                done = client.repeat(session, &bytes).await;
            }
            _ => break,
        }
    }
    done.map(|(_, answer)| Answer::from_bytes(&answer))
}

/// How a node is, as a board says it.
fn report(status: &Status) -> String {
    let role = match status.role {
        Role::Leader => "leader",
        Role::Candidate | Role::PreCandidate => "candidate",
        Role::Follower => "follower",
    };
    let leader = status.leader.map_or("nobody".into(), |leader| (leader.0 + 1).to_string());
    let outside = if status.members.all().contains(status.seat) { "" } else { "no member, " };
    let Status { term, commit, applied, first, last, members, is_settled, .. } = status;
    let voters = Machines { voters: members.voters.0, is_settled: *is_settled };
    format!(
        "{outside}{role} of term {}, led by {leader}, committed {}, applied {}, log from {} to {}, {voters}",
        term.0, commit.0, applied.0, first.0, last.0
    )
}

fn tell(event: &Event) {
    match event {
        Event::Started { .. } => say(&format_args!("! started {event:?}")),
        _ => say(&format_args!("! {event:?}")),
    }
}

fn say(line: &dyn Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// So small that snapshots are taken often, as on the board.
const LOG_BYTES: usize = 8 << 10;

/// For how long one try waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(5);

const TRIES: usize = 20;
