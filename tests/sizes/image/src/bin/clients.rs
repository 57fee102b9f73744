//! What a driver calls of a node, of the frames that nodes exchange, and of those that clients and nodes exchange.
#![no_std]
#![no_main]

use quorate_image::{link, link_core, link_wire};
use quorate_wire::client;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    link_core();
    link_wire();
    link(client::encode_request as fn(_, &_) -> _);
    link(client::decode_request as fn(_, _) -> _);
    link(client::encode_reply as fn(_, &_) -> _);
    link(client::decode_reply as fn(_, _) -> _);
    loop {}
}
