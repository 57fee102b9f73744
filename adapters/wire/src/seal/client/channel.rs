use core::fmt;
use core::time::Duration;

use quorate::Instant;

use super::guests::{IDLE, frame_name};
use super::hello::{CLIENT_HELLO, ClientHello, session_key};
use super::{ClientKey, Sender};
use crate::DecodeError;
use crate::seal::session::Session;
use crate::seal::{Key, Profile, Word};

/// A client's side of the sealed link to a node. The rules stand in [CLIENTS.md].
///
/// [CLIENTS.md]: https://github.com/quorate/quorate/blob/main/tests/spec/CLIENTS.md
#[derive(Default)]
pub struct ClientChannel {
    /// The number that the next session is made with.
    open: Option<u64>,
    session: Option<Session<()>>,
    /// The one before, whose answers may be on their way.
    before: Option<Session<()>>,
    /// Since when a frame is unanswered, if nothing has opened since.
    waits: Option<Instant>,
    /// Whether a frame was not taken, as somebody says.
    is_turned_away: bool,
    /// When this side has asked last.
    asked: Option<Instant>,
    /// When it has sealed last.
    sealed: Option<Instant>,
    /// How often it has asked beside a session, as nothing has opened since.
    others: u8,
}

/// A client that has said nothing for so long takes the node to have forgotten its session.
const SILENT: Duration = Duration::from_secs(50);

const _: () = assert!(SILENT.as_secs() < IDLE.as_secs(), "frames would be sealed under what is forgotten");

/// Who has a session asks for another one after twice as long each time: an answer that takes longer than two sessions would
/// never open. So often is the time doubled if nothing is heard.
const DOUBLED_MAX: u8 = 6;

/// The same, if the node says that it did not take a frame.
const TOLD_DOUBLED_MAX: u8 = 2;

impl ClientChannel {
    /// The question for a session, if it is time for one: there is none, or a frame was not taken, or nothing has opened for
    /// `interval_micros`, in microseconds, since one was sealed.
    ///
    /// A node is asked once in an interval at most; beside a session, after two intervals, and twice as many each time that
    /// nothing opens, up to 128, or 8 if it says that it took nothing. `number` draws a number that this client has never
    /// drawn before, in no process: it is called if none is open.
    pub fn speak(
        &mut self,
        key: &ClientKey,
        now: Instant,
        interval_micros: u64,
        number: impl FnOnce() -> u64,
    ) -> Option<[u8; CLIENT_HELLO]> {
        let interval = Duration::from_micros(interval_micros);
        let doubled = match self.session {
            None => 0,
            Some(_) if self.is_turned_away => 1 + self.others.min(TOLD_DOUBLED_MAX),
            Some(_) if self.waits.is_some_and(|since| now >= since + interval) => 1 + self.others.min(DOUBLED_MAX),
            Some(_) => return None,
        };
        if self.asked.is_some_and(|asked| now < asked + interval * (1 << doubled)) {
            return None;
        }
        (self.asked, self.is_turned_away) = (Some(now), false);
        self.others = self.session.as_ref().map_or(0, |_| self.others.saturating_add(1));
        hello(key, Word::Ask(*self.open.get_or_insert_with(number)))
    }

    /// Takes an answer: what is to be said to it before anything else, if it makes a session. Until something of the node
    /// has opened, it is to be said [again](ClientChannel::done) before each frame.
    pub fn hear(&mut self, frame: &[u8], key: &ClientKey) -> Option<[u8; CLIENT_HELLO]> {
        let own = key.guest();
        let key_of = |id, guest| {
            let is_own = id == key.id && guest == own;
            is_own.then(|| Key::new(*key.key.expose())).ok_or(DecodeError::Destination)
        };
        let (hello, _) = ClientHello::decode(frame, key.cluster, key_of).ok()?;
        let Word::Answer(node, mine) = hello.word else { return None };
        self.open.take_if(|open| *open == mine)?;
        let secret = session_key(&key.key, key.cluster, (mine, node));
        self.before = self.session.replace(Session::new(secret, key.id, (), (mine, node), false));
        (self.waits, self.is_turned_away) = (None, false);
        self.done(key)
    }

    /// What is to be said before a frame: nothing, once the node has shown that it has the session.
    pub fn done(&self, key: &ClientKey) -> Option<[u8; CLIENT_HELLO]> {
        let session = self.session.as_ref().filter(|session| !session.is_confirmed)?;
        hello(key, Word::Done(session.mine, session.yours))
    }

    /// The node says that it has not taken the last frame. It may be anybody who says so: all that it does is to have this
    /// side ask sooner, if it waits for an answer.
    pub fn turned_away(&mut self) {
        self.is_turned_away = self.waits.is_some();
    }

    /// Whether a node's sealed frame is of a session with this node, as its head says: for whoever has several.
    pub fn is_for(&self, frame: &[u8]) -> bool {
        let sessions = self.session.iter().chain(&self.before);
        let name = super::frame::name_of(frame);
        sessions.into_iter().any(|session| Some(frame_name(session, session.yours)) == name)
    }

    /// When it is time to ask, if there is no session: see [`speak`](ClientChannel::speak). Long ago, if there is one.
    pub fn asks_at(&self, interval_micros: u64) -> Instant {
        let asked = self.asked.filter(|_| self.session.is_none());
        asked.map_or(Instant::START, |asked| asked + Duration::from_micros(interval_micros))
    }

    /// Whether there is a session to seal a request under.
    pub fn is_ready(&mut self, key: &ClientKey, now: Instant) -> bool {
        self.usable(key, now).is_some()
    }

    fn usable(&mut self, key: &ClientKey, now: Instant) -> Option<&mut Session<()>> {
        if self.asked.max(self.sealed).is_some_and(|last| now.saturating_since(last) > SILENT) {
            (self.session, self.before) = (None, None);
        }
        self.session.as_mut().filter(|session| session.id == key.id)
    }

    /// The session to seal the next frame under, and the frame's counter.
    pub(super) fn sealing(&mut self, key: &ClientKey, now: Instant) -> Option<(&Session<()>, u64)> {
        let session = self.usable(key, now)?;
        let Some(counter) = session.next_counter() else {
            *self = ClientChannel::default();
            return None;
        };
        self.waits.get_or_insert(now);
        self.sealed = Some(now);
        self.session.as_ref().map(|session| (session, counter))
    }

    /// Opens a frame of the node: how long the body is.
    pub(super) fn open(
        &mut self,
        (name, low): (u32, &[u8]),
        header: &[u8],
        sealed: &mut [u8],
    ) -> Result<usize, DecodeError> {
        let is_meant = |session: &&mut Session<()>| frame_name(session, session.yours) == name;
        let session = self.session.iter_mut().chain(&mut self.before).find(is_meant).ok_or(DecodeError::Session)?;
        let length = session.open(Profile::Full, Sender::Node as u8, low, header, sealed)?;
        session.is_confirmed = true;
        self.before.take_if(|_| self.session.as_ref().is_some_and(|session| session.is_confirmed));
        (self.waits, self.is_turned_away, self.others) = (None, false, 0);
        Ok(length)
    }
}

fn hello(key: &ClientKey, word: Word) -> Option<[u8; CLIENT_HELLO]> {
    ClientHello { id: key.id, guest: key.guest(), word }.encode(&key.key, key.cluster)
}

impl fmt::Debug for ClientChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientChannel")
            .field("is_ready", &self.session.is_some())
            .field("waits", &self.waits)
            .finish_non_exhaustive()
    }
}
