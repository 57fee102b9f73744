use proptest::prelude::*;
use quorate::{Founding, Seat, crc32c};
use quorate_wire::client::{RequestBody, decode_reply, decode_request};
use quorate_wire::{ANYBODY, Class, Cluster, DecodeError, EncodeError, FRAME_MAX, decode, decode_founding, verify};

use crate::frame::{Frame, decode_every_way, records};
use crate::golden::golden;

#[test]
fn every_truncation_is_refused() {
    for (name, frame) in golden() {
        let bytes = frame.bytes();
        for length in 0..bytes.len() {
            let refusals = decode_every_way(&bytes[..length]);
            assert!(refusals[1..].iter().all(Option::is_some), "{name} cut to {length} bytes");
            assert!(length >= 6 || refusals[0] == Some(DecodeError::Length), "{name} cut to {length} bytes");
        }
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    for (name, frame) in golden() {
        let mut bytes = frame.bytes();
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(decode_every_way(&bytes)[1..].iter().all(Option::is_some), "{name} with bit {bit} flipped");
            assert!(verify(&bytes).is_err(), "{name} with bit {bit} flipped is not passed on");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn truncated_content_is_malformed_even_under_a_good_check() {
    for (name, frame) in golden() {
        let bytes = frame.bytes();
        let first = if records(&bytes) > 0 { 4 + records(&bytes) } else { 2 };
        for length in first..bytes.len() - 4 {
            let refusal = frame.decode_alike(&checked(&bytes[..length])).err();
            assert_eq!(refusal, Some(DecodeError::Malformed), "{name} cut to {length} bytes");
        }
    }
}

#[test]
fn bytes_left_over_are_malformed_even_under_a_good_check() {
    for (name, frame) in golden() {
        let mut bytes = content(&frame);
        bytes.push(0);
        assert_eq!(frame.decode_alike(&checked(&bytes)).err(), Some(DecodeError::Malformed), "{name}");
        let mut bytes = frame.bytes();
        bytes.push(0);
        assert_eq!(frame.decode_alike(&bytes).err(), Some(DecodeError::Checksum), "{name}");
    }
}

#[test]
fn damaged_records_are_malformed_even_under_a_good_check() {
    let frame = named("AppendEntries");
    let mut bytes = content(&frame);
    *bytes.last_mut().expect("there are bytes") ^= 1;
    assert_eq!(frame.decode_alike(&checked(&bytes)).err(), Some(DecodeError::Malformed));
}

#[test]
fn unknown_variants_are_malformed() {
    let member = [1, 0, 42, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 10];
    let request = [1, 1, 42, 7, 1, 9];
    let change = [1, 1, 42, 7, 1, 7, 9, 6, 0];
    let reply = [1, 2, 7, 1, 2, 0, 16];
    let reason = [1, 2, 7, 1, 2, 0, 4, 15];
    let unchanged = [1, 2, 7, 1, 2, 0, 4, 12, 11];
    let founding = [1, 3, 42, 1, 2, 4];
    let standing = [1, 3, 42, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 4];
    assert_eq!(decode(&checked(&member), Founding(42), Seat(2)), Err(DecodeError::Malformed));
    for founding in [&founding[..], &standing] {
        assert_eq!(decode_founding(&checked(founding), Cluster(42), Seat(2)), Err(DecodeError::Malformed));
    }
    for request in [&request[..], &change] {
        assert_eq!(decode_request(&checked(request), Cluster(42)), Err(DecodeError::Malformed));
    }
    for reply in [&reply[..], &reason, &unchanged] {
        assert_eq!(decode_reply(&checked(reply), 7), Err(DecodeError::Malformed));
    }
}

#[test]
fn a_roster_without_voters_is_malformed_even_under_a_good_check() {
    for name in ["Offer", "Configured", "Members.reply"] {
        let frame = named(name);
        let mut bytes = content(&frame);
        let head = bytes.windows(12).position(|bytes| bytes == [0x90, 0xd0, 3, 0, 1, 0, 0, 0, 3, 0, 0, 0]);
        bytes[head.expect("the least of all stands in front of the voters") + 8] = 0;
        assert_eq!(frame.decode_alike(&checked(&bytes)).err(), Some(DecodeError::Malformed), "{name}");
    }
}

#[test]
fn keys_that_do_not_exist_are_malformed() {
    let refuse = |frame: &Frame<'_>, bytes: &[u8]| {
        assert_eq!(frame.decode_alike(&checked(bytes)).err(), Some(DecodeError::Malformed), "{bytes:?}");
    };
    let word = named("Change.UseKey");
    let mut bytes = content(&word);
    for number in 16..=u8::MAX {
        *bytes.last_mut().expect("the number") = number;
        refuse(&word, &bytes);
    }
    for name in ["Offer", "Configured", "Members.reply"] {
        let frame = named(name);
        let mut bytes = content(&frame);
        let head = bytes.windows(9).position(|bytes| bytes == [0, 0, 0, 0, 7, 6, 0x7f, 0, 0]);
        let key = head.expect("the key stands in front of the first member") + 4;
        for number in 17..=u8::MAX {
            bytes[key] = number;
            refuse(&frame, &bytes);
        }
    }
    let status = named("Status.leading");
    let bytes = content(&status);
    let keys =
        bytes.windows(3).position(|bytes| bytes == [0b11_101, 0b110, 0x80]).expect("key 2 is used, of 1, 2 and 15");
    for used in [1, 4, 15, 17, 31] {
        let mut bytes = bytes.clone();
        bytes[keys] = 0b101 | used << 3;
        refuse(&status, &bytes);
    }
}

#[test]
fn a_number_that_was_drawn_is_never_a_founders() {
    for name in ["CampaignNow.joined", "Vote.joined", "Configured", "Status.report"] {
        let frame = named(name);
        let mut bytes = content(&frame);
        let life = bytes.windows(9).position(|bytes| bytes == [1, 0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21]);
        let at = life.expect("there is one") + 1;
        bytes[at..at + 8].fill(0);
        assert_eq!(frame.decode_alike(&checked(&bytes)).err(), Some(DecodeError::Malformed), "{name}");
    }
}

#[test]
fn seats_that_do_not_exist_are_malformed() {
    let frame = named("Snapshot.latest");
    let [most @ .., voters, 0, 0, 0, 0] = &content(&frame)[..] else { unreachable!("the members are its last field") };
    assert_eq!(*voters, 7);
    let with = |voters: &[u8]| frame.decode_alike(&checked(&[most, voters, &[0, 0, 0, 0]].concat())).err();
    assert_eq!(with(&[0xff, 0xff, 0xff, 0xff, 0x0f]), None, "seats up to 31");
    assert_eq!(with(&[0xff, 0xff, 0xff, 0xff, 0x1f]), Some(DecodeError::Malformed), "seat 32");
    for request in [&[1, 1, 42, 7, 1, 7, 9, 1][..], &[1, 1, 42, 7, 1, 8, 1]] {
        let refusal = |seat| decode_request(&checked(&[request, &[seat]].concat()), Cluster(42)).err();
        assert_eq!((refusal(31), refusal(32)), (None, Some(DecodeError::Malformed)));
    }
}

#[test]
fn replies_of_seats_that_do_not_exist_are_malformed() {
    let not_leader = |from, leader| [1, 2, 7, 1, from, 0, 3, 1, leader, 0];
    let refusal = |from, leader| decode_reply(&checked(&not_leader(from, leader)), 7).err();
    assert_eq!(refusal(31, 31), None);
    assert_eq!(refusal(32, 31), Some(DecodeError::Malformed));
    assert_eq!(refusal(31, 32), Some(DecodeError::Malformed));
    let status = named("Status.report");
    let mut bytes = content(&status);
    let seat = &mut bytes[16];
    assert_eq!(std::mem::replace(seat, 32), 2, "it begins with the seat of who answers");
    assert_eq!(status.decode_alike(&checked(&bytes)).err(), Some(DecodeError::Malformed));
}

#[test]
fn an_address_that_is_not_utf_8_is_malformed() {
    let reply = [1, 2, 7, 1, 2, 0, 3, 0, 1, 0xff];
    assert_eq!(decode_reply(&checked(&reply), 7), Err(DecodeError::Malformed));
}

#[test]
fn a_command_of_sequence_zero_is_read_so_that_it_can_be_refused() {
    let Frame::Request(mut request) = named("Command") else {
        unreachable!("a command is a request");
    };
    let RequestBody::Command { session, .. } = &mut request.body else {
        unreachable!("it is a command");
    };
    session.sequence = 0;
    let frame = Frame::Request(request);
    assert_eq!(frame.decode_alike(&frame.bytes()), Ok(frame));
}

#[test]
fn other_versions_classes_and_sealed_frames_are_told_apart() {
    let bytes = |version, class| [version, class, 0, 0, 0, 0];
    assert_eq!(Class::of(&bytes(2, 0)), Err(DecodeError::Version(2)));
    assert_eq!(Class::of(&bytes(1, 4)), Err(DecodeError::Class(4)));
    assert_eq!(Class::of(&bytes(1, 0x80)), Err(DecodeError::Sealed(0)));
    assert_eq!(Class::of(&[1, 0x41, 0x95, 0, 0, 0]), Err(DecodeError::Sealed(5)));
    let request = named("Command").bytes();
    assert_eq!(Class::of(&request), Ok(Class::Request));
    assert_eq!(decode(&request, Founding(42), Seat(2)), Err(DecodeError::Class(1)));
}

#[test]
fn frames_for_others_are_refused() {
    let member = named("CampaignNow").bytes();
    let Frame::Member(envelope, _) = named("CampaignNow") else { unreachable!("a member says so") };
    assert_eq!(decode(&member, Founding(envelope.founding.0 ^ 1), Seat(2)), Err(DecodeError::Founding));
    assert_eq!(decode(&member, envelope.founding, Seat(1)), Err(DecodeError::Destination));
    let founding = named("Where").bytes();
    assert_eq!(decode_founding(&founding, Cluster(43), Seat(2)), Err(DecodeError::Cluster));
    assert_eq!(decode_founding(&founding, Cluster(42), Seat(1)), Err(DecodeError::Destination));
    let anywhere = named("Where.anybody").bytes();
    assert_eq!(decode_founding(&anywhere, Cluster(43), Seat(2)), Err(DecodeError::Cluster));
    assert_eq!(decode_request(&named("Open").bytes(), Cluster(43)), Err(DecodeError::Cluster));
    assert_eq!(decode_reply(&named("Done").bytes(), 8), Err(DecodeError::Destination));
}

#[test]
fn a_founding_message_to_anybody_is_everybodys() {
    let Frame::Founding(_, message) = named("Where.anybody") else { unreachable!("a newcomer says so") };
    for me in (0..32).map(Seat) {
        let bytes = named("Where.anybody").bytes();
        assert_eq!(decode_founding(&bytes, Cluster(42), me), Ok((Seat(3), message)));
    }
    let Frame::Member(envelope, message) = named("CampaignNow") else { unreachable!("a member says so") };
    let bytes = Frame::Member(quorate_wire::Envelope { to: ANYBODY, ..envelope }, message).bytes();
    assert_eq!(
        decode(&bytes, envelope.founding, Seat(2)),
        Err(DecodeError::Destination),
        "members know whom they mean"
    );
}

#[test]
fn a_foreign_cluster_of_a_later_version_is_foreign_rather_than_malformed() {
    let later = checked(&[1, 0, 43, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 10]);
    assert_eq!(decode(&later, Founding(42), Seat(2)), Err(DecodeError::Founding));
    let later = checked(&[1, 3, 43, 1, 2, 9]);
    assert_eq!(decode_founding(&later, Cluster(42), Seat(2)), Err(DecodeError::Cluster));
}

#[test]
fn a_frame_that_is_too_long_is_refused() {
    let frame = checked(&[1; FRAME_MAX]);
    assert_eq!(decode_every_way(&frame), [Some(DecodeError::Length); 5]);
}

#[test]
fn a_buffer_that_is_too_short_is_refused() {
    for (name, frame) in golden() {
        for room in 0..frame.bytes().len() {
            assert_eq!(frame.encode(&mut vec![0; room]), Err(EncodeError { room }), "{name}");
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        decode_every_way(&bytes);
    }

    #[test]
    fn random_content_under_a_good_check_does_not_panic(
        class in 0..4u8,
        addressed in any::<bool>(),
        content in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let envelopes = [&[42, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0][..], &[42], &[7], &[42, 1, 2]];
        let envelope: &[u8] = if !addressed { &[] } else { envelopes[usize::from(class)] };
        decode_every_way(&checked(&[&[1, class], envelope, &content].concat()));
    }

    #[test]
    fn golden_frames_with_random_bytes_under_a_good_check_do_not_panic(
        frame in proptest::sample::select(golden()),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = content(&frame.1);
        for (at, byte) in changes {
            *at.get_mut(&mut bytes) = byte;
        }
        decode_every_way(&checked(&bytes));
    }
}

fn named(name: &str) -> Frame<'static> {
    let found = golden().into_iter().find(|(other, _)| *other == name);
    found.expect("there is such a golden frame").1
}

/// The frame without its check.
fn content(frame: &Frame<'_>) -> Vec<u8> {
    let mut bytes = frame.bytes();
    bytes.truncate(bytes.len() - 4);
    bytes
}

/// The frame with a good check behind it, as a sender makes it that means what it says.
fn checked(content: &[u8]) -> Vec<u8> {
    let covered = content.len().saturating_sub(records(content));
    [content, &crc32c(&content[..covered]).to_le_bytes()].concat()
}
