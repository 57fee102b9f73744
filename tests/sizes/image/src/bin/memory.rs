//! Variables as large as a node of three seats, and a board's station.
#![no_std]
#![no_main]

use quorate::Node;
use quorate_image::board::Board;
use quorate_image::{SetLamp, link};

type Room<const LOG: usize> = core::mem::MaybeUninit<Node<SetLamp, [u8; LOG], 3>>;

static LOG_512: Room<512> = Room::uninit();
static LOG_1024: Room<1024> = Room::uninit();
static LOG_4096: Room<4096> = Room::uninit();
static STATION: core::mem::MaybeUninit<Board> = core::mem::MaybeUninit::uninit();

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    link((&LOG_512, &LOG_1024, &LOG_4096, &STATION));
    loop {}
}
