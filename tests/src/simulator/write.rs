use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What the simulated clients want done: a few registers.
///
/// It is encoded as a word, `r2=17...`, so that a conversation shows it as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Write {
    /// Which register.
    pub key: u8,
    /// What to put there. Each value is written once, so that a read tells whose it is.
    pub value: u32,
    /// So many dots behind it make records differ in length.
    pub padding: u8,
}

impl fmt::Display for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}={}{:.<3$}", self.key, self.value, "", usize::from(self.padding))
    }
}

impl FromStr for Write {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, rest) = text.strip_prefix('r').and_then(|text| text.split_once('=')).ok_or("no register")?;
        let value = rest.trim_end_matches('.');
        Ok(Write {
            key: key.parse().map_err(|_| "no register's number")?,
            value: value.parse().map_err(|_| "no value")?,
            padding: u8::try_from(rest.len() - value.len()).map_err(|_| "too many dots")?,
        })
    }
}

impl Serialize for Write {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Write {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
