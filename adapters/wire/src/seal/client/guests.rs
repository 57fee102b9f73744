use core::fmt;
use core::time::Duration;

use quorate::Instant;

use super::hello::{CLIENT_HELLO, ClientHello, session_key};
use super::{Guest, Sender};
use crate::seal::key::Purpose;
use crate::seal::session::Session;
use crate::seal::{Key, KeyId, Name, Profile, Ring, Word};
use crate::{Cluster, DecodeError};

/// A node's side of the sealed links to its clients: room for `SESSIONS` sessions. The rules stand in [CLIENTS.md].
///
/// It lives in memory alone. Whoever has no session, or lost it to others, asks for another one. If there is no room, the
/// session in which nothing has opened for longest makes way, but for those of the last two seconds; if all are of these, no
/// session is made. One in which nothing opens for a minute is gone.
///
/// `now` is told by one clock that never goes back, from the same start as the secret.
///
/// [CLIENTS.md]: https://github.com/quorate/quorate/blob/main/tests/spec/CLIENTS.md
pub struct Guests<const SESSIONS: usize> {
    secret: Key,
    /// What frames of the session in the same place begin with: looked through for each frame.
    names: [u32; SESSIONS],
    sessions: [Option<Session<Seated>>; SESSIONS],
}

/// Names a session among those of a node, for as long as the node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionNumber {
    place: u16,
    number: u64,
    id: KeyId,
}

impl SessionNumber {
    /// The number of the key that the session was made with.
    pub fn key(self) -> KeyId {
        self.id
    }
}

/// Whom a session is with.
pub(super) struct Seated {
    guest: Guest,
    /// The challenge that it was made by.
    challenge: u64,
    /// When a frame has opened last.
    heard: Instant,
}

/// A node goes on to the next challenge after so long.
const CHALLENGE: Duration = Duration::from_secs(1);

/// A session in which nothing opens for so long is forgotten.
pub(super) const IDLE: Duration = Duration::from_secs(60);

const _: () = assert!(IDLE.as_secs() > 2 * CHALLENGE.as_secs(), "what is forgotten could be made once more");

impl<const SESSIONS: usize> Guests<SESSIONS> {
    const ROOM: () = assert!(SESSIONS <= 1 << 16, "a session's place is named by 16 bits");

    /// Nobody yet. The secret is drawn at each start, from a good generator of random numbers.
    pub fn new(secret: Key) -> Guests<SESSIONS> {
        let () = Self::ROOM;
        Guests { secret, names: [0; SESSIONS], sessions: [const { None }; SESSIONS] }
    }

    /// Takes a Hello of a client, if `admits` says so of its name: what it is answered with, if with anything. A question is
    /// answered, and nothing is kept of it; a last word makes a session, if it is of this second or the one before.
    ///
    /// # Errors
    /// Why the frame is to be dropped: [`DecodeError::Sealed`] if the ring has no such key, or the client is not admitted.
    pub fn hear<const KEYS: usize>(
        &mut self,
        frame: &[u8],
        cluster: Cluster,
        ring: &Ring<KEYS>,
        now: Instant,
        admits: impl FnOnce(Name) -> bool,
    ) -> Result<Option<[u8; CLIENT_HELLO]>, DecodeError> {
        let key_of = |id: KeyId, guest: Guest| {
            let key = ring.key(id).ok_or(DecodeError::Sealed(id.number()))?;
            Ok(key.for_client(cluster, guest.name, guest.rights))
        };
        let (hello, key) = ClientHello::decode(frame, cluster, key_of)?;
        if !admits(hello.guest.name) {
            return Err(DecodeError::Sealed(hello.id.number()));
        }
        let present = challenge(now);
        match hello.word {
            Word::Ask(client) => {
                let word = Word::Answer(self.number(&hello, client, present), client);
                Ok(ClientHello { word, ..hello }.encode(&key, cluster))
            }
            Word::Done(client, mine) => {
                let recent = [Some(present), present.checked_sub(1)].into_iter().flatten();
                let made_by = recent.into_iter().find(|made_by| self.number(&hello, client, *made_by) == mine);
                if let Some(challenge) = made_by.filter(|_| !self.have(client, mine)) {
                    let secret = session_key(&key, cluster, (client, mine));
                    let with = Seated { guest: hello.guest, challenge, heard: now };
                    self.seat(Session::new(secret, hello.id, with, (mine, client), true), now);
                }
                Ok(None)
            }
            Word::Answer(..) => Err(DecodeError::Class(frame.get(1).copied().unwrap_or_default())),
        }
    }

    /// No session under this key is used any longer: it was removed from the ring. What was said by the challenges until now
    /// makes no session any more: the same key may come back.
    pub fn revoke(&mut self, id: KeyId) {
        self.secret = self.secret.derive(Purpose::Challenge, [id.number(), u8::MAX, 0], u64::MAX, &[[0; 2]; 2]);
        self.sessions.iter_mut().for_each(|place| drop(place.take_if(|session| session.id == id)));
    }

    /// The session to seal a reply under, and the frame's counter. None if it has made way, or has sealed all that it may.
    pub(super) fn sealing(
        &mut self,
        SessionNumber { place, number, .. }: SessionNumber,
    ) -> Option<(&Session<Seated>, u64)> {
        let session = self.sessions.get_mut(usize::from(place))?.as_mut().filter(|session| session.mine == number)?;
        let counter = session.next_counter()?;
        Some((session, counter))
    }

    /// Opens a frame of a client: of which session, which client, by which number of its own, and how long the body is.
    pub(super) fn open(
        &mut self,
        now: Instant,
        (name, low): (u32, &[u8]),
        header: &[u8],
        sealed: &mut [u8],
    ) -> Result<(SessionNumber, Guest, u64, usize), DecodeError> {
        let mut refusal = DecodeError::Session;
        let seats = (0..).zip(self.names.iter().zip(&mut self.sessions));
        for (place, (_, seat)) in seats.filter(|(_, (found, _))| **found == name) {
            seat.take_if(|session| now.saturating_since(session.with.heard) > IDLE);
            let Some(session) = seat else { continue };
            match session.open(Profile::Full, Sender::Client as u8, low, header, sealed) {
                Ok(length) => {
                    session.with.heard = now;
                    return Ok((
                        SessionNumber { place, number: session.mine, id: session.id },
                        session.with.guest,
                        session.yours,
                        length,
                    ));
                }
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    /// This side's number to the client's, by this challenge: who has not heard it does not guess it.
    fn number(&self, hello: &ClientHello, client: u64, challenge: u64) -> u64 {
        let ClientHello { id, guest: Guest { name, rights }, .. } = hello;
        let [low, high] = name.halves();
        let places = [id.number(), *rights as u8, 0];
        let made = self.secret.derive(Purpose::Challenge, places, challenge, &[[low, high], [client, 0]]);
        made.expose().first_chunk().map_or(0, |number| u64::from_le_bytes(*number))
    }

    /// Whether there is a session of these numbers.
    fn have(&self, client: u64, mine: u64) -> bool {
        self.sessions.iter().flatten().any(|session| (session.yours, session.mine) == (client, mine))
    }

    /// Gives a session a place, if there is any: one that was made by a challenge that still holds stays, as whoever has
    /// heard what was said with it could have it made once more.
    fn seat(&mut self, session: Session<Seated>, now: Instant) {
        let present = challenge(now);
        let rank = |seat: &Option<Session<Seated>>| match seat {
            None => Some(Instant::START),
            Some(session) => (session.with.challenge + 1 < present).then_some(session.with.heard),
        };
        let ranked = self.sessions.iter().enumerate().filter_map(|(place, seat)| Some((rank(seat)?, place)));
        let Some((_, place)) = ranked.min() else { return };
        if let Some((seat, name)) = self.sessions.get_mut(place).zip(self.names.get_mut(place)) {
            *name = frame_name(&session, session.mine);
            *seat = Some(session);
        }
    }
}

/// What the frames of a session begin with, behind the class.
pub(super) fn frame_name<With>(session: &Session<With>, node: u64) -> u32 {
    (node as u32) << 8 | u32::from(session.mark())
}

/// Which challenge a node has now.
fn challenge(now: Instant) -> u64 {
    now.as_micros() / CHALLENGE.as_micros() as u64
}

impl<const SESSIONS: usize> fmt::Debug for Guests<SESSIONS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guests").field("sessions", &self.sessions.iter().flatten().count()).finish_non_exhaustive()
    }
}
