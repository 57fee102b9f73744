//! What a driver calls of a node, of the frames that nodes exchange, and of a flash with words of 8 bytes.
#![no_std]
#![no_main]

use quorate_flash::{Flash, FlashError, Recovered};
use quorate_image::nor::Nor;
use quorate_image::{link, link_core, link_wire};

type Visit = fn(Recovered<'_>) -> Result<(), FlashError>;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    link_core();
    link_wire();
    link(Flash::<Nor>::open::<FlashError> as fn(_, _, _, _, Visit) -> _);
    link(Flash::<Nor>::write as fn(&mut _, _, _, _, _, _) -> _);
    link(Flash::<Nor>::take as fn(&mut _, _, _, _) -> _);
    link(Flash::<Nor>::store as fn(&mut _, _, _, _, _) -> _);
    link(Flash::<Nor>::read as fn(&mut _, _, _, _) -> _);
    link(Flash::<Nor>::is_crowded as fn(&_) -> _);
    loop {}
}
