use embedded_io::{Read, ReadReady, Write, WriteReady};
use embedded_storage::nor_flash::NorFlash;
use quorate::Instant;

use crate::{App, Fault, Station, Stop};

/// Moves bytes between a port and a line of the station, as many as the port has and takes at once: it never blocks, so
/// a super-loop can call it for one port after the other, and then give the station its [`turn`](Station::turn).
/// Whether a byte was moved: if not, and the station's deadline has not come, the processor may sleep until an
/// interrupt.
///
/// A port without [`WriteReady`] cannot say whether a write would block. Write what [`Station::drain`] gives to it from
/// its interrupt, or byte by byte when its transmit register is empty.
///
/// # Errors
/// The station has stopped. What the port complains of is counted as [`Fault::Port`].
pub fn pump<A, F, B, P, const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize>(
    station: &mut Station<A, F, B, SEATS, LINES, FRAME, CLIENTS>,
    line: usize,
    port: &mut P,
    now: Instant,
) -> Result<bool, Stop>
where
    A: App,
    F: NorFlash,
    B: AsRef<[u8]> + AsMut<[u8]>,
    P: Read + ReadReady + Write + WriteReady,
{
    let mut has_moved = false;
    // A line that never falls silent leaves the others their turn.
    for _ in 0..READS_MAX {
        let mut bytes = [0; CHUNK];
        match receive(port, &mut bytes) {
            Ok(0) => break,
            Ok(length) => {
                has_moved = true;
                // A port cannot have read more than there was room for.
                let Some(read) = bytes.get(..length) else {
                    station.fault(line, Fault::Port);
                    break;
                };
                station.feed(now, line, read)?;
            }
            Err(_) => {
                station.fault(line, Fault::Port);
                break;
            }
        }
    }
    loop {
        match send(port, station.drain(line)) {
            Ok(0) => return Ok(has_moved),
            Ok(length) => {
                has_moved = true;
                station.drained(line, length);
            }
            Err(_) => {
                station.fault(line, Fault::Port);
                return Ok(has_moved);
            }
        }
    }
}

fn receive<P: Read + ReadReady>(port: &mut P, bytes: &mut [u8]) -> Result<usize, P::Error> {
    if port.read_ready()? { port.read(bytes) } else { Ok(0) }
}

fn send<P: Write + WriteReady>(port: &mut P, bytes: &[u8]) -> Result<usize, P::Error> {
    if !bytes.is_empty() && port.write_ready()? { port.write(bytes) } else { Ok(0) }
}

/// So many bytes are taken from a port at once, and so many times in a row.
const CHUNK: usize = 32;
const READS_MAX: usize = 16;
