//! defmt's way out: a UART of its own. What finds no room is lost, and the reader goes on at the next frame.

#![allow(unsafe_code, reason = "defmt asks for a promise that only one of its users writes at a time")]

use core::cell::RefCell;

use critical_section::{Mutex, RestoreState};
use defmt::{Encoder, Logger};

use crate::uart::LOG;

struct Writer {
    encoder: Encoder,
    /// What the processor goes back to when the frame is written.
    before: RestoreState,
}

static WRITER: Mutex<RefCell<Writer>> =
    Mutex::new(RefCell::new(Writer { encoder: Encoder::new(), before: RestoreState::invalid() }));

#[defmt::global_logger]
struct Global;

// SAFETY: from `acquire` to `release` no interrupt comes, and the machine has one core.
unsafe impl Logger for Global {
    fn acquire() {
        let before = unsafe { critical_section::acquire() };
        with(|writer| {
            writer.before = before;
            writer.encoder.start_frame(send);
        });
    }

    unsafe fn flush() {
        LOG.flush();
    }

    unsafe fn release() {
        let before = with(|writer| {
            writer.encoder.end_frame(send);
            writer.before
        });
        unsafe { critical_section::release(before) };
    }

    unsafe fn write(bytes: &[u8]) {
        with(|writer| writer.encoder.write(bytes, send));
    }
}

fn with<T>(act: impl FnOnce(&mut Writer) -> T) -> T {
    critical_section::with(|token| act(&mut WRITER.borrow_ref_mut(token)))
}

fn send(bytes: &[u8]) {
    LOG.send(bytes);
}
