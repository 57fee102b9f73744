use quorate::crc32c;

/// Bytes of a segment as FORMAT.md describes them, made here a second time, from the text: a sound segment around a
/// payload that no writer would make.
pub(crate) struct Segment {
    bytes: Vec<u8>,
    end: usize,
    batches: u64,
}

const SECTOR: usize = 512;
const STAMP: u8 = 0xb5;

impl Segment {
    /// The first segment of seat 1 of cluster 7.
    pub(crate) fn first(length: usize) -> Segment {
        let mut bytes = vec![0; length];
        bytes[0..8].copy_from_slice(b"quorate\n");
        bytes[8] = 1;
        bytes[12] = 1;
        bytes[16] = 7;
        bytes[32] = 1;
        bytes[40] = 1;
        bytes[48..56].copy_from_slice(&(length as u64).to_le_bytes());
        let check = crc32c(&bytes[..60]);
        bytes[60..64].copy_from_slice(&check.to_le_bytes());
        Segment { bytes, end: SECTOR, batches: 0 }
    }

    /// Adds a batch with this payload, if there is room.
    pub(crate) fn push(&mut self, payload: &[u8]) {
        let mut batch = Vec::new();
        batch.extend_from_slice(b"qbat");
        batch.extend_from_slice(&crc32c(payload).to_le_bytes());
        batch.extend_from_slice(&(self.batches + 1).to_le_bytes());
        batch.extend_from_slice(&(payload.len() as u64).to_le_bytes());
        let place = [&batch[..], &self.bytes[60..64], &(self.end as u64).to_le_bytes()].concat();
        batch.extend_from_slice(&crc32c(&place).to_le_bytes());
        batch.extend_from_slice(payload);
        let sectors = batch.chunks(SECTOR - 1);
        if self.end + sectors.len() * SECTOR > self.bytes.len() {
            return;
        }
        for part in sectors {
            self.bytes[self.end..][..part.len()].copy_from_slice(part);
            self.bytes[self.end + SECTOR - 1] = STAMP;
            self.end += SECTOR;
        }
        self.batches += 1;
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
