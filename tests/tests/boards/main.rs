//! Boards on serial lines: see `quorate_tests::boards`.

mod figures;
mod ring;
mod seeds;
mod share;
