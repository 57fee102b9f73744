//! What a driver calls of a node.
#![no_std]
#![no_main]

use quorate_image::link_core;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    link_core();
    loop {}
}
