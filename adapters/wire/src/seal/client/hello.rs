use ctutils::CtEq;

use super::Guest;
use crate::fields::{self, Fields};
use crate::frame::{self, VERSION};
use crate::seal::key::Purpose;
use crate::seal::session::TAG;
use crate::seal::{CLIENT_KIND, HELLO_BITS, Key, KeyId, Name, Rights, Word};
use crate::{Cluster, DecodeError};

/// How long a Hello between client and node is, in bytes: each as long as its answer. Version, class, key and rights; name; the
/// two numbers; the tag.
pub const CLIENT_HELLO: usize = 3 + Name::BYTES_MAX + 2 * 8 + TAG;

/// What clients and nodes say to each other to come to a session.
#[derive(Clone, Copy)]
pub(super) struct ClientHello {
    pub(super) id: KeyId,
    pub(super) guest: Guest,
    pub(super) word: Word,
}

impl ClientHello {
    pub(super) fn encode(&self, key: &Key, cluster: Cluster) -> Option<[u8; CLIENT_HELLO]> {
        let ClientHello { id, guest: Guest { name, rights }, word } = self;
        let (kind, mine, yours) = word.parts();
        let mut frame = [0; CLIENT_HELLO];
        let head = [VERSION, HELLO_BITS | (CLIENT_KIND + kind), id.number() | (*rights as u8) << 4];
        let filled = frame::fill(&mut frame, 0, 0, |out| {
            fields::raw(out, &head)?;
            fields::raw(out, name.bytes())?;
            [mine, yours].into_iter().try_for_each(|number| fields::random(out, number))?;
            fields::raw(out, &tag(key, cluster, *word))
        });
        filled.ok().map(|_| frame)
    }

    /// Reads a Hello whose key is what `key_of` makes of its number and its client.
    pub(super) fn decode(
        frame: &[u8],
        cluster: Cluster,
        key_of: impl FnOnce(KeyId, Guest) -> Result<Key, DecodeError>,
    ) -> Result<(ClientHello, Key), DecodeError> {
        let frame: &[u8; CLIENT_HELLO] = frame.try_into().map_err(|_| DecodeError::Length)?;
        let (covered, check) = frame.split_at(CLIENT_HELLO - TAG);
        let mut fields = Fields::of(covered);
        frame::check_version(fields.byte())?;
        let (class, key, name) = (fields.byte(), fields.byte(), fields.array());
        let (mine, yours) = (fields.random(), fields.random());
        let kind = class.checked_sub(HELLO_BITS | CLIENT_KIND).ok_or(DecodeError::Class(class))?;
        let word = Word::of((kind, mine, yours)).ok_or(DecodeError::Malformed)?;
        let (name, rights) = Name::of(name).zip(Rights::of(key >> 4)).ok_or(DecodeError::Malformed)?;
        let (id, guest) = (KeyId::of_bits(key), Guest { name, rights });
        let key = key_of(id, guest)?;
        let is_genuine = tag(&key, cluster, word).as_slice().ct_eq(check).to_bool();
        is_genuine.then_some((ClientHello { id, guest, word }, key)).ok_or(DecodeError::Tag)
    }
}

/// The client's key has its name and rights in it.
fn tag(key: &Key, cluster: Cluster, word: Word) -> [u8; TAG] {
    let (kind, mine, yours) = word.parts();
    key.derive(Purpose::ClientHello, [kind, 0, 0], cluster.0, &[[mine, yours]]).tag()
}

/// The key of a session of these numbers: the client's, and the node's.
pub(super) fn session_key(key: &Key, cluster: Cluster, (client, node): (u64, u64)) -> Key {
    key.derive(Purpose::ClientSession, [0; 3], cluster.0, &[[client, node]])
}
