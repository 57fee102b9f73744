//! What the registry and docs.rs show of a crate is there: each crate that is published says what it is and where it comes
//! from, brings its licences, and has a README with an example and a row for each of its features.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The members of the workspace that are published: an empty list of registries is `publish = false`.
fn published() -> Vec<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let told = cargo.output().expect("cargo can be run");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let metadata: Value = serde_json::from_slice(&told.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("a workspace has packages");
    packages.iter().filter(|package| package["publish"].is_null()).cloned().collect()
}

fn folder(package: &Value) -> &Path {
    Path::new(text(package, "manifest_path")).parent().expect("a manifest lies in a folder")
}

#[track_caller]
fn text<'a>(package: &'a Value, field: &str) -> &'a str {
    let value = package[field].as_str().unwrap_or_default();
    assert!(!value.is_empty(), "{} states no {field}", package["name"]);
    value
}

#[track_caller]
fn read(package: &Value, file: &str) -> String {
    let path = folder(package).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_crate_that_is_published_says_what_it_is() {
    let packages = published();
    assert!(packages.len() > 6, "only {} crates are published", packages.len());
    for package in &packages {
        for field in ["description", "repository", "license", "rust_version"] {
            text(package, field);
        }
        for (field, most) in [("keywords", 5), ("categories", 5)] {
            let count = package[field].as_array().map_or(0, Vec::len);
            assert!((1..=most).contains(&count), "{}: {count} {field}, not 1 to {most}", package["name"]);
        }
        let all = &package["metadata"]["docs"]["rs"]["all-features"];
        assert_eq!(all, &Value::Bool(true), "{}: docs.rs has to show all features", package["name"]);
    }
}

#[test]
fn every_crate_that_is_published_brings_its_licences() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in a workspace");
    for package in published() {
        for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let text = fs::read_to_string(root.join(file)).expect("the workspace has its licences");
            assert!(read(&package, file) == text, "{}: another {file} than the workspace's", package["name"]);
        }
    }
}

#[test]
fn every_readme_has_an_example_and_a_row_for_each_feature() {
    for package in published() {
        let readme = read(&package, text(&package, "readme"));
        assert!(readme.contains("\n```rust\n"), "{}: its README has no example", package["name"]);
        // Where the README is not included, its example is not run.
        let included = read(&package, "src/lib.rs").contains(r#"include_str!("../README.md")"#);
        assert!(included, "{}: its crate documentation does not include its README", package["name"]);
        let features = package["features"].as_object().expect("features have names");
        let features: BTreeSet<&str> = features.keys().map(String::as_str).filter(|name| *name != "default").collect();
        let told = readme.lines().skip_while(|line| !line.starts_with("| feature |")).skip(2);
        let rows = told.map_while(|line| line.strip_prefix("| `")?.split('`').next());
        assert_eq!(rows.collect::<BTreeSet<_>>(), features, "{}: the table of features in its README", package["name"]);
    }
}

#[test]
fn no_crate_that_is_published_takes_in_a_file_from_outside() {
    for package in published() {
        for below in ["src", "tests"] {
            let below = folder(&package).join(below);
            for file in sources(&below) {
                let depth = file.strip_prefix(folder(&package)).map_or(0, |path| path.components().count() - 1);
                let outside = "../".repeat(depth + 1);
                let code = fs::read_to_string(&file).expect("a source can be read");
                assert!(!code.contains(&outside), "{} names {outside}, outside of its crate", file.display());
            }
        }
    }
}

/// The files of Rust below a folder, which need not be there.
fn sources(below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(below).into_iter().flatten() {
        let path = entry.expect("a folder can be read").path();
        match path.is_dir() {
            true => found.extend(sources(&path)),
            false if path.extension().is_some_and(|kind| kind == "rs") => found.push(path),
            false => {}
        }
    }
    found
}
