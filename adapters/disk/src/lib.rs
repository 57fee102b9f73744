//! The log of a quorate node on a file system.
