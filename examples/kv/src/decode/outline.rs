use std::fmt::Write;

use quorate_trace::Tree;
use serde_json::Value;

/// The most characters of fields that share a line.
const LINE_MAX: usize = 100;

/// A tree as indented lines: a field a line, small values on the line of their name.
pub(super) fn of(tree: &Tree) -> String {
    let mut text = String::new();
    fields(&mut text, tree, 0);
    text
}

fn fields(text: &mut String, tree: &Tree, depth: usize) {
    let indent = "  ".repeat(depth);
    match tree {
        Tree::Map(fields) => {
            for (name, value) in fields {
                field(text, &format!("{indent}{name}"), value, depth);
            }
        }
        Tree::List(items) => {
            for item in items {
                field(text, &format!("{indent}-"), item, depth);
            }
        }
        Tree::Leaf(_) => field(text, &indent, tree, depth),
    }
}

fn field(text: &mut String, name: &str, value: &Tree, depth: usize) {
    let is_leaf = matches!(value, Tree::Leaf(_));
    let short = brief(value).filter(|short| is_leaf || name.len() + short.len() < LINE_MAX);
    let line = match (short, value) {
        (Some(short), _) => writeln!(text, "{name} {short}"),
        // The name of a variant, with its fields below.
        (None, Tree::Map(inner)) if inner.len() == 1 => {
            let line = writeln!(text, "{name} {}", inner[0].0);
            fields(text, &inner[0].1, depth + 1);
            line
        }
        (None, _) => {
            let line = writeln!(text, "{name}");
            fields(text, value, depth + 1);
            line
        }
    };
    line.expect("a string takes everything");
}

/// A value in one line, if it is not nested too deep.
fn brief(tree: &Tree) -> Option<String> {
    match tree {
        Tree::Leaf(value) => Some(leaf(value)),
        Tree::List(items) if items.is_empty() => Some("none".to_owned()),
        Tree::List(items) => {
            let leaves = items.iter().map(|item| matches!(item, Tree::Leaf(_)).then(|| brief(item))?);
            leaves.collect::<Option<Vec<_>>>().map(|leaves| leaves.join(", "))
        }
        Tree::Map(inner) if inner.is_empty() => Some("none".to_owned()),
        Tree::Map(inner) => {
            let parts = inner.iter().map(|(name, value)| match value {
                Tree::List(_) => None,
                Tree::Map(_) => brief(value).map(|short| format!("{name} ({short})")),
                Tree::Leaf(_) => brief(value).map(|short| format!("{name} {short}")),
            });
            parts.collect::<Option<Vec<_>>>().map(|parts| parts.join(", "))
        }
    }
}

/// A word as it is; any other text in quotes, so that its ends can be seen.
fn leaf(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) if text.chars().all(char::is_alphabetic) && !text.is_empty() => text.clone(),
        other => other.to_string(),
    }
}
