//! All that a board needs that seals what it says.
#![no_std]
#![no_main]

use quorate_image::link_board;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    link_board();
    loop {}
}
