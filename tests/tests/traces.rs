//! Golden traces: each file plays one rule. `REWRITE=1 cargo test -p quorate-tests --test traces` blesses them, and
//! `RUN=name.txt` plays one alone. A file whose name ends in `.pending` shows what should happen and does not yet.

use std::panic::{AssertUnwindSafe, catch_unwind};

use quorate_tests::stage::Stage;

#[test]
fn every_trace_plays_as_written() {
    let mut broken = Vec::new();
    let is_pending = |file: &datadriven::TestFile| file.filename.ends_with(".pending");
    let play = |file: &mut datadriven::TestFile| {
        let name = file.filename.clone();
        let mut stage = Stage::default();
        let played = catch_unwind(AssertUnwindSafe(|| {
            file.run(|case| {
                assert_eq!(case.directive, "play", "each case of a trace starts with `play`");
                stage.play(&case.input)
            });
        }));
        if played.is_err() {
            eprintln!("{name}: broke off");
            broken.push(name);
        }
    };
    datadriven::walk_exclusive("tests/traces", play, is_pending);
    assert!(broken.is_empty(), "a node or the script broke off in {broken:?}");
}
