use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};

/// How much is read or written at once.
const BUFFER: usize = 1 << 18;

/// Numbers in a file that nobody else sees, written and then read from the front. Small ones take a byte.
pub(crate) struct Tape {
    file: BufWriter<File>,
    bytes: u64,
}

/// A tape from its front.
pub(crate) struct Reading(BufReader<File>);

impl Tape {
    pub(crate) fn new() -> io::Result<Tape> {
        Ok(Tape { file: BufWriter::with_capacity(BUFFER, tempfile::tempfile()?), bytes: 0 })
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn put(&mut self, number: u32) -> io::Result<()> {
        let mut rest = number;
        let mut bytes = [0; 5];
        let mut used = 0;
        loop {
            let more = rest > 0x7f;
            bytes[used] = (rest & 0x7f) as u8 | u8::from(more) << 7;
            rest >>= 7;
            used += 1;
            if !more {
                self.bytes += used as u64;
                return self.file.write_all(&bytes[..used]);
            }
        }
    }

    /// From its front; nothing is written while that is read.
    pub(crate) fn read(&mut self) -> io::Result<Reading> {
        self.file.flush()?;
        let mut file = self.file.get_ref().try_clone()?;
        file.rewind()?;
        Ok(Reading(BufReader::with_capacity(BUFFER, file)))
    }
}

impl Reading {
    pub(crate) fn get(&mut self) -> io::Result<u32> {
        let mut number = 0;
        for shift in (0..32).step_by(7) {
            let byte = *self.0.fill_buf()?.first().ok_or(io::ErrorKind::UnexpectedEof)?;
            self.0.consume(1);
            number |= u32::from(byte & 0x7f) << shift;
            if byte <= 0x7f {
                break;
            }
        }
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let numbers = [0, 1, 127, 128, 300, 16_383, 16_384, u32::MAX - 1, u32::MAX];
        let mut tape = Tape::new().unwrap();
        numbers.iter().for_each(|number| tape.put(*number).unwrap());
        assert_eq!(tape.bytes(), 1 + 1 + 1 + 2 + 2 + 2 + 3 + 5 + 5);
        let mut reading = tape.read().unwrap();
        numbers.iter().for_each(|number| assert_eq!(reading.get().unwrap(), *number));
        assert!(reading.get().is_err());
    }
}
