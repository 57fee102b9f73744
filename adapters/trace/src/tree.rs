use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A JSON value whose fields keep the order in which they were written.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// Null, a truth value, a number or a text.
    Leaf(Value),
    /// An array.
    List(Vec<Tree>),
    /// An object.
    Map(Vec<(String, Tree)>),
}

impl Tree {
    /// The first place at which two trees differ: how to get there, and what is there in this one and in the other.
    pub fn difference<'t>(&'t self, other: &'t Tree) -> Option<(String, Option<&'t Tree>, Option<&'t Tree>)> {
        match (self, other) {
            (Tree::List(ours), Tree::List(theirs)) => {
                let places = 0..ours.len().max(theirs.len());
                places.into_iter().find_map(|place| within(&format!("[{place}]"), ours.get(place), theirs.get(place)))
            }
            (Tree::Map(ours), Tree::Map(theirs)) => {
                let missing = theirs.iter().filter(|(name, _)| !ours.iter().any(|(own, _)| own == name));
                let names = ours.iter().chain(missing).map(|(name, _)| name);
                names.into_iter().find_map(|name| within(&format!(".{name}"), field(ours, name), field(theirs, name)))
            }
            _ => (self != other).then_some((String::new(), Some(self), Some(other))),
        }
    }
}

type Difference<'t> = (String, Option<&'t Tree>, Option<&'t Tree>);

fn within<'t>(step: &str, ours: Option<&'t Tree>, theirs: Option<&'t Tree>) -> Option<Difference<'t>> {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => {
            let (path, ours, theirs) = ours.difference(theirs)?;
            Some((format!("{step}{path}"), ours, theirs))
        }
        _ => Some((step.to_owned(), ours, theirs)),
    }
}

fn field<'t>(fields: &'t [(String, Tree)], name: &str) -> Option<&'t Tree> {
    fields.iter().find(|(found, _)| found == name).map(|(_, tree)| tree)
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tree::Leaf(value) => value.fmt(f),
            Tree::List(items) => {
                f.write_str("[")?;
                for (place, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if place == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Tree::Map(fields) => {
                f.write_str("{")?;
                for (place, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{}{}:{value}", if place == 0 { "" } else { "," }, Value::from(name.as_str()))?;
                }
                f.write_str("}")
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(field) = fields.next_entry()? {
            map.push(field);
        }
        Ok(Tree::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Tree {
        serde_json::from_str(text).expect("it is JSON")
    }

    #[test]
    fn fields_keep_their_order() {
        let text = r#"{"b":[1,-2,null,true],"a":{"x":"é\n"}}"#;
        assert_eq!(tree(text).to_string(), text);
    }

    #[test]
    fn the_first_difference_is_named_by_its_path() {
        let (one, other) = (tree(r#"{"b":[1,{"x":2}],"a":0}"#), tree(r#"{"b":[1,{"x":3}],"a":9}"#));
        let (path, ours, theirs) = one.difference(&other).expect("they differ");
        assert_eq!((path.as_str(), ours, theirs), (".b[1].x", Some(&tree("2")), Some(&tree("3"))));
        assert_eq!(one.difference(&one), None);
        let (longer, more) = (tree(r#"{"b":[1,{"x":2},4],"a":0}"#), tree(r#"{"b":[1,{"x":2}],"a":0,"c":5}"#));
        assert_eq!(longer.difference(&one).map(|(path, ..)| path).as_deref(), Some(".b[2]"));
        assert_eq!(one.difference(&more).map(|(path, ..)| path).as_deref(), Some(".c"));
    }
}
