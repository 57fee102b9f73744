//! Measures quorate beside other libraries and beside floors, and writes what was found into docs/performance.md: `library` and
//! `growth` count instructions, with valgrind; `service` measures time, so on a machine that does nothing else.
//!
//!     cargo run --release --locked --manifest-path tests/peers/Cargo.toml -- library
//!     cargo run --release --locked --manifest-path tests/peers/Cargo.toml -- growth
//!     cargo run --release --locked --manifest-path tests/peers/Cargo.toml -- service

mod count;
mod growth;
mod library;
mod page;
mod service;

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["library"] => build().and_then(|()| library::measure()).and_then(|table| page::put("library", &table)),
        ["growth"] => build().and_then(|()| growth::measure()).and_then(|table| page::put("growth", &table)),
        ["service"] => build().and_then(|()| service::measure()).and_then(|table| page::put("service", &table)),
        _ => Err("usage: quorate-peers library|growth|service".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Builds what is to be run, as this was built.
fn build() -> Result<(), String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let arguments = ["build", "--release", "--locked", "--quiet", "--bins", "--manifest-path", manifest];
    let status = Command::new(&cargo).args(arguments).status().map_err(|error| format!("{cargo}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{cargo} {}: {status}", arguments.join(" "))) }
}
