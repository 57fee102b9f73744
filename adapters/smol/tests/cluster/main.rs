//! Clusters of nodes on threads of this process, over loopback and real directories.

mod caller;
mod clients;
mod damage;
mod failure;
mod flood;
mod harness;
mod members;
mod preference;
mod restart;
mod sealed;
mod service;
mod snapshots;
mod stranger;
mod tally;
mod word;
