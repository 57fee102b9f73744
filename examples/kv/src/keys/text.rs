use std::fmt::{self, Write};

use quorate_wire::seal::{Key, KeyId};
use zeroize::Zeroizing;

/// What a file of keys says. It is wiped when it is dropped, and has room for all of it from the beginning: a text that grows
/// leaves copies behind.
pub(super) struct Text(Zeroizing<String>);

impl Text {
    pub(super) fn of(heading: &str, warning: &str) -> Text {
        let mut text = Zeroizing::new(String::with_capacity(super::file::BYTES_MAX));
        text.extend([heading, "\n# ", warning, "\n"]);
        Text(text)
    }

    pub(super) fn line(&mut self, word: &str, value: impl fmt::Display) {
        writeln!(self.0, "{word} {value}").expect("a text takes what is written to it");
    }

    pub(super) fn key(&mut self, id: KeyId, key: &Key, is_used: bool) {
        let mut digits = Zeroizing::new([0; 2 * Key::BYTES]);
        hex::encode_to_slice(key.expose(), &mut *digits).expect("there are two digits a byte");
        let digits = str::from_utf8(&*digits).expect("digits are text");
        let mark = if is_used { " used" } else { "" };
        self.line("key", format_args!("{} {digits}{mark}", id.number()));
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}
