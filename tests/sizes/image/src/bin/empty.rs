//! An image of nothing: what it takes is taken off the others.
#![no_std]
#![no_main]

use quorate_image as _;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    loop {}
}
