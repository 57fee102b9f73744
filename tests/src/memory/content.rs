use fastrand::Rng;

/// What a device writes on its own, in whatever order.
const SECTOR: usize = 512;

/// The bytes of one file.
#[derive(Debug, Default)]
pub(super) struct Content {
    seen: Vec<u8>,
    durable: Vec<u8>,
    /// Writes that no sync has followed, in their order.
    pending: Vec<Write>,
    /// A sync has failed, so that what is seen may not be durable though no write is pending.
    is_doubtful: bool,
}

#[derive(Debug)]
struct Write {
    offset: usize,
    bytes: Vec<u8>,
}

/// What arrived of the writes that were not synced.
#[derive(Clone, Copy)]
enum Fate {
    Nothing,
    All,
    /// The first ones, and a part of the next one from the front.
    Front,
    /// Any choice of sectors, each in whole or in part.
    Mix,
}

impl Content {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.seen
    }

    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        overwrite(&mut self.seen, offset, bytes);
        self.pending.push(Write { offset, bytes: bytes.to_vec() });
    }

    /// Bytes beyond the length that is durable are not made so.
    pub(super) fn sync(&mut self) {
        let length = self.durable.len();
        for write in &self.pending {
            let count = length.saturating_sub(write.offset).min(write.bytes.len());
            overwrite(&mut self.durable, write.offset, &write.bytes[..count]);
        }
        self.pending.retain(|write| write.offset + write.bytes.len() > length);
    }

    pub(super) fn sync_all(&mut self) {
        for write in self.pending.drain(..) {
            overwrite(&mut self.durable, write.offset, &write.bytes);
        }
    }

    /// Some of it arrived, and the system takes all of it for written: no later sync writes it again.
    pub(super) fn fail_to_sync(&mut self, rng: &mut Rng) {
        self.is_doubtful = true;
        let fates = [Fate::Nothing, Fate::All, Fate::Front, Fate::Mix, Fate::Mix];
        let fate = fates[rng.usize(..fates.len())];
        let cut = rng.usize(..=self.pending.len());
        for (place, write) in std::mem::take(&mut self.pending).into_iter().enumerate() {
            let length = write.bytes.len();
            match fate {
                Fate::All => self.arrive(&write, 0, length),
                Fate::Front if place < cut => self.arrive(&write, 0, length),
                Fate::Front if place == cut => self.arrive(&write, 0, rng.usize(..=length)),
                Fate::Mix => self.mix(&write, rng),
                Fate::Front | Fate::Nothing => {}
            }
        }
    }

    /// Only what is durable is left, and some of what was written last.
    pub(super) fn cut_power(&mut self, rng: &mut Rng) {
        if self.is_doubtful || !self.pending.is_empty() {
            self.fail_to_sync(rng);
            self.seen.clone_from(&self.durable);
            self.is_doubtful = false;
        }
    }

    pub(super) fn flip(&mut self, byte: usize, bit: u32) {
        self.seen[byte] ^= 1 << bit;
        self.durable[byte] ^= 1 << bit;
    }

    fn mix(&mut self, write: &Write, rng: &mut Rng) {
        let end = write.bytes.len();
        let mut from = 0;
        while from < end {
            let to = end.min((write.offset + from) / SECTOR * SECTOR + SECTOR - write.offset);
            match rng.u8(..3) {
                0 => {}
                1 => self.arrive(write, from, to),
                _ => self.arrive(write, from, rng.usize(from..=to)),
            }
            from = to;
        }
    }

    /// These bytes of a write are durable.
    fn arrive(&mut self, write: &Write, from: usize, to: usize) {
        overwrite(&mut self.durable, write.offset + from, &write.bytes[from..to]);
    }
}

/// Writes into a file, which grows if it is shorter.
fn overwrite(file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let end = offset + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[offset..end].copy_from_slice(bytes);
}
