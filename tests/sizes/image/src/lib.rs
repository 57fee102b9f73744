//! What the images share.
#![no_std]

pub mod board;
pub mod nor;
mod shown;

use core::hint::black_box;
use core::panic::PanicInfo;

use quorate::{
    Apply, Boot, Change, Charter, ClientCommand, Effects, Entry, Node, Persisted, Piece, Prospect, Read, Receive,
    Snapshotted, Tick, Transfer, founding,
};
use quorate_wire::seal::{self, Channel};

use crate::board::Board;
pub use crate::shown::link_errors;

/// A small command: a lamp, and whether it shines.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct SetLamp {
    pub lamp: u8,
    pub on: bool,
}

type Lamps = Node<SetLamp, [u8; 1024], 3>;
type Start = Boot<SetLamp, [u8; 1024], 3>;

/// Links a function as if somebody called it, with any arguments whatever.
#[inline(always)]
pub fn link<F>(function: F) {
    black_box(function);
}

/// Links all that a driver calls of a node.
#[inline(always)]
pub fn link_core() {
    link(Start::found as fn(_, &_, _) -> _);
    link(Start::recover as fn(_, _) -> _);
    link(Start::join as fn(_, &_, _, _) -> _);
    link(Start::take as fn(&mut _, _) -> _);
    link(Start::start as fn(_, _) -> _);
    link(Lamps::step::<Receive<'_>> as fn(_, _, _) -> _);
    link(Lamps::step::<Persisted> as fn(_, _, _) -> _);
    link(Lamps::step::<Tick> as fn(_, _, _) -> _);
    link(Lamps::step::<ClientCommand<SetLamp>> as fn(_, _, _) -> _);
    link(Lamps::step::<Read> as fn(_, _, _) -> _);
    link(Lamps::step::<Snapshotted> as fn(_, _, _) -> _);
    link(Lamps::step::<Change<'_>> as fn(_, _, _) -> _);
    link(Lamps::step::<Transfer> as fn(_, _, _) -> _);
    link(Lamps::deadline as fn(&_) -> _);
    link(Lamps::is_serving as fn(&_) -> _);
    link(Effects::<SetLamp>::next as fn(&mut _) -> _);
    link(Apply::<SetLamp>::command as fn(&_) -> _);
    link(Apply::<SetLamp>::session as fn(&_) -> _);
    link(Piece::message as fn(&_, _) -> _);
    link(Entry::parse as fn(_) -> _);
    link(Prospect::<3>::new as fn(&_, _, _) -> _);
    link(Prospect::<3>::step as fn(_, _, _) -> _);
    link(Prospect::<3>::deadline as fn(&_) -> _);
    link(Prospect::<3>::obstacle as fn(&_) -> _);
    link(founding::Effects::<3>::next as fn(&mut _) -> _);
    link(Charter::answer as fn(&_, &_) -> _);
}

/// Links all that a driver calls to read and write members' frames.
#[inline(always)]
pub fn link_wire() {
    link(quorate_wire::encode as fn(_, &_, &_) -> _);
    link(quorate_wire::decode as fn(_, _, _) -> _);
    link(quorate_wire::encode_founding as fn(_, &_, &_) -> _);
    link(quorate_wire::decode_founding as fn(_, _, _) -> _);
}

/// Links all that a driver calls to seal and open these.
#[inline(always)]
pub fn link_seal() {
    type Ring = seal::Ring<2>;
    link(Ring::new as fn(_, _) -> _);
    link(Ring::install as fn(&mut _, _, _) -> _);
    link(Ring::use_key as fn(&mut _, _) -> _);
    link(Ring::remove as fn(&mut _, _) -> _);
    link(Channel::speak::<2> as fn(&mut _, &_, &_, _, _, fn() -> u64) -> _);
    link(Channel::hear::<2> as fn(&mut _, &_, &_, &_, fn() -> u64) -> _);
    link(Channel::revoke as fn(&mut _, _));
    link(seal::Form::of as fn(&_) -> _);
    link(seal::encode_hello::<2> as fn(&_, &_, &_) -> _);
    link(seal::decode_hello::<2> as fn(&_, &_, &_) -> _);
    link(seal::sender as fn(&_, &_) -> _);
    link(seal::encode as fn(_, &_, _, &mut _, &_) -> _);
    link(seal::decode::<2> as fn(_, &_, &_, &mut _, _) -> _);
    link(seal::encode_founding::<2> as fn(_, &_, &_, &_, _) -> _);
    link(seal::decode_founding::<2> as fn(_, &_, _, _) -> _);
}

/// Links all that a board calls.
#[inline(always)]
pub fn link_board() {
    link(Board::start_in as for<'a> fn(&'a mut _, _, _, _, _, _, _) -> Result<&'a mut Board, _>);
    link(Board::feed as fn(&mut _, _, _, _) -> _);
    link(Board::turn as fn(&mut _, _) -> _);
    link(Board::drain as for<'a> fn(&'a Board, usize) -> &'a [u8]);
    link(Board::drained as fn(&mut _, _, _));
    link(Board::deadline as fn(&_) -> _);
    link(Board::propose as fn(&mut _, &_) -> _);
    link(Board::answer as fn(&mut _) -> _);
    link(Board::seal as fn(&mut _, _, _, _));
    link(Board::install_key as fn(&mut _, _, _) -> _);
    link(Board::use_key as fn(&mut _, _) -> _);
    link(Board::remove_key as fn(&mut _, _) -> _);
}

/// Looks at the message, as the handler of a firmware does that reports why it stopped.
#[panic_handler]
fn stop(info: &PanicInfo<'_>) -> ! {
    loop {
        black_box(info);
    }
}
