//! Runs a quorate node with smol over UDP.
