use std::io::{IsTerminal, stdin};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use quorate::Seat;
use quorate_smol::{Event, Keyring, ServerConfig, serve};
use smol::channel::{Receiver, Sender, unbounded};
use smol::future::or;

use crate::command_line::LocalArgs;
use crate::exit::{Exit, Failure};
use crate::keys::Held;
use crate::layout::{LOCAL_CLUSTER, Layout, name};
use crate::log::{Level, Log};
use crate::serve::Place;
use crate::shell;
use crate::signal::Interrupt;
use crate::store::Store;

/// Runs the nodes of the local layout in this process, with a prompt, until it ends or Ctrl-C is typed.
///
/// # Errors
/// Why a node cannot start, or had to stop.
pub(crate) fn run(args: &LocalArgs) -> Result<Exit, Failure> {
    let mut layout = Layout::local(LOCAL_CLUSTER, args.port);
    let held = args.keys.of_node(true)?.map(|(path, keys)| Held::new(path, keys));
    layout.keys = args.keys.of_client(layout.cluster)?;
    let mut interrupt = Interrupt::watch()?;
    let keys = held.as_ref().map(|held| (held.path().to_owned(), held.keyring()));
    let nodes = Nodes::start(&layout, args, keys.as_ref());
    let follow = async { match Held::follow(held, tell).await {} };
    let talk = async {
        nodes.started().await?;
        greet(&layout, &args.data_dir);
        or(shell::run(layout.clone()), or(nodes.failed(), follow)).await
    };
    let stop = async {
        interrupt.next().await;
        Ok(Exit::Done)
    };
    let result = smol::block_on(or(talk, stop));
    let stopped = nodes.stop();
    result.and_then(|exit| stopped.map(|()| exit))
}

fn greet(layout: &Layout, data_dir: &Path) {
    let addresses: Vec<_> = layout.members.iter().map(|(seat, address)| format!("{} {address}", name(*seat))).collect();
    eprintln!("{}; data in {}", addresses.join(", "), data_dir.display());
    if stdin().is_terminal() {
        eprintln!("`help` lists what can be asked; `exit`, Ctrl-D or Ctrl-C stops all nodes");
    }
}

/// What changes in the file of the keys, or why it does not.
fn tell(change: Result<String, Failure>) {
    eprintln!("{}", change.unwrap_or_else(|failure| failure.message));
}

/// Nodes that run in threads of this process.
struct Nodes {
    /// Closed to stop them.
    stop: Sender<()>,
    reports: Receiver<Report>,
    threads: Vec<JoinHandle<()>>,
}

enum Report {
    Started,
    Failed(Failure),
}

impl Nodes {
    fn start(layout: &Layout, args: &LocalArgs, keys: Option<&(PathBuf, Keyring)>) -> Nodes {
        let (stop, stopped) = unbounded();
        let (sender, reports) = unbounded();
        let thread = |seat: &Seat| {
            let data_dir = args.data_dir.join(name(*seat));
            let config = ServerConfig::new(layout.cluster, *seat, layout.members.clone(), data_dir);
            let config = args.log.of(ServerConfig { keys: keys.map(|(_, keyring)| keyring.clone()), ..config });
            let file = keys.map(|(file, _)| file.clone());
            let (stopped, sender) = (stopped.clone(), sender.clone());
            thread::spawn(move || host(config, file, &stopped, &sender))
        };
        let threads = layout.members.keys().map(thread).collect();
        Nodes { stop, reports, threads }
    }

    /// Waits until all of them listen.
    async fn started(&self) -> Result<(), Failure> {
        let mut waiting = self.threads.len();
        while waiting > 0 {
            match self.reports.recv().await {
                Ok(Report::Started) => waiting -= 1,
                Ok(Report::Failed(failure)) => return Err(failure),
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    /// Waits until one of them has to stop.
    async fn failed(&self) -> Result<Exit, Failure> {
        while let Ok(report) = self.reports.recv().await {
            if let Report::Failed(failure) = report {
                return Err(failure);
            }
        }
        Ok(Exit::Failed)
    }

    /// Stops them, and waits until they have.
    fn stop(self) -> Result<(), Failure> {
        drop(self.stop);
        for thread in self.threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
        match self.reports.try_recv() {
            Ok(Report::Failed(failure)) => Err(failure),
            _ => Ok(()),
        }
    }
}

/// Runs one node on this thread, whose keys come from this file.
fn host(config: ServerConfig, file: Option<PathBuf>, stopped: &Receiver<()>, reports: &Sender<Report>) {
    let seat = config.seat;
    let stop = async {
        let _ = stopped.recv().await;
    };
    // Whoever types wants to see what is wrong, and nothing else.
    let (log, place) = (Log::new(seat, Level::Warn, file), Place::of(&config));
    let report = |event: &Event| {
        log.event(event);
        if let Event::Started { .. } = event {
            let _ = reports.try_send(Report::Started);
        }
    };
    if let Err(error) = smol::block_on(serve(config, Store::default(), stop, report)) {
        let failure = place.failure(error);
        let message = format!("{}: {}", name(seat), failure.message);
        let _ = reports.try_send(Report::Failed(Failure::new(failure.exit, message)));
    }
}
