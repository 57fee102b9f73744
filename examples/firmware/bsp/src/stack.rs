//! How deep the stack has been: cortex-m-rt paints it before `main`.

#![allow(unsafe_code, reason = "the stack's lower end is read from outside of any variable")]

use core::ptr;

use cortex_m_rt::STACK_PAINT_VALUE;

unsafe extern "C" {
    static _stack_start: u32;
    static _stack_end: u32;
}

/// Paints what is free now, so that what was used before is forgotten.
#[inline(never)]
pub(crate) fn repaint() {
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

/// The most bytes that were ever used, and how many there are.
pub(crate) fn depth() -> (usize, usize) {
    let (mut lowest, top) = (&raw const _stack_end, &raw const _stack_start);
    let room = top.addr() - lowest.addr();
    // SAFETY: this reads between the ends that the linker gave the stack.
    while lowest < top && unsafe { ptr::read_volatile(lowest) } == STACK_PAINT_VALUE {
        lowest = lowest.wrapping_add(1);
    }
    (top.addr() - lowest.addr(), room)
}

const SPARED: usize = 32;
