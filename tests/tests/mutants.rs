//! The list of mutants stays true to the sources that it mutates. To run the mutants themselves takes minutes:
//! `cargo run --release -p quorate-tests --bin mutants`.

use std::collections::HashSet;
use std::path::Path;

use quorate_tests::mutants::{self, Killer};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in a workspace")
}

#[test]
fn every_mutant_can_be_made() {
    for mutant in mutants::all() {
        let source = std::fs::read_to_string(root().join(&mutant.file)).unwrap_or_default();
        let mutated = mutant.apply(&source);
        assert!(mutated.is_some(), "{}: its text must stand in {} exactly once", mutant.name, mutant.file);
        assert_ne!(mutated, Some(source), "{} changes nothing", mutant.name);
    }
}

#[test]
fn every_mutant_has_its_own_name_and_a_test_that_exists() {
    let mut names = HashSet::new();
    for mutant in mutants::all() {
        assert!(names.insert(mutant.name.clone()), "{} is there twice", mutant.name);
        if let Killer::Trace(name) = &mutant.by {
            let trace = root().join(format!("tests/tests/traces/{name}.txt"));
            assert!(trace.exists(), "{} names a trace that is not there: {name}", mutant.name);
        }
    }
}
