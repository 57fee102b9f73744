//! The machine's UARTs (Arm's CMSDK APB UART), with an interrupt behind each byte and a bounded queue for either way.

#![allow(unsafe_code, reason = "registers are memory, and interrupts are let in")]

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::Poll;
use core::{fmt, ptr};

use atomic_waker::AtomicWaker;
use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use cortex_m_rt::exception;
use critical_section::Mutex;
use embedded_io::{Error, ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use heapless::Deque;

use crate::clock::TICKS_PER_MICRO;

/// The console.
pub static CONSOLE: Uart<128, 256> = Uart::new(0x4000_4000, 0);

/// The lines to the peers. What comes in while the flash is being erased has to wait here.
pub static LINES: [Uart<768, 256>; 2] = [Uart::new(0x4000_5000, 2), Uart::new(0x4000_6000, 4)];

/// Where defmt writes.
pub static LOG: Uart<1, 512> = Uart::new(0x4000_7000, 18);

/// A UART with room for `IN` bytes that came and `OUT` bytes that are to go.
pub struct Uart<const IN: usize, const OUT: usize> {
    base: usize,
    /// Who waits for bytes to come, and for bytes to go.
    reader: AtomicWaker,
    writer: AtomicWaker,
    /// The interrupt of a byte that came; that of a byte that went is the next.
    interrupt: u16,
    queues: Mutex<RefCell<Queues<IN, OUT>>>,
}

struct Queues<const IN: usize, const OUT: usize> {
    incoming: Deque<u8, IN>,
    outgoing: Deque<u8, OUT>,
    has_overrun: bool,
}

impl<const IN: usize, const OUT: usize> Uart<IN, OUT> {
    const fn new(base: usize, interrupt: u16) -> Self {
        let queues = Queues { incoming: Deque::new(), outgoing: Deque::new(), has_overrun: false };
        Uart {
            base,
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
            interrupt,
            queues: Mutex::new(RefCell::new(queues)),
        }
    }

    /// Sets the speed, and lets bytes come and go.
    pub fn start(&self, baud: u32) {
        self.write(BAUDDIV, (TICKS_PER_MICRO * 1_000_000 / baud).max(16));
        self.write(CTRL, TX_ENABLE | RX_ENABLE | TX_INTERRUPT | RX_INTERRUPT);
        for interrupt in [self.interrupt, self.interrupt + 1] {
            // SAFETY: the interrupts touch nothing but the queues, which a critical section guards.
            unsafe { NVIC::unmask(Interrupt(interrupt)) };
        }
    }

    /// Takes bytes that came to the front of `room`: how many.
    pub fn receive(&self, room: &mut [u8]) -> usize {
        self.with(|queues| {
            let count = room.len().min(queues.incoming.len());
            room[..count].fill_with(|| queues.incoming.pop_front().unwrap_or_default());
            count
        })
    }

    /// Queues bytes to be sent, as many as there is room for: how many.
    pub fn send(&self, bytes: &[u8]) -> usize {
        let taken =
            self.with(|queues| bytes.iter().take_while(|byte| queues.outgoing.push_back(**byte).is_ok()).count());
        self.serve();
        taken
    }

    /// Waits until all bytes are on their way: for a panic, which has nothing else to do.
    pub fn flush(&self) {
        while !self.with(|queues| queues.outgoing.is_empty()) {
            self.serve();
        }
    }

    /// Whether there is room for bytes to be sent.
    pub fn has_room(&self) -> bool {
        self.with(|queues| !queues.outgoing.is_full())
    }

    /// Whether bytes came that nobody has taken.
    pub fn has_bytes(&self) -> bool {
        self.with(|queues| !queues.incoming.is_empty())
    }

    /// Waits until bytes have come.
    pub async fn readable(&self) {
        poll_fn(|context| {
            self.reader.register(context.waker());
            if self.has_bytes() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    async fn writable(&self) {
        poll_fn(|context| {
            self.writer.register(context.waker());
            if self.has_room() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Whether bytes were lost since this was asked last, as there was no room for them.
    fn has_overrun(&self) -> bool {
        self.with(|queues| core::mem::take(&mut queues.has_overrun))
    }

    /// Moves bytes between the queues and the wire, as far as both let it.
    fn serve(&self) {
        self.with(|queues| {
            self.write(INTERRUPTS, self.read(INTERRUPTS));
            while self.read(STATE) & RX_FULL != 0 {
                let byte = self.read(DATA) as u8;
                queues.has_overrun |= queues.incoming.push_back(byte).is_err();
            }
            while self.read(STATE) & TX_FULL == 0 {
                let Some(byte) = queues.outgoing.pop_front() else { break };
                self.write(DATA, byte.into());
            }
        });
        self.reader.wake();
        self.writer.wake();
    }

    fn with<T>(&self, act: impl FnOnce(&mut Queues<IN, OUT>) -> T) -> T {
        critical_section::with(|token| act(&mut self.queues.borrow_ref_mut(token)))
    }

    fn read(&self, register: usize) -> u32 {
        // SAFETY: the machine has this register here.
        unsafe { ptr::read_volatile((self.base + register) as *const u32) }
    }

    fn write(&self, register: usize, value: u32) {
        // SAFETY: as above.
        unsafe { ptr::write_volatile((self.base + register) as *mut u32, value) }
    }
}

/// Whether bytes came that nobody has taken, but for the log's.
pub fn have_bytes() -> bool {
    CONSOLE.has_bytes() || LINES.iter().any(Uart::has_bytes)
}

/// A UART as a port of `embedded-io`, blocking and asynchronous. An overrun is told by the next read.
pub struct Port<const IN: usize, const OUT: usize>(pub &'static Uart<IN, OUT>);

/// Bytes came faster than they were taken.
#[derive(Debug)]
pub struct Overrun;

impl<const IN: usize, const OUT: usize> ErrorType for Port<IN, OUT> {
    type Error = Overrun;
}

impl<const IN: usize, const OUT: usize> Read for Port<IN, OUT> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Overrun> {
        if self.0.has_overrun() { Err(Overrun) } else { Ok(self.0.receive(bytes)) }
    }
}

impl<const IN: usize, const OUT: usize> ReadReady for Port<IN, OUT> {
    fn read_ready(&mut self) -> Result<bool, Overrun> {
        Ok(self.0.has_bytes())
    }
}

impl<const IN: usize, const OUT: usize> Write for Port<IN, OUT> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Overrun> {
        Ok(self.0.send(bytes))
    }

    fn flush(&mut self) -> Result<(), Overrun> {
        self.0.flush();
        Ok(())
    }
}

impl<const IN: usize, const OUT: usize> WriteReady for Port<IN, OUT> {
    fn write_ready(&mut self) -> Result<bool, Overrun> {
        Ok(self.0.has_room())
    }
}

impl<const IN: usize, const OUT: usize> embedded_io_async::Read for Port<IN, OUT> {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Overrun> {
        self.0.readable().await;
        Read::read(self, bytes)
    }
}

impl<const IN: usize, const OUT: usize> embedded_io_async::Write for Port<IN, OUT> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Overrun> {
        self.0.writable().await;
        Write::write(self, bytes)
    }

    async fn flush(&mut self) -> Result<(), Overrun> {
        Write::flush(self)
    }
}

impl fmt::Display for Overrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes came faster than they were taken")
    }
}

impl core::error::Error for Overrun {}

impl Error for Overrun {
    fn kind(&self) -> ErrorKind {
        ErrorKind::OutOfMemory
    }
}

#[derive(Clone, Copy)]
struct Interrupt(u16);

// SAFETY: these are the numbers of the machine's UARTs, and they do not change.
unsafe impl InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self.0
    }
}

#[exception]
unsafe fn DefaultHandler(interrupt: i16) {
    match interrupt {
        0 | 1 => CONSOLE.serve(),
        2 | 3 => LINES[0].serve(),
        4 | 5 => LINES[1].serve(),
        18 | 19 => LOG.serve(),
        _ => panic!("interrupt {} is nobody's", interrupt),
    }
}

const DATA: usize = 0x00;
const STATE: usize = 0x04;
const CTRL: usize = 0x08;
const INTERRUPTS: usize = 0x0c;
const BAUDDIV: usize = 0x10;

const TX_FULL: u32 = 1;
const RX_FULL: u32 = 1 << 1;

const TX_ENABLE: u32 = 1;
const RX_ENABLE: u32 = 1 << 1;
const TX_INTERRUPT: u32 = 1 << 2;
const RX_INTERRUPT: u32 = 1 << 3;
