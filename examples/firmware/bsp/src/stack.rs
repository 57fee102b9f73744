//! How deep the stack has been: cortex-m-rt paints it before `main`.

#![allow(unsafe_code, reason = "the stack's lower end is read from outside of any variable")]

use core::fmt;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

use cortex_m_rt::STACK_PAINT_VALUE;

unsafe extern "C" {
    static _stack_start: u32;
    static _stack_end: u32;
}

/// The most bytes that were used before the board had started, and until it was a member.
static START: AtomicUsize = AtomicUsize::new(0);

/// The most bytes of the stack that were ever used.
pub(crate) struct Depth {
    start: usize,
    since: usize,
    room: usize,
}

impl fmt::Display for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of {}, {} while it started", self.since, self.room, self.start)
    }
}

/// Tells what was used until now from what is used from now on: paints what is free anew.
#[inline(never)]
pub(crate) fn repaint() {
    START.fetch_max(used(), Ordering::Relaxed);
    let here = 0u32;
    let mut place = (&raw const _stack_end).cast_mut();
    // Some words next to this function's own frame stay as they are.
    let end = (&raw const here).wrapping_sub(SPARED);
    while place.cast_const() < end {
        // SAFETY: below this function's frame nothing is in use, and interrupts leave it as they found it.
        unsafe { ptr::write_volatile(place, STACK_PAINT_VALUE) };
        place = place.wrapping_add(1);
    }
}

pub(crate) fn depth() -> Depth {
    let room = (&raw const _stack_start).addr() - (&raw const _stack_end).addr();
    Depth { start: START.load(Ordering::Relaxed), since: used(), room }
}

/// How far down the paint is gone.
fn used() -> usize {
    let (mut lowest, top) = (&raw const _stack_end, &raw const _stack_start);
    // SAFETY: this reads between the ends that the linker gave the stack.
    while lowest < top && unsafe { ptr::read_volatile(lowest) } == STACK_PAINT_VALUE {
        lowest = lowest.wrapping_add(1);
    }
    top.addr() - lowest.addr()
}

const SPARED: usize = 32;
