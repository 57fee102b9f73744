use super::{HELLO_BITS, REFUSAL_KIND};
use crate::DecodeError;
use crate::frame::{self, VERSION};

/// How long a refusal is, in bytes: version, class, reason, its detail, and what it is about.
pub const REFUSAL: usize = 4 + ABOUT;

/// How much of a frame it repeats.
const ABOUT: usize = 8;

/// The word that a frame of a client was not taken. It has no seal, so anybody may say so; whoever hears it may ask anew, or
/// tell his user, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why: [`Sealed`](DecodeError::Sealed), [`Plain`](DecodeError::Plain), [`Tag`](DecodeError::Tag),
    /// [`Session`](DecodeError::Session) or [`Cluster`](DecodeError::Cluster).
    pub reason: DecodeError,
    /// The end of the frame that was not taken.
    about: [u8; ABOUT],
}

impl Refusal {
    /// That this frame was not taken. None if there is nothing that a client could do about it, or the frame is shorter than
    /// the word would be.
    pub fn of(frame: &[u8], reason: DecodeError) -> Option<Refusal> {
        let is_told = matches!(
            reason,
            DecodeError::Sealed(_)
                | DecodeError::Plain
                | DecodeError::Tag
                | DecodeError::Session
                | DecodeError::Cluster
        );
        let about = frame.last_chunk().filter(|_| is_told && frame.len() >= REFUSAL)?;
        Some(Refusal { reason, about: *about })
    }

    /// Whether it is about this frame: its last 8 bytes are the same.
    pub fn is_about(&self, frame: &[u8]) -> bool {
        frame.ends_with(&self.about)
    }

    /// The refusal's frame.
    pub fn encode(&self) -> [u8; REFUSAL] {
        let detail = if let DecodeError::Sealed(number) = self.reason { number } else { 0 };
        let [a, b, c, d, e, f, g, h] = self.about;
        [VERSION, HELLO_BITS | REFUSAL_KIND, self.reason.index() as u8, detail, a, b, c, d, e, f, g, h]
    }

    /// Reads one.
    ///
    /// # Errors
    /// Why the frame is to be dropped.
    pub fn decode(frame: &[u8]) -> Result<Refusal, DecodeError> {
        let &[version, class, reason, detail, ref about @ ..] = frame else { return Err(DecodeError::Length) };
        let about = about.try_into().map_err(|_| DecodeError::Length)?;
        frame::check_version(version)?;
        if class != HELLO_BITS | REFUSAL_KIND {
            return Err(DecodeError::Class(class));
        }
        let told = [
            DecodeError::Sealed(detail),
            DecodeError::Plain,
            DecodeError::Tag,
            DecodeError::Session,
            DecodeError::Cluster,
        ];
        let reason = told.into_iter().find(|told| told.index() == usize::from(reason)).ok_or(DecodeError::Malformed)?;
        Ok(Refusal { reason, about })
    }
}
