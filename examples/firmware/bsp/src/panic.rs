//! A panic is told on the console and in the log, and then the board starts anew.

use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;

use crate::console::tell;
use crate::uart::CONSOLE;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    cortex_m::interrupt::disable();
    let (file, line) = info.location().map_or(("", 0), |location| (location.file(), location.line()));
    tell(&format_args!("panicked at {file}:{line}: {}", info.message()));
    CONSOLE.flush();
    defmt::error!("panicked at {=str}:{=u32}", file, line);
    defmt::flush();
    SCB::sys_reset()
}
