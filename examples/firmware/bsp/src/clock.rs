//! Time since the board started, from SysTick.

use core::cell::Cell;
use core::future::poll_fn;
use core::task::Poll;

use atomic_waker::AtomicWaker;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{SCB, SYST};
use cortex_m_rt::exception;
use critical_section::Mutex;
use quorate::Instant;

/// What the processor's clock ticks in a microsecond.
pub(crate) const TICKS_PER_MICRO: u32 = 25;

const TICKS_PER_MILLI: u32 = TICKS_PER_MICRO * 1000;

/// Who waits for the next millisecond.
static TICK: AtomicWaker = AtomicWaker::new();

static MILLIS: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

/// Starts to count. From then on the processor wakes once a millisecond.
pub(crate) fn start(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(TICKS_PER_MILLI - 1);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

/// Now, to the microsecond.
pub fn now() -> Instant {
    critical_section::with(|token| {
        let before = SYST::get_current();
        // A millisecond that ended in here is not counted yet.
        let uncounted = SCB::is_pendst_pending();
        let ticks = if uncounted { SYST::get_current() } else { before };
        let millis = MILLIS.borrow(token).get() + u64::from(uncounted);
        let micros = (TICKS_PER_MILLI - 1 - ticks) / TICKS_PER_MICRO;
        Instant::from_micros(millis * 1000 + u64::from(micros))
    })
}

/// Waits until this moment; for ever if there is none.
pub async fn reach(deadline: Option<Instant>) {
    poll_fn(|context| {
        TICK.register(context.waker());
        if deadline.is_some_and(|deadline| deadline <= now()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Sleeps until an interrupt comes, unless there is work already. What comes in between ends the sleep at once.
pub fn sleep_unless(has_work: impl FnOnce() -> bool) {
    cortex_m::interrupt::free(|_| {
        if !has_work() {
            cortex_m::asm::wfi();
        }
    });
}

#[exception]
fn SysTick() {
    critical_section::with(|token| {
        let millis = MILLIS.borrow(token);
        millis.set(millis.get() + 1);
    });
    TICK.wake();
}
