//! Runs the program as its users do, and holds it to what it says: its output, its exit codes, its errors.

mod client_keys;
mod cluster;
mod command_line;
mod compaction;
mod failures;
mod features;
mod first_start;
mod founding;
mod inside;
mod key_change;
mod keyring;
mod leases;
mod local;
mod logs;
mod lost_disk;
mod members;
mod outcomes;
mod pipe;
mod preference;
mod program;
mod replacement;
mod rescue;
mod saved;
mod scripted;
mod sealed_later;
mod writer;
