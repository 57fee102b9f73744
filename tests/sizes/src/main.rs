//! Measures what quorate takes of a microcontroller, and keeps the table in the README.
//!
//! Without an argument it fails if a figure has grown by more than 2 % over the table's, if an allocator is linked, or
//! if a function can panic that should not. `REWRITE=1` writes the table anew. `symbols IMAGE TARGET LEVEL` lists what
//! an image is made of, `stack IMAGE TARGET LEVEL` the calls that take the most stack. `map IMAGE TARGET LEVEL` says
//! which crates and modules the bytes of an image belong to, and `map` alone says it of the flash adapter's and of a
//! whole board's, on a Cortex-M3 at level `z`.

mod calls;
mod image;
mod map;
mod table;

use std::error::Error;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, fs};

use calls::Calls;
use image::Image;
use map::Map;
use table::Table;

/// The targets, and what the table calls them.
const TARGETS: [(&str, &str); 3] =
    [("thumbv6m-none-eabi", "M0"), ("thumbv7m-none-eabi", "M3"), ("thumbv7em-none-eabihf", "M4F")];
const LEVELS: [&str; 2] = ["z", "s"];

/// The images whose flash is measured, those whose flash is taken off that, and what the table calls the rest.
const IMAGES: [(&str, &str, &str); 7] = [
    ("core", "empty", "flash: core"),
    ("wire", "empty", "flash: core, wire"),
    ("seal", "empty", "flash: core, wire, sealed frames as well"),
    ("clients", "empty", "flash: core, wire, clients' frames as well"),
    ("flash", "empty", "flash: core, wire, quorate-flash"),
    ("serial", "empty", "flash: all of a board, sealed: core, wire, flash, serial"),
    ("errors", "serial", "flash: showing all errors of a board, beside that"),
];

/// The variables whose memory is measured, and what the table calls them.
const MEMORY: [(&str, &str); 4] = [
    ("LOG_512", "RAM: node of 3 seats, log of 512 B"),
    ("LOG_1024", "RAM: node of 3 seats, log of 1 KiB"),
    ("LOG_4096", "RAM: node of 3 seats, log of 4 KiB"),
    ("STATION", "RAM: station of a board, sealed, without log and snapshot"),
];

/// The calls whose stack is measured, and what the table calls them.
const CALLS: [(&str, &str); 4] = [
    ("quorate::node::Node<C,B,_>::step", "stack: a step"),
    ("<quorate::draw::Effects<V,A> as core::iter::traits::iterator::Iterator>::next", "stack: drawing an effect"),
    ("quorate_wire::member::decode", "stack: reading a frame"),
    ("quorate_wire::member::encode", "stack: writing a frame"),
];

/// The functions that may panic: they stop a node that has broken a law of its own.
const STOPS: [&str; 2] = ["quorate::log::torn", "quorate::peer::no_seat"];

/// Checks of libraries that cannot fail, whatever a line or a frame holds: the compiler does not see that, and
/// it is written here why. Neither core and wire nor our own code elsewhere has any of its own.
const CHECKS: [&str; 12] = [
    // ChaCha20 and HChaCha20, which these take into themselves, take keys, nonces and blocks apart into words: how many
    // there are is in their types.
    "quorate_wire::seal::key::Key::step",
    "quorate_wire::seal::session::Start::of",
    "<chacha20::ChaChaCore<R,V> as cipher::stream::core_api::StreamCipherCore>::process_with_backend",
    // What is left behind the last whole block is shorter than one, and is copied into one.
    "cipher::stream::core_api::StreamCipherCore::try_apply_keystream_partial",
    "universal_hash::UniversalHash::update_padded",
    // Poly1305 reads words of a block at numbers that are written there.
    "<hybrid_array::Array<T,U> as core::ops::index::Index<I>>::index",
    // COBS, in place: a code that leads behind the end was refused before, and what is written stays behind what is
    // read.
    "quorate_serial::receiver::read",
    // A number of 64 bits has ten groups of seven, and ten bytes to stand in; one of 32 has five.
    "postcard::ser::",
    "postcard::varint::",
    "quorate_driver::ledger::Ledger<T,_>::put",
    "<u64 as serde_core::ser::Serialize>::serialize",
    "serde_core::ser::impls::<impl serde_core::ser::Serialize for u64>::serialize",
];

/// The images that have such checks.
const CHECKED: [&str; 3] = ["seal", "serial", "errors"];

/// Where the images are built, seen from this crate.
const BUILDS: &str = "../../target/sizes";

type Failure = Box<dyn Error>;

fn main() -> Result<ExitCode, Failure> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => check(),
        ["symbols", name, target, level] => {
            let image = measured(name, target, level)?;
            image.symbols().iter().for_each(|(bytes, name)| println!("{bytes:>6} {name}"));
            println!("{:>6} in all", image.flash());
            Ok(ExitCode::SUCCESS)
        }
        ["map"] => ["flash", "serial"]
            .iter()
            .try_for_each(|name| map(name, "thumbv7m-none-eabi", "z"))
            .map(|()| ExitCode::SUCCESS),
        ["map", name, target, level] => map(name, target, level).map(|()| ExitCode::SUCCESS),
        ["stack", name, target, level] => {
            let image = measured(name, target, level)?;
            for (call, _) in CALLS {
                Calls::of(&image).deepest(call).iter().for_each(|(bytes, name)| println!("{bytes:>6} {name}"));
                println!();
            }
            Ok(ExitCode::SUCCESS)
        }
        _ => Err("usage: [map] | symbols|map|stack IMAGE TARGET LEVEL".into()),
    }
}

fn check() -> Result<ExitCode, Failure> {
    let mut table = Table { columns: Vec::new(), rows: Vec::new() };
    let images = IMAGES.iter().map(|(_, _, name)| name);
    let names = images.chain(MEMORY.iter().chain(&CALLS).map(|(_, name)| name)).copied();
    table.rows.extend(names.map(|name| (name.to_string(), Vec::new())));
    let mut faults = Vec::new();
    for (target, short) in TARGETS {
        for level in LEVELS {
            build(target, level)?;
            table.columns.push(format!("{short} `{level}`"));
            let mut figures = Vec::new();
            for (name, without, _) in IMAGES {
                let image = open(name, target, level)?;
                figures.push(image.flash() - open(without, target, level)?.flash());
                faults.extend(faults_of(name, &image).map(|fault| format!("{name}, {target}, {level}: {fault}")));
            }
            let memory = open("memory", target, level)?;
            for (name, _) in MEMORY {
                figures.push(memory.object(name).ok_or_else(|| format!("no variable {name}"))?);
            }
            let image = open("wire", target, level)?;
            for (name, _) in CALLS {
                figures.push(Calls::of(&image).deepest(name).iter().map(|(bytes, _)| u64::from(*bytes)).sum());
            }
            table.rows.iter_mut().zip(figures).for_each(|(row, figure)| row.1.push(figure));
        }
    }
    let readme = home().join("../../README.md");
    let text = fs::read_to_string(&readme)?;
    let old = Table::find(&text).ok_or("the README has no table of sizes")?;
    if env::var_os("REWRITE").is_some() {
        fs::write(&readme, table.put_into(&text).ok_or("the README has no table of sizes")?)?;
    } else {
        faults.extend(table.growth(&old));
    }
    println!("{table}");
    faults.iter().for_each(|fault| eprintln!("{fault}"));
    if faults.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("If growth is worth it, run this again with REWRITE=1, and commit the README's table.");
    Ok(ExitCode::FAILURE)
}

/// An allocator that is linked, and functions that can panic.
fn faults_of(name: &str, image: &Image) -> impl Iterator<Item = String> {
    let checks = if CHECKED.contains(&name) { &CHECKS[..] } else { &[] };
    let is_check = |name: &str| checks.iter().any(|check| name.starts_with(check));
    let symbols = image.symbols();
    let allocators = symbols
        .iter()
        .filter(|(_, name)| ["__rust_alloc", "__rg_alloc", "malloc"].iter().any(|bad| name.contains(bad)));
    let allocators = allocators.map(|(_, name)| format!("{name} is linked"));
    let panics = Calls::of(image).panics();
    let panics = panics.into_iter().filter(|(name, _)| !STOPS.contains(name) && !is_check(name));
    allocators
        .chain(panics.map(|(name, callee)| format!("{name} can panic, by {callee}")))
        .collect::<Vec<_>>()
        .into_iter()
}

fn map(name: &str, target: &str, level: &str) -> Result<(), Failure> {
    let image = measured(name, target, level)?;
    println!("{name}, {target}, {level}\n\n{}", Map::of(&image));
    Ok(())
}

fn measured(name: &str, target: &str, level: &str) -> Result<Image, Failure> {
    build(target, level)?;
    open(name, target, level)
}

fn build(target: &str, level: &str) -> Result<(), Failure> {
    let mut cargo = Command::new(env::var_os("CARGO").ok_or("run this by cargo")?);
    cargo.current_dir(home()).args(["build", "--quiet", "--locked", "--package", "quorate-image"]);
    let status = cargo.args(["--target", target, "--profile", level, "--target-dir", BUILDS]).status()?;
    if status.success() { Ok(()) } else { Err(format!("{target}: the images cannot be built").into()) }
}

fn open(name: &str, target: &str, level: &str) -> Result<Image, Failure> {
    Image::open(&home().join(BUILDS).join(target).join(level).join(name))
}

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
