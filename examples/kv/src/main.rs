#![doc = include_str!("../README.md")]

mod bench;
mod command;
mod command_line;
mod connection;
mod decode;
mod exit;
mod inspect;
mod layout;
mod lines;
mod local;
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
use std::io::Read;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser};
use smol::future::or;

use crate::bench::Load;
use crate::command_line::{
    Action, BenchArgs, CommandLine, Once, Output, PipeArgs, Remote, STATUS_TIMEOUT, SnapshotAction, TIMEOUT,
};
use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::operation::{Operation, Value};
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
        Action::Serve(args) => serve::run(args.config()?),
        Action::Put(args) => write(args, |mut put| {
            read_dash(&mut put.value)?;
            Ok(Operation::Put(put))
        }),
        Action::Append(args) => write(args, |mut append| {
            read_dash(&mut append.value)?;
            Ok(Operation::Append(append))
        }),
        Action::Del(args) => write(args, |del| Ok(Operation::Del(del))),
        Action::Cas(args) => write(args, |cas| Ok(Operation::Cas(cas))),
        Action::Get(args) => ask(args, TIMEOUT, Operation::Get),
        Action::Status(args) => ask(args, STATUS_TIMEOUT, Operation::Status),
        Action::Pipe(args) => pipe(&args),
        Action::Inspect(args) => inspect::run(&args.data_dir),
        Action::Decode(args) => decode::run(&args.frame, args.json),
        Action::Bench(args) => bench(&args),
        Action::Snapshot { action } => snapshot(action),
    }
}

fn write<A: Args>(
    args: Remote<Once<A>>,
    operation: impl FnOnce(A) -> Result<Operation, Failure>,
) -> Result<Exit, Failure> {
    let (layout, timeout) = (args.members.layout()?, args.timeout(TIMEOUT));
    let Once { write, session } = args.ask;
    let operation = operation(write)?;
    interruptible(MAY_BE_DONE, async {
        let mut connection = Connection::new(layout, timeout).await?;
        operation.run(&mut connection, session).await
    })
}

fn ask<A: Args>(args: Remote<A>, timeout: Duration, operation: fn(A) -> Operation) -> Result<Exit, Failure> {
    let (layout, timeout) = (args.members.layout()?, args.timeout(timeout));
    interruptible(MAY_BE_DONE, async {
        let mut connection = Connection::new(layout, timeout).await?;
        operation(args.ask).run(&mut connection, None).await
    })
}

fn pipe(args: &Remote<PipeArgs>) -> Result<Exit, Failure> {
    let (layout, timeout) = (args.members.layout()?, args.timeout(TIMEOUT));
    interruptible(MAY_BE_DONE, async { pipe::run(Connection::new(layout, timeout).await?).await })
}

fn bench(args: &Remote<BenchArgs>) -> Result<Exit, Failure> {
    let BenchArgs { clients, seconds, value_bytes, keys, data_dir, output } = &args.ask;
    let load = Load {
        clients: usize::from(*clients),
        duration: Duration::from_secs(*seconds),
        value_bytes: *value_bytes,
        keys: *keys,
        timeout: args.timeout(TIMEOUT),
    };
    bench::run(&args.members.layout()?, load, data_dir, *output == Output::Json)
}

fn snapshot(action: SnapshotAction) -> Result<Exit, Failure> {
    match action {
        SnapshotAction::Save(args) => {
            let (layout, timeout) = (args.members.layout()?, args.timeout(TIMEOUT));
            interruptible("interrupted: nothing was saved", snapshot::save(&args.ask, &layout, timeout))
        }
        SnapshotAction::Inspect(args) => snapshot::inspect(&args),
        SnapshotAction::Restore(args) => snapshot::restore(&args),
    }
}

/// Puts standard input in the place of the value `-`.
fn read_dash(value: &mut Value) -> Result<(), Failure> {
    if value.0 != b"-" {
        return Ok(());
    }
    value.0.clear();
    match std::io::stdin().read_to_end(&mut value.0) {
        Ok(_) => Ok(()),
        Err(error) => {
            let message = format!("cannot read the value from standard input: {error}");
            Err(Failure::new(Exit::Failed, message))
        }
    }
}

/// What is told of a client that was interrupted.
const MAY_BE_DONE: &str = "interrupted: a write that was under way may have been done, or be done yet";

fn interruptible(told: &str, work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let mut interrupt = Interrupt::watch()?;
    let stop = async {
        interrupt.next().await;
        Err(Failure::new(Exit::Interrupted, told))
    };
    smol::block_on(or(work, stop))
}
