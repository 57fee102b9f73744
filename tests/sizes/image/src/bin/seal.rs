//! What a driver calls of a node and of the frames that nodes exchange, plain and sealed.
#![no_std]
#![no_main]

use quorate_image::{link_core, link_seal, link_wire};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    link_core();
    link_wire();
    link_seal();
    loop {}
}
