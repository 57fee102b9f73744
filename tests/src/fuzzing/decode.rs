use quorate::{Entries, Entry, Founding, Identity, Incarnation, Message, Seat, crc32c};
use quorate_wire::client::{decode_reply, decode_request, encode_reply, encode_request};
use quorate_wire::{Cluster, Envelope, FoundingEnvelope, VERSION, decode_founding, encode, encode_founding};

const CLUSTER: Cluster = Cluster(42);
const FOUNDING: Founding = Founding(42);
const ME: Seat = Seat(2);
const CLIENT: u64 = 7;

/// Any bytes are decoded or refused, as a frame of each class and as records. What was decoded can be encoded, and is
/// then decoded to the same.
///
/// The bytes are taken as a frame, as the content of a frame, and as what stands behind an envelope that is in order:
/// so the check at a frame's end does not keep everything out.
///
/// # Panics
/// If a decoder does, or takes for good what it should not.
pub fn decode(data: &[u8]) {
    frame(data);
    let envelopes = [&[42, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0][..], &[42], &[7], &[42, 1, 2]];
    for (class, envelope) in envelopes.into_iter().enumerate() {
        let header = [VERSION, class as u8];
        frame(&checked([&header[..], data].concat()));
        frame(&checked([&header[..], envelope, data].concat()));
    }
    records(data);
}

fn checked(mut content: Vec<u8>) -> Vec<u8> {
    let check = crc32c(&content);
    content.extend_from_slice(&check.to_le_bytes());
    content
}

fn frame(bytes: &[u8]) {
    let mut buffer = vec![0; bytes.len() + 64];
    if let Ok((from, message)) = quorate_wire::decode(bytes, FOUNDING, ME) {
        let Identity { seat, incarnation } = from;
        let envelope = Envelope { founding: FOUNDING, from: seat, to: ME, incarnation };
        let again = encode(&mut buffer, &envelope, &message).expect("a message that was decoded can be encoded");
        assert_eq!(quorate_wire::decode(again, FOUNDING, ME), Ok((from, message)));
        let other = Envelope { incarnation: Incarnation(incarnation.0 ^ 1), ..envelope };
        assert!(encode(&mut buffer, &other, &message).is_ok());
        entries_of(&message);
    }
    if let Ok((from, message)) = decode_founding(bytes, CLUSTER, ME) {
        let envelope = FoundingEnvelope { cluster: CLUSTER, from, to: ME };
        let again = encode_founding(&mut buffer, &envelope, &message).expect("what was decoded can be encoded");
        assert_eq!(decode_founding(again, CLUSTER, ME), Ok((from, message)));
    }
    if let Ok(request) = decode_request(bytes, CLUSTER) {
        let again = encode_request(&mut buffer, &request).expect("a request that was decoded can be encoded");
        assert_eq!(decode_request(again, CLUSTER), Ok(request));
    }
    if let Ok(reply) = decode_reply(bytes, CLIENT) {
        let again = encode_reply(&mut buffer, &reply).expect("a reply that was decoded can be encoded");
        assert_eq!(decode_reply(again, CLIENT), Ok(reply));
    }
}

fn entries_of(message: &Message<'_>) {
    if let Message::AppendEntries { entries, .. } = message {
        records(entries.bytes());
    }
}

/// Each record comes apart and together again; bytes behind a good record do not make it another.
fn records(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok((entry, behind)) = Entry::parse(rest) {
        assert_eq!([entry.record(), behind].concat(), rest);
        let _ = (entry.session(), entry.command());
        rest = behind;
    }
    if let Ok(entries) = Entries::parse(bytes) {
        let parts: Vec<u8> = entries.flat_map(|entry| entry.record().to_vec()).collect();
        assert_eq!(parts, bytes);
    }
}
