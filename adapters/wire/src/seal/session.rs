use chacha20::cipher::StreamCipherCore;
use chacha20::cipher::inout::InOutBuf;
use chacha20::variants::Ietf;
use chacha20::{ChaChaCore, KeyIvInit, R20};
use ctutils::CtEq;
use poly1305::Poly1305;
use poly1305::universal_hash::{KeyInit, UniversalHash};
use zeroize::Zeroize;

use super::ring::mark_of;
use super::window::Window;
use super::{Key, KeyId, Profile};
use crate::DecodeError;

/// How long a tag is at most, in bytes.
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
    /// This side has asked for it: it was made on an answer.
    pub(super) is_asked: bool,
    /// The other side has it too.
    pub(super) is_confirmed: bool,
}

impl<With> Session<With> {
    /// A session with this key, made of these numbers.
    pub(super) fn new(key: Key, id: KeyId, with: With, (mine, yours): (u64, u64), is_confirmed: bool) -> Session<With> {
        let (sent, window, is_asked) = (0, Window::default(), !is_confirmed);
        Session { key, id, with, mine, yours, sent, window, is_asked, is_confirmed }
    }

    /// What tells it from the one before or after it, in each frame.
    pub(super) fn mark(&self) -> u8 {
        mark_of(self.id, self.mine ^ self.yours)
    }

    /// Whether another one is due: it has sealed much, or it was asked for here, and another key is used by now. Each side asks
    /// under the key that it uses itself, so two that use different ones would ask for another session in turn without end.
    pub(super) fn is_due(&self, used: KeyId) -> bool {
        self.sent >= SESSION_FRAMES || self.is_asked && self.id != used
    }

    /// The counter of the next frame, which no other frame has. None once it has sealed all that it may.
    pub(super) fn next_counter(&mut self) -> Option<u64> {
        let counter = self.sent;
        (counter < SESSION_FRAMES_MAX).then(|| {
            self.sent += 1;
            counter
        })
    }

    /// Opens the body of a frame in place, once. `low` is what the frame has of its counter.
    pub(super) fn open(
        &mut self,
        profile: Profile,
        from: u8,
        low: &[u8],
        header: &[u8],
        sealed: &mut [u8],
    ) -> Result<usize, DecodeError> {
        let counter = self.window.counter(low);
        if !self.window.takes(counter) {
            return Err(DecodeError::Repeated);
        }
        let length = open(&self.key, profile, (from, counter), header, sealed)?;
        self.window.mark(counter);
        Ok(length)
    }

    /// What its frames are sealed under.
    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// As if it had sealed so many frames.
    #[cfg(test)]
    pub(super) fn skip_to(&mut self, sent: u64) {
        self.sent = sent;
    }
}

/// ChaCha20-Poly1305 (RFC 8439), in place: the tag, of which a frame has as much as its profile says. No two bodies are
/// sealed with the same key, sender and counter.
pub(super) fn seal(
    key: &Key,
    profile: Profile,
    (from, counter): (u8, u64),
    header: &[u8],
    body: &mut [u8],
) -> Option<[u8; TAG]> {
    let start = Start::of(key, from, counter);
    start.stream.try_apply_keystream_partial(InOutBuf::from(&mut *body)).ok()?;
    Some(tag(start.mac, &start.shortener, profile, header, body))
}

/// The length of the body, which stands in front of its tag; the tag is looked at in a time that does not depend on it.
pub(super) fn open(
    key: &Key,
    profile: Profile,
    (from, counter): (u8, u64),
    header: &[u8],
    sealed: &mut [u8],
) -> Result<usize, DecodeError> {
    let length = sealed.len().checked_sub(profile.tag()).ok_or(DecodeError::Length)?;
    let (body, expected) = sealed.split_at_mut_checked(length).ok_or(DecodeError::Length)?;
    let Start { stream, mac, shortener } = Start::of(key, from, counter);
    let tag = tag(mac, &shortener, profile, header, body);
    if !tag.get(..expected.len()).is_some_and(|tag| tag.ct_eq(expected).to_bool()) {
        return Err(DecodeError::Tag);
    }
    stream.try_apply_keystream_partial(InOutBuf::from(body)).map_err(|_| DecodeError::Length)?;
    Ok(length)
}

/// What a key and a counter make before anything is sealed.
struct Start {
    /// From the second block on.
    stream: ChaChaCore<R20, Ietf>,
    /// Of the first half of the first block.
    mac: Poly1305,
    /// The second half, which the RFC leaves: a key for one tag alone.
    shortener: Key,
}

impl Start {
    fn of(key: &Key, from: u8, counter: u64) -> Start {
        let mut stream = ChaChaCore::<R20, Ietf>::new(key.expose().into(), &nonce(from, counter).into());
        let mut block = [0; 64].into();
        stream.write_keystream_block(&mut block);
        let mut halves = [[0; 32]; 2];
        halves.iter_mut().flatten().zip(block.iter()).for_each(|(to, byte)| *to = *byte);
        let [first, second] = halves;
        let start = Start { stream, mac: Poly1305::new(&first.into()), shortener: Key::new(second) };
        block.zeroize();
        halves.zeroize();
        start
    }
}

/// Of the header and the sealed body, each filled up with zeros, and their lengths.
///
/// A part of that tag would be easier to forge than its length says: with a zero behind the body, its first 8 bytes change by one of
/// 2^52 values. So where a part is to do, it is one of what a key of this frame alone makes of the tag.
fn tag(mut mac: Poly1305, shortener: &Key, profile: Profile, header: &[u8], body: &[u8]) -> [u8; TAG] {
    mac.update_padded(header);
    mac.update_padded(body);
    let lengths = (body.len() as u128) << 64 | header.len() as u128;
    mac.update(&[lengths.to_le_bytes().into()]);
    let tag = mac.finalize().into();
    match profile {
        Profile::Full => tag,
        Profile::Bus => shortener.step(&tag).tag(),
    }
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
    extern crate std;

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
        let full = Profile::Full;
        let tag = seal(&key, full, (7, counter), &header, &mut frame[..114]).expect("it is short");
        frame[114..].copy_from_slice(&tag);
        let start = [0xd3, 0x1a, 0x8d, 0x34, 0x64, 0x8e, 0x60, 0xdb];
        let expected = [0x1a, 0xe1, 0x0b, 0x59, 0x4f, 0x09, 0xe2, 0x6a, 0x7e, 0x90, 0x2e, 0xcb, 0xd0, 0x60, 0x06, 0x91];
        assert_eq!((&frame[..8], tag), (&start[..], expected));
        assert_eq!(open(&key, full, (7, counter + 1), &header, &mut frame), Err(DecodeError::Tag));
        assert_eq!(open(&key, full, (7, counter), &header, &mut frame), Ok(114));
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
            let found = seal(&Key::new(bytes), Profile::Full, (3, counter), &header, &mut sealed);
            prop_assert_eq!((found, &sealed), (tag.ok().map(Into::into), &expected));
            sealed.extend(found.expect("it is short"));
            prop_assert_eq!(open(&Key::new(bytes), Profile::Full, (3, counter), &header, &mut sealed), Ok(body.len()));
            prop_assert_eq!(&sealed[..body.len()], body);
        }

        /// Poly1305 with a zero more behind the body makes a tag whose first 8 bytes are told beforehand once in 2^52 tries: by the
        /// upper part of its key's first half, which stands here as it would be guessed.
        #[test]
        fn a_short_tag_is_as_hard_to_forge_as_it_is_long(
            bytes in any::<[u8; Key::BYTES]>(),
            counter in any::<u64>(),
            body in prop::collection::vec(any::<u8>(), 1..15),
        ) {
            let (key, place, header) = (Key::new(bytes), (3, counter), [7; 7]);
            let mut sealed = body.clone();
            let tag = seal(&key, Profile::Bus, place, &header, &mut sealed).expect("it is short");
            let mut stream = ChaChaCore::<R20, Ietf>::new(key.expose().into(), &nonce(3, counter).into());
            let mut block = [0; 64].into();
            stream.write_keystream_block(&mut block);
            let upper: [u8; 8] = core::array::from_fn(|at| block[8 + at]);
            let guessed = (u64::from_le_bytes(upper) & 0x0fff_fffc_0fff_fffc) >> 2;
            let low = |tag: [u8; TAG]| tag.first_chunk().map(|low| u64::from_le_bytes(*low)).expect("it is longer");
            let forged = [guessed, guessed + 1].map(|guess| low(tag).wrapping_add(guess.wrapping_mul(5)).to_le_bytes());
            let opens = |tag: &[u8; 8]| {
                let mut frame = [&sealed[..], &[0], tag].concat();
                open(&key, Profile::Bus, place, &header, &mut frame).is_ok()
            };
            prop_assert!(!forged.iter().any(opens));
            let mut frame = [&sealed[..], &tag[..8]].concat();
            prop_assert_eq!(open(&key, Profile::Bus, place, &header, &mut frame), Ok(body.len()));
            prop_assert_eq!(&frame[..body.len()], body);
        }
    }
}
