//! What the documents cite is there: traces, mutants, tests, files, functions, and the mistakes that others cite by number.
//! In `docs/known-mistakes.md`, `docs/paper.md` and `docs/decisions`, what stands in backticks is told by its shape:
//! `area/trace`, `a-mutant`, `a_longer_test`. In the paper's, `file.rs`: `name`, `name` says which file has these.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use quorate_tests::mutants;

const MISTAKES: &str = "docs/known-mistakes.md";
const PAPER: &str = "docs/paper.md";
const GLOSSARY: &str = "docs/glossary.md";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in a workspace")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files below a directory whose names end so, from the root of the workspace.
fn files(below: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(below)).unwrap_or_else(|error| panic!("{below}: {error}")) {
        let entry = entry.expect("a directory can be read");
        let name = entry.file_name().into_string().expect("names are UTF-8");
        let path = format!("{below}/{name}");
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if name != "target" {
                found.extend(files(&path, ending));
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    found
}

/// All code, in one.
fn sources() -> String {
    let places = ["core", "adapters", "examples", "tests"];
    places.iter().flat_map(|at| files(at, ".rs")).map(|file| read(&file)).collect()
}

/// What stands between backticks, fenced code left out.
fn cited(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|part| part.split('`').skip(1).step_by(2))
}

/// The numbers of mistakes that a text names: `known 7`, `known mistake 35`.
fn known(text: &str) -> impl Iterator<Item = u32> {
    let behind = text.split("known ").skip(1).map(|rest| rest.strip_prefix("mistake ").unwrap_or(rest));
    behind.filter_map(|rest| rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok())
}

fn is_word(text: &str, also: char) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == also)
}

#[test]
fn every_mistake_that_is_cited_by_number_has_its_place() {
    let text = read(MISTAKES);
    let told: HashSet<u32> = text.lines().filter_map(|line| line.strip_prefix("### ")?.parse().ok()).collect();
    let mut citing = files("tests/tests/traces", ".txt");
    citing.extend(files("docs/decisions", ".md"));
    citing.extend(["tests/mutants.txt".into(), PAPER.into()]);
    for file in citing {
        for number in known(&read(&file)) {
            assert!(told.contains(&number), "{file} cites known {number}, which {MISTAKES} does not tell of");
        }
    }
}

#[test]
fn every_mutant_stands_where_the_mistake_is_told_that_it_makes() {
    let text = read(MISTAKES);
    for mutant in mutants::all() {
        for number in known(&mutant.rule) {
            let place = text.split("\n### ").find(|place| place.lines().next() == Some(&number.to_string()));
            let is_told = cited(place.unwrap_or_default()).any(|name| name == mutant.name);
            assert!(is_told, "{MISTAKES}, known {number}: `{}` is missing", mutant.name);
        }
    }
}

#[test]
fn every_trace_mutant_and_test_that_is_cited_exists() {
    let mutants: HashSet<String> = mutants::all().into_iter().map(|mutant| mutant.name).collect();
    let sources = sources();
    let documents = [MISTAKES.into(), PAPER.into()].into_iter().chain(files("docs/decisions", ".md"));
    for document in documents {
        for name in cited(&read(&document)) {
            if name.split_once('/').is_some_and(|(area, trace)| is_word(area, '_') && is_word(trace, '_')) {
                let trace = root().join(format!("tests/tests/traces/{name}.txt"));
                assert!(trace.exists() || root().join(name).exists(), "{document}: no trace {name}");
            } else if name.contains('-') && is_word(name, '-') && !name.starts_with("quorate") {
                assert!(mutants.contains(name), "{document}: no mutant {name}");
            } else if name.matches('_').count() > 2 && is_word(name, '_') {
                assert!(sources.contains(&format!("fn {name}(")), "{document}: no test {name}");
            }
        }
    }
}

#[test]
fn every_path_that_is_cited_exists() {
    let mut documents = files("docs", ".md");
    let others = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md"];
    documents.extend(others.iter().filter(|name| root().join(name).exists()).map(ToString::to_string));
    for document in documents {
        let text = read(&document);
        let here = root().join(&document).parent().map(PathBuf::from).unwrap_or_default();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        for link in links.filter(|link| !link.is_empty() && !link.contains("://")) {
            assert!(here.join(link).exists(), "{document} links to {link}, which is not there");
        }
        for path in cited(&text).filter(|path| !path.contains([' ', '*'])) {
            let is_path = path.split_once('/').is_some_and(|(first, _)| root().join(first).is_dir() && first != ".");
            assert!(!is_path || root().join(path).exists(), "{document} names {path}, which is not there");
        }
    }
}

#[test]
fn the_description_of_traces_is_of_the_format_that_is_written() {
    let (text, format) = (read("adapters/trace/README.md"), quorate_trace::FORMAT);
    for part in [format!("\n## Format, version {format}\n"), format!("| the format's version, {format} |")] {
        assert!(text.contains(&part), "adapters/trace/README.md does not say: {part}");
    }
}

#[test]
fn every_word_of_the_glossary_stands_for_something_in_the_code() {
    let sources = sources();
    for row in read(GLOSSARY).lines().filter(|line| line.starts_with("| ")) {
        let names = row.rsplit(" | ").next().unwrap_or_default();
        for name in cited(names).filter_map(|path| path.rsplit("::").next()) {
            let is_crate = root().join("adapters").join(name.trim_start_matches("quorate_")).is_dir();
            assert!(is_crate || has(&sources, name), "{GLOSSARY}: no {name} in any file, as in {row}");
        }
    }
}

#[test]
fn every_name_stands_in_the_file_that_is_cited_for_it() {
    let mut names = 0;
    for line in read(PAPER).lines() {
        // Parts in backticks take turns with what stands between: a file and a colon begin a list of names.
        let parts: Vec<&str> = line.split('`').collect();
        let mut file = None;
        for pair in parts[1..].chunks(2) {
            let (name, behind) = (pair[0], pair.get(1).copied().unwrap_or_default());
            if name.ends_with(".rs") {
                file = Some(name);
            } else if let Some(file) = file {
                names += 1;
                assert!(has(&source(file), name), "{PAPER}: no {name} in {file}");
            }
            if behind != ": " && behind != ", " {
                file = None;
            }
        }
    }
    assert!(names > 50, "{PAPER} says of {names} names where they are: its form has changed");
}

/// A file below `core/src`, unless it is named from the root.
fn source(file: &str) -> String {
    let core = format!("core/src/{file}");
    read(if root().join(&core).exists() { &core } else { file })
}

/// Whether a function, type, constant, variant or field of this name is defined here. Only a field says no more than its
/// name, and `pub`.
fn has(source: &str, name: &str) -> bool {
    let begins = |line: &str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([':', ',', ' ', '(', '<']));
    let is_variant = name.starts_with(|first: char| first.is_ascii_uppercase());
    source.lines().any(|line| {
        let line = line.trim_start();
        let shown = ["pub(crate) ", "pub(super) ", "pub "].iter().find_map(|shown| line.strip_prefix(shown));
        let line = shown.unwrap_or(line);
        let line = line.strip_prefix("const ").unwrap_or(line);
        let is_item =
            ["fn ", "struct ", "enum ", "trait "].iter().any(|kind| line.strip_prefix(kind).is_some_and(begins));
        is_item || ((is_variant || shown.is_some()) && begins(line))
    })
}
