#![doc = include_str!("../README.md")]

mod bench;
mod beside;
mod command;
mod command_line;
mod connection;
mod decode;
mod exit;
mod features;
mod inspect;
mod keyring;
mod keys;
mod layout;
mod lines;
mod local;
mod log;
mod members;
mod operation;
mod pipe;
mod request;
mod serve;
mod session;
mod shell;
mod signal;
mod snapshot;
mod status;
mod store;

use std::future::Future;
use std::io::{IsTerminal, Read, stdin, stdout};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser};
use smol::future::or;

use crate::bench::Load;
use crate::command_line::{
    Action, BenchArgs, CommandLine, FeatureArgs, FeaturesAction, KeyringAction, MembersAction, Once, Output, PipeArgs,
    Remote, STATUS_TIMEOUT, SnapshotAction, TIMEOUT,
};
use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::members::Operator;
use crate::operation::Operation;
use crate::signal::Interrupt;

fn main() -> ExitCode {
    let result = run(CommandLine::parse().action);
    let exit = result.unwrap_or_else(|failure| {
        eprintln!("error: {}", failure.message);
        failure.exit
    });
    exit.into()
}

fn run(action: Action) -> Result<Exit, Failure> {
    match action {
        Action::Local(args) => local::run(&args),
        Action::Serve(args) => {
            let (config, keys) = args.config()?;
            serve::run(config, keys)
        }
        Action::Put(args) => write(args, Operation::Put),
        Action::Append(args) => write(args, Operation::Append),
        Action::Del(args) => write(args, Operation::Del),
        Action::Cas(args) => write(args, Operation::Cas),
        Action::Get(args) => ask(args, TIMEOUT, Operation::Get),
        Action::Status(args) => ask(args, STATUS_TIMEOUT, Operation::Status),
        Action::Pipe(args) => pipe(&args),
        Action::Inspect(args) => inspect::run(&args.data_dir),
        Action::Decode(args) => decode::run(&args.frame, args.json),
        Action::Bench(args) => bench(&args),
        Action::Snapshot { action } => snapshot(action),
        Action::Rescue(args) => snapshot::rescue(&args),
        Action::Members { action } => members(action),
        Action::Features(args) => features(&args),
        Action::Keyring(args) => match &args.action {
            KeyringAction::Use(word) if !word.ask.offline => {
                operate(word, async |operator| operator.use_key(&word.ask, &args.keys).await)
            }
            KeyringAction::Remove(word) if !word.ask.offline => {
                operate(word, async |operator| operator.remove_key(word.ask.id, &args.keys).await)
            }
            _ => keyring::run(&args),
        },
        Action::Transfer(args) => {
            let (layout, timeout) = (args.layout()?, args.timeout(TIMEOUT));
            interruptible(operated, members::transfer(&args.ask, layout, timeout))
        }
    }
}

fn write<A: Args>(args: Remote<Once<A>>, operation: fn(A) -> Operation) -> Result<Exit, Failure> {
    let (layout, timeout) = (args.layout()?, args.timeout(TIMEOUT));
    let Once { write, session } = args.ask;
    let mut operation = operation(write);
    operation.read_dash(standard_input)?;
    let mut connection = smol::block_on(Connection::new(layout, timeout))?;
    let told = connection.interruption("interrupted: nothing was done");
    interruptible(told, async { operation.run(&mut connection, session, "").await })
}

fn ask<A: Args>(args: Remote<A>, timeout: Duration, operation: fn(A) -> Operation) -> Result<Exit, Failure> {
    let (layout, timeout) = (args.layout()?, args.timeout(timeout));
    // A file gets the value as it is, a terminal its prompt on a line of its own.
    let ending = if stdout().is_terminal() { "\n" } else { "" };
    interruptible(|| "interrupted".to_owned(), async {
        let mut connection = Connection::new(layout, timeout).await?;
        operation(args.ask).run(&mut connection, None, ending).await
    })
}

fn pipe(args: &Remote<PipeArgs>) -> Result<Exit, Failure> {
    let (layout, timeout) = (args.layout()?, args.timeout(TIMEOUT));
    let connection = smol::block_on(Connection::new(layout, timeout))?;
    let told = connection.interruption("interrupted: no write was under way");
    interruptible(told, pipe::run(connection))
}

fn bench(args: &Remote<BenchArgs>) -> Result<Exit, Failure> {
    let BenchArgs { clients, seconds, value_bytes, keys_each, data_dir, output } = &args.ask;
    let load = Load {
        clients: usize::from(*clients),
        duration: Duration::from_secs(*seconds),
        value_bytes: *value_bytes,
        keys: *keys_each,
        timeout: args.timeout(TIMEOUT),
    };
    bench::run(&args.layout()?, load, data_dir, *output == Output::Json)
}

fn snapshot(action: SnapshotAction) -> Result<Exit, Failure> {
    match action {
        SnapshotAction::Save(args) => {
            let (layout, timeout) = (args.layout()?, args.timeout(TIMEOUT));
            let told = || "interrupted: nothing was saved".to_owned();
            interruptible(told, snapshot::save(&args.ask, &layout, timeout))
        }
        SnapshotAction::Inspect(args) => snapshot::inspect(&args),
        SnapshotAction::Restore(args) => snapshot::restore(&args),
    }
}

fn members(action: MembersAction) -> Result<Exit, Failure> {
    match action {
        MembersAction::List(args) => {
            let (layout, timeout) = (args.layout()?, args.timeout(STATUS_TIMEOUT));
            interruptible(|| "interrupted".to_owned(), members::list(&args.ask, layout, timeout))
        }
        MembersAction::Add(args) => operate(&args, async |operator| operator.add(&args.ask).await),
        MembersAction::Promote(args) => operate(&args, async |operator| operator.promote(&args.ask).await),
        MembersAction::Remove(args) => operate(&args, async |operator| operator.remove(&args.ask).await),
        MembersAction::Move(args) => operate(&args, async |operator| operator.relocate(&args.ask).await),
    }
}

fn features(args: &FeatureArgs) -> Result<Exit, Failure> {
    if let Some(FeaturesAction::Enable(args)) = &args.action {
        return operate(args, async |operator| operator.enable().await);
    }
    let (layout, timeout) = (args.list.layout()?, args.list.timeout(STATUS_TIMEOUT));
    interruptible(|| "interrupted".to_owned(), async {
        let connection = Connection::new(layout, timeout).await?;
        features::list(&args.list.ask, &connection).await
    })
}

fn operate<A: Args>(
    args: &Remote<A>,
    work: impl AsyncFnOnce(Operator) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let (layout, timeout) = (args.layout()?, args.timeout(TIMEOUT));
    interruptible(operated, async { work(Operator::new(layout, timeout).await?).await })
}

fn operated() -> String {
    members::INTERRUPTED.to_owned()
}

/// All of standard input, as a value.
fn standard_input() -> Result<Vec<u8>, Failure> {
    let mut value = Vec::new();
    match stdin().read_to_end(&mut value) {
        Ok(_) => Ok(value),
        Err(error) => {
            let message = format!("cannot read the value from standard input: {error}");
            Err(Failure::new(Exit::Failed, message))
        }
    }
}

/// Does the work, unless this process is interrupted: then it ends with what is `told` of that.
fn interruptible(
    told: impl FnOnce() -> String,
    work: impl Future<Output = Result<Exit, Failure>>,
) -> Result<Exit, Failure> {
    let mut interrupt = Interrupt::watch()?;
    let stop = async {
        interrupt.next().await;
        Err(Failure::new(Exit::Interrupted, told()))
    };
    smol::block_on(or(work, stop))
}
