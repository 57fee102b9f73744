//! Golden traces: each file plays one rule. `REWRITE=1 cargo test -p quorate-tests --test traces` blesses them.

use quorate_tests::stage::Stage;

#[test]
fn every_trace_plays_as_written() {
    datadriven::walk("tests/traces", |file| {
        let mut stage = Stage::default();
        file.run(|case| {
            assert_eq!(case.directive, "play", "each case of a trace starts with `play`");
            stage.play(&case.input)
        });
    });
}
