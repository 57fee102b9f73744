mod command;
mod outline;
mod sealed;
mod view;

use std::io::{Read, Write, stdin, stdout};

use quorate::{Ballot, Entries, Index, Message, Position, Settled, Term, crc32c, founding};
use quorate_trace::Tree;
use quorate_wire::client::{Reply, Request, decode_reply, decode_request};
use quorate_wire::{Class, Envelope, FoundingEnvelope, decode, decode_founding};
use serde::Serialize;

use self::view::{FoundingView, MemberView, ReplyView, RequestView};
use crate::exit::{Exit, Failure};

/// Prints what a frame says, field by field.
///
/// # Errors
/// The text is not hexadecimal, or not a frame that a node would take.
pub(crate) fn run(text: &str, json: bool) -> Result<Exit, Failure> {
    let frame = parse(text)?;
    let explained = explain(&frame).map_err(|bad| Failure::new(Exit::Failed, bad))?;
    if json {
        writeln!(stdout(), "{explained}")?;
    } else {
        let tree: Tree = serde_json::from_str(&explained).expect("it was written as JSON");
        write!(stdout(), "{}", outline::of(&tree))?;
    }
    Ok(Exit::Done)
}

/// The bytes of some digits, which may stand apart; `-` takes them from standard input.
fn parse(text: &str) -> Result<Vec<u8>, Failure> {
    let mut digits = text.to_owned();
    if text == "-" {
        digits.clear();
        let read = stdin().read_to_string(&mut digits);
        read.map_err(|error| Failure::new(Exit::Usage, format_args!("cannot read standard input as text: {error}")))?;
    }
    digits.retain(|digit| !digit.is_whitespace());
    hex::decode(&digits).map_err(|error| {
        let message = format!("not hexadecimal: {error}; give two digits for each byte, as in 01032a");
        Failure::new(Exit::Usage, message)
    })
}

/// What a frame says, as JSON; or at which layer it is bad, and how.
fn explain(frame: &[u8]) -> Result<String, String> {
    if let Some(told) = sealed::told(frame) {
        return Err(told);
    }
    let class = Class::of(frame).map_err(|refusal| format!("bad header: {refusal}"))?;
    let (front, check) = frame.split_last_chunk::<4>().ok_or("bad header: too short for a frame")?;
    let records = records_of(front).ok_or("bad header: too short for its records")?;
    let (covered, records) = front.split_at(front.len() - records);
    let (found, stated) = (crc32c(covered), u32::from_le_bytes(*check));
    if found != stated {
        return Err(format!(
            "bad check: it says {stated:08x}, and the bytes that it covers give {found:08x}: the frame was cut off or changed"
        ));
    }
    let body = &*match records {
        [] => covered.get(HEADER..).ok_or("bad header: too short for a frame")?.to_vec(),
        records => {
            // As if its entries stood in the body.
            let length = postcard::to_stdvec(&records.len()).expect("there is memory for a number");
            [&covered[HEADER + LENGTH..], &length, records].concat()
        }
    };
    Ok(match class {
        Class::Member => {
            let (envelope, rest) = take::<Envelope>("envelope", body)?;
            let (_, message) = decode(frame, envelope.founding, envelope.to).map_err(|refusal| {
                format!("bad message: {}", in_message(rest).unwrap_or_else(|| refusal.to_string()))
            })?;
            json("member", frame, &MemberView::of(&envelope, message))
        }
        Class::Founding => {
            let (envelope, rest) = take::<FoundingEnvelope>("envelope", body)?;
            whole("message", take::<founding::Message>("message", rest)?.1)?;
            let (_, message) = decode_founding(frame, envelope.cluster, envelope.to)
                .map_err(|refusal| format!("bad message: {refusal}"))?;
            json("founding", frame, &FoundingView { envelope, message })
        }
        Class::Request => {
            let (request, rest) = take::<Request<'_>>("request", body)?;
            whole("request", rest)?;
            let request =
                decode_request(frame, request.cluster).map_err(|refusal| format!("bad request: {refusal}"))?;
            json("request", frame, &RequestView::of(&request))
        }
        Class::Reply => {
            let (reply, rest) = take::<Reply<'_>>("reply", body)?;
            whole("reply", rest)?;
            let reply = decode_reply(frame, reply.client).map_err(|refusal| format!("bad reply: {refusal}"))?;
            json("reply", frame, &ReplyView::of(&reply))
        }
    })
}

/// How many of these bytes are records, behind the body of a member's frame that has any; nothing if there is no room for
/// them.
fn records_of(front: &[u8]) -> Option<usize> {
    match *front {
        [_, class, ..] if class & RECORDS == 0 => Some(0),
        [_, _, low, high, ref rest @ ..] => {
            Some(usize::from(u16::from_le_bytes([low, high]))).filter(|records| *records <= rest.len())
        }
        _ => None,
    }
}

fn take<'b, T: serde::Deserialize<'b>>(layer: &str, bytes: &'b [u8]) -> Result<(T, &'b [u8]), String> {
    postcard::take_from_bytes(bytes).map_err(|error| format!("bad {layer}: {error}"))
}

fn whole(layer: &str, rest: &[u8]) -> Result<(), String> {
    if rest.is_empty() { Ok(()) } else { Err(format!("bad {layer}: {} bytes are left over", rest.len())) }
}

/// What is wrong with a message: its records, its own fields, or what stands behind it.
fn in_message(bytes: &[u8]) -> Option<String> {
    type AppendEntries<'b> = (u32, Term, u64, Position, Index, Index, &'b [u8]);
    // In frames a founder's life takes one byte.
    type Vote = (u32, Term, Ballot, bool, Option<[u8; 8]>);
    type Configured<'b> = (u32, Term, Option<[u8; 8]>, bool, Settled<'b>);
    let rest = match bytes.first() {
        Some(&VOTE) => postcard::take_from_bytes::<Vote>(bytes).map(|(_, rest)| rest),
        Some(&CONFIGURED) => postcard::take_from_bytes::<Configured<'_>>(bytes).map(|(_, rest)| rest),
        _ => postcard::take_from_bytes::<Message<'_>>(bytes).map(|(_, rest)| rest),
    };
    let error = match rest {
        Ok([]) => return None,
        Ok(rest) => return Some(format!("{} bytes are left over", rest.len())),
        Err(error) => error.to_string(),
    };
    let records = match postcard::take_from_bytes::<AppendEntries<'_>>(bytes) {
        Ok(((APPEND_ENTRIES, _, _, _, _, _, records), _)) => Entries::parse(records).err(),
        _ => None,
    };
    Some(records.map_or(error, |bad| format!("in its entries: {bad}")))
}

fn json(class: &'static str, frame: &[u8], body: &impl Serialize) -> String {
    let frame = view::Frame { frame: class, version: frame[0], bytes: frame.len(), body };
    serde_json::to_string(&frame).expect("these values are JSON")
}

/// Version and class: see WIRE.md.
const HEADER: usize = 2;

/// The bit of the class of a frame with records, whose length stands behind it.
const RECORDS: u8 = 0b0010_0000;
const LENGTH: usize = 2;

/// The numbers of variants.
const VOTE: u8 = 1;
const APPEND_ENTRIES: u32 = 2;
const CONFIGURED: u8 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &str = include_str!("../../../adapters/wire/tests/frames/golden.txt");

    fn golden() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
        let frames = GOLDEN.lines().filter_map(|line| line.split_once(' '));
        frames.map(|(name, digits)| (name, hex::decode(digits).expect("golden frames are hexadecimal")))
    }

    fn checked(mut bytes: Vec<u8>) -> Vec<u8> {
        let records = records_of(&bytes).unwrap_or(0);
        let check = crc32c(&bytes[..bytes.len() - records]);
        bytes.extend_from_slice(&check.to_le_bytes());
        bytes
    }

    #[test]
    fn every_golden_frame_is_explained_and_names_itself() {
        assert!(golden().count() > 30);
        for (name, frame) in golden() {
            let explained = explain(&frame).unwrap_or_else(|bad| panic!("{name}: {bad}"));
            let variant = name.split('.').next().expect("a name");
            let text = outline::of(&serde_json::from_str(&explained).expect("it is JSON"));
            assert!(explained.contains(variant) && text.contains(variant), "{name}: {text}");
        }
    }

    #[test]
    fn every_truncation_is_refused_at_its_header_or_its_check() {
        for (name, frame) in golden() {
            for length in 0..frame.len() {
                let bad = explain(&frame[..length]).expect_err(name);
                assert!(bad.starts_with("bad header:") || bad.starts_with("bad check:"), "{name}: {bad}");
            }
        }
    }

    #[test]
    fn truncated_content_under_a_good_check_is_told_by_its_layer() {
        for (name, frame) in golden() {
            let content = &frame[..frame.len() - 4];
            for length in HEADER..content.len() {
                let bad = explain(&checked(content[..length].to_vec())).expect_err(name);
                let layers =
                    ["bad envelope: ", "bad message: ", "bad request: ", "bad reply: ", "bad header: too short for"];
                assert!(layers.iter().any(|layer| bad.starts_with(layer)), "{name}: {bad}");
            }
            let bad = explain(&checked([content, &[0]].concat())).expect_err(name);
            // Behind records, it shifts them.
            let has_records = records_of(content) > Some(0);
            assert!(has_records || bad.contains("1 bytes are left over"), "{name}: {bad}");
        }
    }

    #[test]
    fn a_damaged_record_is_told() {
        let (_, mut frame) = golden().find(|(name, _)| *name == "AppendEntries").expect("a golden frame");
        frame.truncate(frame.len() - 4);
        *frame.last_mut().expect("there are bytes") ^= 1;
        let bad = explain(&checked(frame)).expect_err("a damaged record");
        assert_eq!(bad, "bad message: in its entries: the record's checksum does not match its bytes");
    }

    #[test]
    fn digits_may_stand_apart_and_others_are_refused() {
        assert_eq!(parse("01 2a\nff").map_err(|failure| failure.exit), Ok(vec![1, 0x2a, 0xff]));
        for wrong in ["0", "0x01", "zz"] {
            assert_eq!(parse(wrong).map_err(|failure| failure.exit), Err(Exit::Usage), "{wrong}");
        }
    }
}
