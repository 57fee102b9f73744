//! All that a board needs that seals what it says.
#![no_std]
#![no_main]

use quorate_image::board::Board;
use quorate_image::link;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
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
    loop {}
}
