use serde::{Deserialize, Serialize};

/// The most bytes of a value: a reply that carries one must fit into a frame.
pub(crate) const VALUE_BYTES_MAX: usize = 1_000;

/// The most bytes of a command, its key and its values with a few bytes of lengths: its record must fit into a frame
/// between members, beside all else that such a frame carries.
pub(crate) const COMMAND_BYTES_MAX: usize = 1_060;

/// What clients want done. Any string is a key, the empty one too; any bytes are a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Command<'a> {
    /// Sets a key.
    Put { key: &'a str, value: &'a [u8] },
    /// Removes a key.
    Delete { key: &'a str },
    /// Adds to the end of a key's value; a missing key has an empty one.
    Append { key: &'a str, value: &'a [u8] },
    /// Sets a key if it has the value `from`, or is missing if there is none.
    Cas {
        key: &'a str,
        #[serde(borrow)]
        from: Option<&'a [u8]>,
        to: &'a [u8],
    },
}

/// Stands for [`Command`] with any lifetime.
pub(crate) struct Commands;

impl quorate::Command for Commands {
    type View<'a> = Command<'a>;
}

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Put {
        existed: bool,
    },
    Deleted {
        existed: bool,
    },
    Appended {
        length: u64,
    },
    Compared {
        swapped: bool,
    },
    /// Nothing was done: the value would be longer than [`VALUE_BYTES_MAX`].
    TooLong,
}

/// What clients want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Query<'a> {
    /// The value of a key, as an `Option<&[u8]>`.
    Get { key: &'a str },
}

impl Command<'_> {
    /// The command's bytes, if every node would take them.
    ///
    /// # Errors
    /// What is too long, and how long it may be.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, String> {
        let value = match self {
            Command::Put { value, .. } | Command::Append { value, .. } => value.len(),
            Command::Cas { from, to, .. } => from.map_or(0, <[u8]>::len).max(to.len()),
            Command::Delete { .. } => 0,
        };
        if value > VALUE_BYTES_MAX {
            return Err(too_long(value));
        }
        let bytes = postcard::to_stdvec(self).map_err(|error| format!("the command cannot be encoded: {error}"))?;
        if bytes.len() > COMMAND_BYTES_MAX {
            return Err(format!(
                "key and values take {} bytes, and {COMMAND_BYTES_MAX} travel in one frame: use a shorter key or value",
                bytes.len()
            ));
        }
        Ok(bytes)
    }
}

/// Says that a value of `length` bytes is too long.
fn too_long(length: usize) -> String {
    format!("the value has {length} bytes, and at most {VALUE_BYTES_MAX} are kept: split it over several keys")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_the_most_bytes_is_taken_and_one_byte_more_is_not() {
        let value = vec![b'v'; VALUE_BYTES_MAX + 1];
        let put = |value| Command::Put { key: "key", value };
        assert!(put(&value[1..]).encode().is_ok());
        assert!(put(&value).encode().unwrap_err().contains("1001 bytes"));
    }

    #[test]
    fn key_and_values_share_the_frame() {
        let value = vec![b'v'; VALUE_BYTES_MAX];
        let command = Command::Cas { key: "key", from: Some(&value), to: &value };
        assert!(command.encode().unwrap_err().contains("one frame"));
    }

    #[test]
    fn the_longest_command_fits_into_a_record_of_a_standard_frame() {
        let frame = 1_200 - quorate_wire::MEMBER_OVERHEAD_MAX;
        let most = quorate::Session { client: u64::MAX, epoch: quorate::Index::MAX, sequence: u64::MAX };
        let session = postcard::to_stdvec(&most).unwrap().len();
        assert!(COMMAND_BYTES_MAX + session + quorate::RECORD_OVERHEAD <= frame);
    }
}
