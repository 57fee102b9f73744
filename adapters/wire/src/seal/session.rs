use chacha20::cipher::StreamCipherCore;
use chacha20::cipher::inout::InOutBuf;
use chacha20::variants::Ietf;
use chacha20::{ChaChaCore, KeyIvInit, R20};
use ctutils::CtEq;
use poly1305::Poly1305;
use poly1305::universal_hash::{KeyInit, UniversalHash};
use zeroize::Zeroize;

use super::window::Window;
use super::{Key, KeyId};
use crate::DecodeError;

/// How long a tag is, in bytes.
pub(super) const TAG: usize = 16;

/// From so many frames on, another session is asked for.
pub(super) const SESSION_FRAMES: u64 = 1 << 32;

/// A session seals no more frames than this.
pub(super) const SESSION_FRAMES_MAX: u64 = 1 << 40;

/// What two sides have made of a number of either: a key that nobody else has, and which counters were used.
pub(super) struct Session<With> {
    key: Key,
    /// Which key of the ring it was made with.
    pub(super) id: KeyId,
    /// Whom it is with.
    pub(super) with: With,
    /// This side's number.
    pub(super) mine: u64,
    /// The other side's.
    pub(super) yours: u64,
    /// How many frames were sealed: the counter of the next one.
    sent: u64,
    window: Window,
    /// The other side has it too.
    pub(super) is_confirmed: bool,
}

impl<With> Session<With> {
    /// A session with this key, made of these numbers.
    pub(super) fn new(key: Key, id: KeyId, with: With, (mine, yours): (u64, u64), is_confirmed: bool) -> Session<With> {
        Session { key, id, with, mine, yours, sent: 0, window: Window::default(), is_confirmed }
    }

    /// What tells it from the one before or after it, in each frame: the number of the ring's key, and four bits of its
    /// own.
    pub(super) fn mark(&self) -> u8 {
        let bits = (self.mine ^ self.yours).to_le_bytes().into_iter().fold(0, |all, byte| all ^ byte);
        self.id.number() | (bits ^ bits << 4) & 0xf0
    }

    /// Whether another one is due: it has sealed much, or another key is used by now.
    pub(super) fn is_due(&self, used: KeyId) -> bool {
        self.sent >= SESSION_FRAMES || self.id != used
    }

    /// The counter of the next frame, which no other frame has. None once it has sealed all that it may.
    pub(super) fn next_counter(&mut self) -> Option<u64> {
        let counter = self.sent;
        (counter < SESSION_FRAMES_MAX).then(|| {
            self.sent += 1;
            counter
        })
    }

    /// Seals the body in place. What is before it goes into the tag.
    pub(super) fn seal(&self, from: u8, counter: u64, header: &[u8], body: &mut [u8]) -> Option<[u8; TAG]> {
        seal(&self.key, from, counter, header, body)
    }

    /// Opens the body of a frame in place, once.
    pub(super) fn open(&mut self, from: u8, low: u32, header: &[u8], sealed: &mut [u8]) -> Result<usize, DecodeError> {
        let counter = self.window.counter(low);
        if !self.window.takes(counter) {
            return Err(DecodeError::Repeated);
        }
        let length = open(&self.key, from, counter, header, sealed)?;
        self.window.mark(counter);
        Ok(length)
    }

    #[cfg(test)]
    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// As if it had sealed so many frames.
    #[cfg(test)]
    pub(super) fn skip_to(&mut self, sent: u64) {
        self.sent = sent;
    }
}

/// ChaCha20-Poly1305 (RFC 8439), in place: the tag. No two bodies are sealed with the same key, sender and counter.
pub(super) fn seal(key: &Key, from: u8, counter: u64, header: &[u8], body: &mut [u8]) -> Option<[u8; TAG]> {
    let (stream, mac) = begin(key, from, counter);
    stream.try_apply_keystream_partial(InOutBuf::from(&mut *body)).ok()?;
    Some(tag(mac, header, body))
}

/// The length of the body, which stands in front of its tag; the tag is looked at in a time that does not depend on it.
pub(super) fn open(key: &Key, from: u8, counter: u64, header: &[u8], sealed: &mut [u8]) -> Result<usize, DecodeError> {
    let (body, expected) = sealed.split_last_chunk_mut::<TAG>().ok_or(DecodeError::Length)?;
    let (stream, mac) = begin(key, from, counter);
    if !tag(mac, header, body).ct_eq(expected).to_bool() {
        return Err(DecodeError::Tag);
    }
    let length = body.len();
    stream.try_apply_keystream_partial(InOutBuf::from(body)).map_err(|_| DecodeError::Length)?;
    Ok(length)
}

/// The stream from its second block on, and what its first one makes.
fn begin(key: &Key, from: u8, counter: u64) -> (ChaChaCore<R20, Ietf>, Poly1305) {
    let mut stream = ChaChaCore::<R20, Ietf>::new(key.expose().into(), &nonce(from, counter).into());
    let mut block = [0; 64].into();
    stream.write_keystream_block(&mut block);
    let mut first = [0; 32];
    first.iter_mut().zip(block.iter()).for_each(|(to, byte)| *to = *byte);
    let mac = Poly1305::new(&first.into());
    block.zeroize();
    first.zeroize();
    (stream, mac)
}

/// Of the header and the sealed body, each filled up with zeros, and their lengths.
fn tag(mut mac: Poly1305, header: &[u8], body: &[u8]) -> [u8; TAG] {
    mac.update_padded(header);
    mac.update_padded(body);
    let lengths = (body.len() as u128) << 64 | header.len() as u128;
    mac.update(&[lengths.to_le_bytes().into()]);
    mac.finalize().into()
}

fn nonce(from: u8, counter: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    let (sender, count) = nonce.split_at_mut(4);
    sender.copy_from_slice(&[from, 0, 0, 0]);
    count.copy_from_slice(&counter.to_le_bytes());
    nonce
}

#[cfg(test)]
mod tests {
    use chacha20poly1305::aead::KeyInit as AeadKeyInit;
    use chacha20poly1305::{AeadInOut, ChaCha20Poly1305};
    use proptest::prelude::*;

    use super::*;

    /// Section 2.8.2 of RFC 8439, whose nonce is one of ours: of seat 7, and the counter in it.
    #[test]
    fn a_body_is_sealed_as_the_rfc_says() {
        let key = Key::new(core::array::from_fn(|at| 0x80 + at as u8));
        let text = *b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
        let header = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7];
        let counter = u64::from_le_bytes([0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47]);
        let mut frame = [0; 114 + TAG];
        frame[..114].copy_from_slice(&text);
        let tag = seal(&key, 7, counter, &header, &mut frame[..114]).expect("it is short");
        frame[114..].copy_from_slice(&tag);
        let start = [0xd3, 0x1a, 0x8d, 0x34, 0x64, 0x8e, 0x60, 0xdb];
        let expected = [0x1a, 0xe1, 0x0b, 0x59, 0x4f, 0x09, 0xe2, 0x6a, 0x7e, 0x90, 0x2e, 0xcb, 0xd0, 0x60, 0x06, 0x91];
        assert_eq!((&frame[..8], tag), (&start[..], expected));
        assert_eq!(open(&key, 7, counter + 1, &header, &mut frame), Err(DecodeError::Tag));
        assert_eq!(open(&key, 7, counter, &header, &mut frame), Ok(114));
        assert_eq!(frame[..114], text);
    }

    proptest! {
        #[test]
        fn a_body_is_sealed_as_another_one_does_it(
            bytes in any::<[u8; Key::BYTES]>(),
            counter in any::<u64>(),
            header in prop::collection::vec(any::<u8>(), 0..40),
            body in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let cipher = <ChaCha20Poly1305 as AeadKeyInit>::new(&bytes.into());
            let mut expected = body.clone();
            let tag = cipher.encrypt_inout_detached(&nonce(3, counter).into(), &header, (&mut expected[..]).into());
            let mut sealed = body.clone();
            let found = seal(&Key::new(bytes), 3, counter, &header, &mut sealed);
            prop_assert_eq!((found, &sealed), (tag.ok().map(Into::into), &expected));
            sealed.extend(found.expect("it is short"));
            prop_assert_eq!(open(&Key::new(bytes), 3, counter, &header, &mut sealed), Ok(body.len()));
            prop_assert_eq!(&sealed[..body.len()], body);
        }
    }
}
