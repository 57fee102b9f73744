//! All that a board needs that seals what it says, and shows all that it is told.
#![no_std]
#![no_main]

use quorate_image::{link_board, link_errors};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    link_board();
    link_errors();
    loop {}
}
