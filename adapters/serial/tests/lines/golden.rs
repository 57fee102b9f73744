use std::fs;
use std::path::Path;

use quorate::{Founding, Incarnation, Message, Seat, Term};
use quorate_serial::{Address, Header, Receiver, Transmitter};
use quorate_wire::client::{Request, RequestBody, encode_request};
use quorate_wire::{Cluster, Envelope, encode};

/// What each example of the description says.
fn golden() -> Vec<(&'static str, Header, Vec<u8>)> {
    let header = |from: Address, to| Header { hops: 7, turned: false, hears: true, to: Seat(to).into(), from };
    let member = Seat(1).into();
    let guest = Address::guest(0).expect("there are some");
    let turned = Header { hops: 3, turned: true, hears: false, ..header(member, 2) };
    vec![
        ("CampaignNow", header(member, 2), campaign_now()),
        ("CampaignNow.turned", turned, campaign_now()),
        ("Status", header(guest, 2), status()),
        ("Greeting", Header { hops: 0, ..header(member, 1) }, vec![]),
    ]
}

fn campaign_now() -> Vec<u8> {
    let founding = Founding(0x1122_3344_5566_7788);
    let envelope = Envelope { founding, from: Seat(1), to: Seat(2), incarnation: Incarnation(0) };
    let mut buffer = [0; 64];
    encode(&mut buffer, &envelope, &Message::CampaignNow { term: Term(3) }).expect("it fits").to_vec()
}

fn status() -> Vec<u8> {
    let request = Request { cluster: Cluster(42), client: 7, number: 130, body: RequestBody::Status };
    let mut buffer = [0; 64];
    encode_request(&mut buffer, &request).expect("it fits").to_vec()
}

/// The frames of the description: blocks that open with "```line NAME", of lines with bytes, two spaces and a remark.
fn described() -> Vec<(String, Vec<u8>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("LINE.md");
    let description = fs::read_to_string(path).expect("the description is there");
    let blocks = description.split("\n```line ").skip(1).map(|block| {
        let (block, _) = block.split_once("\n```").expect("every block is closed");
        let (name, lines) = block.split_once('\n').expect("every block has lines");
        let bytes = lines.lines().flat_map(|line| {
            let (bytes, _remark) = line.split_once("  ").expect("every line has a remark");
            bytes.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("bytes are two hexadecimal digits"))
        });
        (name.to_owned(), bytes.collect())
    });
    blocks.collect()
}

#[test]
fn the_description_shows_what_goes_over_a_line() {
    let written = golden().into_iter().map(|(name, header, frame)| {
        let mut line = Transmitter::<64>::new();
        line.push(&header, &frame).expect("it fits");
        (name.to_owned(), line.pending().to_vec())
    });
    let (written, described): (Vec<_>, _) = (written.collect(), described());
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    for (name, bytes) in &written {
        assert!(described.contains(&(name.clone(), bytes.clone())), "LINE.md lacks {name}: {}", hex(bytes));
    }
    assert_eq!(written.len(), described.len());
}

#[test]
fn what_the_description_shows_is_read_back() {
    for ((name, bytes), (_, header, frame)) in described().into_iter().zip(golden()) {
        let (mut receiver, mut rest) = (Receiver::<64>::new(), &bytes[..]);
        assert_eq!(receiver.take(&mut rest), Some(Ok((header, &mut frame.to_vec()[..]))), "{name}");
        assert_eq!(receiver.take(&mut rest), None);
    }
}
