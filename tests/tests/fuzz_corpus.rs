//! The fuzz targets without a fuzzer: on the kept corpus, and on bytes drawn at random and changed from it.
//! `QUORATE_FUZZ=1000000 cargo test --release -p quorate-tests --test fuzz_corpus` draws more of them.

use std::panic::catch_unwind;

use fastrand::Rng;
use quorate_tests::fuzzing::{TARGETS, Target, corpus, mutate};

#[track_caller]
fn run(name: &str, target: Target, data: &[u8]) {
    if catch_unwind(|| target(data)).is_err() {
        let bytes: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
        panic!("{name} fails on {} bytes; keep them in its corpus once it is mended: {bytes}", data.len());
    }
}

fn run_all(name: &str, count: u64) {
    let (_, target) = TARGETS.into_iter().find(|(other, _)| *other == name).expect("there is such a target");
    let corpus = corpus(name);
    assert!(!corpus.is_empty(), "the corpus of {name} is there");
    corpus.iter().for_each(|data| run(name, target, data));
    let count = std::env::var("QUORATE_FUZZ").map_or(count, |text| text.parse().expect("QUORATE_FUZZ is a number"));
    for seed in 0..count {
        let data = mutate(&corpus, &mut Rng::with_seed(seed));
        run(name, target, &data);
    }
}

#[test]
fn any_bytes_are_decoded_or_refused() {
    run_all("decode", 30_000);
}

#[test]
fn a_node_takes_any_story() {
    run_all("step", 40_000);
}

#[test]
fn any_log_is_opened_or_refused() {
    run_all("recovery", 15_000);
}

#[test]
fn any_flash_is_opened_or_refused() {
    run_all("flash", 3_000);
}

#[test]
fn a_station_takes_any_bytes() {
    run_all("station", 2_000);
}

#[test]
fn what_is_encoded_comes_back() {
    run_all("roundtrip", 50_000);
}

#[test]
fn between_two_sides_nothing_is_taken_that_was_not_said() {
    run_all("seal", 4_000);
}

#[test]
fn between_a_client_and_a_node_nothing_is_taken_that_was_not_said() {
    run_all("clients", 4_000);
}

#[test]
fn on_a_line_that_all_share_nothing_is_taken_that_was_not_said() {
    run_all("many", 4_000);
}
