use fastrand::Rng;

/// One direction of a line: carries some bytes at a time, at the pace of its baud rate.
#[derive(Debug)]
pub(super) struct Wire {
    /// Board and line at both ends.
    pub(super) from: (usize, usize),
    pub(super) to: (usize, usize),
    /// What is on the way, and when it is there.
    flying: Option<(u64, Vec<u8>)>,
    is_cut: bool,
    /// It takes no more bytes.
    is_blocked: bool,
    noise: u32,
    /// What it has carried since somebody listens.
    pub(super) heard: Option<Vec<u8>>,
}

/// A port takes so many bytes at once.
pub(super) const FIFO: usize = 16;

impl Wire {
    pub(super) fn new(from: (usize, usize), to: (usize, usize), noise: u32) -> Wire {
        Wire { from, to, flying: None, is_cut: false, is_blocked: false, noise, heard: None }
    }

    pub(super) fn is_free(&self) -> bool {
        self.flying.is_none() && !self.is_blocked
    }

    /// When what is on the way is there.
    pub(super) fn due(&self) -> Option<u64> {
        self.flying.as_ref().map(|(due, _)| *due)
    }

    pub(super) fn cut(&mut self, is_cut: bool) {
        self.is_cut = is_cut;
    }

    pub(super) fn block(&mut self, is_blocked: bool) {
        self.is_blocked = is_blocked;
    }

    pub(super) fn mend(&mut self) {
        (self.is_cut, self.is_blocked) = (false, false);
    }

    pub(super) fn quieten(&mut self) {
        self.noise = 0;
        self.mend();
    }

    /// Takes bytes at a time, a byte's time each.
    pub(super) fn start(&mut self, now: u64, byte_time: u64, bytes: &[u8], rng: &mut Rng) {
        self.heard.iter_mut().for_each(|heard| heard.extend_from_slice(bytes));
        let due = now + byte_time * bytes.len() as u64;
        let mut arriving = Vec::with_capacity(bytes.len());
        for byte in bytes {
            match rng.u8(..) % 3 {
                _ if self.noise == 0 || rng.u32(0..self.noise) > 0 => arriving.push(*byte),
                0 => arriving.push(byte ^ 1 << rng.u8(0..8)),
                1 => arriving.extend([*byte, rng.u8(..)]),
                _ => {}
            }
        }
        if self.is_cut {
            arriving.clear();
            // The loose end of a wire picks up a little of everything.
            if self.noise > 0 && rng.u8(0..8) == 0 {
                arriving.extend([0, rng.u8(..), rng.u8(..)]);
            }
        }
        self.flying = Some((due, arriving));
    }

    /// What has arrived by now.
    pub(super) fn arrived(&mut self, now: u64) -> Option<Vec<u8>> {
        self.flying.take_if(|(due, _)| *due <= now).map(|(_, bytes)| bytes)
    }
}
