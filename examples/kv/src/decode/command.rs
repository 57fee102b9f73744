use serde::{Deserialize, Serialize, Serializer};

use crate::command::{Answer, Command, Query};

/// Bytes of the application, taken apart if they are what they should be.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Content<'a, T> {
    Read(T),
    Unreadable { unreadable: Text<'a> },
}

impl<'a, T: Deserialize<'a>> Content<'a, T> {
    pub(super) fn of<V>(bytes: &'a [u8], view: impl FnOnce(T) -> V) -> Content<'a, V> {
        match postcard::take_from_bytes(bytes) {
            Ok((value, [])) => Content::Read(view(value)),
            _ => Content::Unreadable { unreadable: Text(bytes) },
        }
    }
}

/// A command with its values as text.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CommandView<'a> {
    Put { key: &'a str, value: Text<'a> },
    Delete { key: &'a str },
    Append { key: &'a str, value: Text<'a> },
    Cas { key: &'a str, from: Option<Text<'a>>, to: Text<'a> },
}

/// The bytes of a command.
pub(super) fn command(bytes: &[u8]) -> Content<'_, CommandView<'_>> {
    Content::of(bytes, |command| match command {
        Command::Put { key, value } => CommandView::Put { key, value: Text(value) },
        Command::Delete { key } => CommandView::Delete { key },
        Command::Append { key, value } => CommandView::Append { key, value: Text(value) },
        Command::Cas { key, from, to } => CommandView::Cas { key, from: from.map(Text), to: Text(to) },
    })
}

/// The bytes of a question.
pub(super) fn query(bytes: &[u8]) -> Content<'_, Query<'_>> {
    Content::of(bytes, |query| query)
}

/// The bytes of what a command came to.
pub(super) fn answer(bytes: &[u8]) -> Content<'_, Answer> {
    Content::of(bytes, |answer| answer)
}

/// The bytes of a question's answer.
pub(super) fn value(bytes: &[u8]) -> Content<'_, Option<Text<'_>>> {
    Content::of(bytes, |value: Option<&[u8]>| value.map(Text))
}

/// Bytes as text, or in hex if they are none that can be shown.
pub(super) struct Text<'a>(&'a [u8]);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Hex {
            hex: String,
        }
        match std::str::from_utf8(self.0) {
            Ok(text) if !text.contains(char::is_control) => text.serialize(serializer),
            _ => Hex { hex: hex::encode(self.0) }.serialize(serializer),
        }
    }
}
