//! Traces of nodes, run again: those of real nodes over sockets and disks, of nodes that are driven at random, and
//! traces that somebody has tampered with.

mod drive;
mod house;
mod odd;
mod random;
mod real;
mod tampering;
