use quorate_tests::replay::replay;

use crate::drive::Drive;

#[test]
fn a_node_that_draws_as_it_likes_is_replayed_exactly() {
    let marks = [
        "\"refused\":\"second store\"",
        "\"role\":\"leader\"",
        "{\"reject\":\"unencodable\"}",
        "{\"command\":{\"session\":null",
        "{\"apply\":",
        "{\"read_ready\":",
        "{\"read_failed\":",
        "\"ReadIndex\"",
        "\"CampaignNow\"",
        "\"Conflict\"",
        "{\"reject\":\"full\"}",
    ];
    let mut seen = [false; 11];
    for seed in 0..10 {
        for (node, trace) in Drive::new(seed).run(4000).into_iter().enumerate() {
            let replayed =
                replay(trace.as_slice()).unwrap_or_else(|stopped| panic!("seed {seed}, node {node}: {stopped}"));
            assert_eq!(replayed.events + 1, trace.split_inclusive(|byte| *byte == b'\n').count() as u64);
            let text = String::from_utf8(trace).expect("JSON is text");
            for (mark, seen) in marks.iter().zip(&mut seen) {
                *seen |= text.contains(mark);
            }
        }
    }
    let missing: Vec<_> = marks.iter().zip(seen).filter(|(_, seen)| !seen).collect();
    assert!(missing.is_empty(), "the traces tell too little: {missing:?}");
}

#[test]
fn whether_a_driver_looked_for_one_more_effect_matters() {
    let is_same = |seed| {
        let traces = Drive::new(seed).run(4000).into_iter();
        traces.map(|trace| String::from_utf8(trace).expect("JSON is text")).all(|trace| {
            let forgotten = trace.replace("\"drained\":true", "\"drained\":false");
            replay(forgotten.as_bytes()).is_ok()
        })
    };
    assert!(!(0..10).all(is_same), "else the traces need not tell");
}
