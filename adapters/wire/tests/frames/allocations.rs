use std::hint::black_box;

use allocation_counter::measure;
use quorate_wire::DecodeError;

use crate::frame::decode_every_way;
use crate::golden::golden;

#[test]
fn frames_are_written_and_read_without_an_allocation() {
    let mut buffer = [0; 1200];
    for (name, frame) in golden() {
        let allocations = measure(|| {
            let bytes = frame.encode(&mut buffer).expect("it fits");
            assert_eq!(frame.decode_alike(bytes), Ok(frame));
        });
        assert_eq!(allocations.count_total, 0, "{name}");
    }
}

#[test]
fn frames_are_refused_without_an_allocation() {
    for (name, frame) in golden() {
        let mut bytes = frame.bytes();
        bytes.pop();
        let allocations = measure(|| {
            assert!(decode_every_way(&bytes).contains(&Some(DecodeError::Checksum)));
        });
        assert_eq!(allocations.count_total, 0, "{name}");
    }
}

#[test]
fn the_counter_counts() {
    // The compiler leaves out what nobody can see.
    assert_eq!(measure(|| drop(black_box(Box::new(1)))).count_total, 1);
}
