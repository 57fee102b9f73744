//! Three quorate nodes in one loop, without I/O.
fn main() {}
