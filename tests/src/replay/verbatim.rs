use quorate::Command;
use serde::ser::{Error as _, SerializeTuple};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Stands for the commands of any application.
pub(super) struct Verbatim;

impl Command for Verbatim {
    type View<'a> = Bytes<'a>;
}

/// A command as it stands in the log.
pub(super) enum Bytes<'a> {
    /// These bytes.
    Encoded(&'a [u8]),
    /// None: its own `Serialize` failed.
    Unencodable,
}

/// Postcard puts nothing around or between the parts of a tuple, so the bytes go into the log unchanged.
impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Bytes::Encoded(bytes) = *self else {
            return Err(S::Error::custom("a command that could not be encoded"));
        };
        let mut tuple = serializer.serialize_tuple(bytes.len())?;
        bytes.iter().try_for_each(|byte| tuple.serialize_element(byte))?;
        tuple.end()
    }
}

/// A core never decodes a command by itself.
impl<'de> Deserialize<'de> for Bytes<'_> {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(de::Error::custom("a replay applies nothing"))
    }
}
