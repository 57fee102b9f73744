/// What is on its way: for each member, frames one behind the other, each behind its length.
pub(crate) struct Net {
    queues: Vec<Vec<u8>>,
    /// The queue that is being read.
    spare: Vec<u8>,
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

/// Where a member puts what it has to say.
pub struct Post<'n>(&'n mut Net);

/// What has come for a member.
pub struct Inbox<'n>(&'n [u8]);

impl Net {
    pub(crate) fn new(members: usize) -> Net {
        Net { queues: vec![Vec::new(); members], spare: Vec::new(), messages: 0, bytes: 0 }
    }

    pub(crate) fn has_nothing_for(&self, member: usize) -> bool {
        self.queues[member].is_empty()
    }

    /// Shows a member what has come for it, and takes what it says.
    pub(crate) fn visit(&mut self, member: usize, turn: impl FnOnce(Inbox<'_>, &mut Post<'_>)) {
        let mut read = std::mem::take(&mut self.spare);
        std::mem::swap(&mut read, &mut self.queues[member]);
        turn(Inbox(&read), &mut Post(self));
        read.clear();
        self.spare = read;
    }
}

impl Post<'_> {
    /// Sends a frame, as a socket would: it is copied.
    pub fn send(&mut self, to: usize, frame: &[u8]) {
        let Net { queues, messages, bytes, .. } = &mut *self.0;
        *messages += 1;
        *bytes += frame.len() as u64;
        queues[to].extend_from_slice(&(frame.len() as u32).to_le_bytes());
        queues[to].extend_from_slice(frame);
    }
}

impl Inbox<'_> {
    /// Whether nothing else has come.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'n> Iterator for Inbox<'n> {
    type Item = &'n [u8];

    fn next(&mut self) -> Option<&'n [u8]> {
        let (length, rest) = self.0.split_first_chunk()?;
        let (frame, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        self.0 = rest;
        Some(frame)
    }
}
