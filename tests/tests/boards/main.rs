//! Boards on serial lines: see `quorate_tests::boards`.

mod alone;
mod figures;
mod founding;
mod members;
mod ports;
mod reborn;
mod ring;
mod sealed;
mod seeds;
mod share;
mod terms;
