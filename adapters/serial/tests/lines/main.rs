//! What goes over a line, and what comes back out of it, whatever happens on the way.

mod golden;
mod room;
mod sync;
