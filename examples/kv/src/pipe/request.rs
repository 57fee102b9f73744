use serde::Deserialize;
use serde_json::Value;

use crate::command::Command;
use crate::session::Session;

/// A line of the pipe.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// The session of the attempt that this one repeats.
    pub(super) session: Option<Session>,
    pub(super) ask: Ask,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Get {
        key: String,
    },
    /// For a session to write in.
    Session,
    Write(Write),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Write {
    Put { key: String, value: String },
    Del { key: String },
    Append { key: String, value: String },
    Cas { key: String, from: Option<String>, to: String },
}

impl Write {
    pub(super) fn command(&self) -> Command<'_> {
        match self {
            Write::Put { key, value } => Command::Put { key, value: value.as_bytes() },
            Write::Del { key } => Command::Delete { key },
            Write::Append { key, value } => Command::Append { key, value: value.as_bytes() },
            Write::Cas { key, from, to } => {
                Command::Cas { key, from: from.as_deref().map(str::as_bytes), to: to.as_bytes() }
            }
        }
    }
}

/// What the JSON says beside id and session. Unknown fields are refused: a misspelt `from` would else mean "missing".
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
enum Fields {
    Get { key: String },
    Session,
    Put { key: String, value: String },
    Del { key: String },
    Append { key: String, value: String },
    Cas { key: String, from: Option<String>, to: String },
}

/// The request of a line, or what is wrong with it, and its id as far as that can be read.
pub(super) fn parse(line: &[u8]) -> (Value, Result<Request, String>) {
    let mut fields = match serde_json::from_slice(line) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return (Value::Null, Err("expected a JSON object".to_owned())),
        Err(error) => {
            return (Value::Null, Err(format!("not JSON, at column {}: {error}", error.column())));
        }
    };
    let id = fields.remove("id").unwrap_or_default();
    let session = match session(fields.remove("session")) {
        Ok(session) => session,
        Err(what) => return (id, Err(what)),
    };
    let request = serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string());
    let request = request.and_then(|fields| match (ask(fields), session) {
        (Ask::Get { .. } | Ask::Session, Some(_)) => Err("only a write has a session: leave it out".to_owned()),
        (ask, session) => Ok(Request { session, ask }),
    });
    (id, request)
}

fn session(value: Option<Value>) -> Result<Option<Session>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => text.parse().map(Some).map_err(|what| format!("session {text:?} is {what}")),
        Some(value) => Err(format!("session {value} is no text: name the one that was shown with the write")),
    }
}

fn ask(fields: Fields) -> Ask {
    Ask::Write(match fields {
        Fields::Get { key } => return Ask::Get { key },
        Fields::Session => return Ask::Session,
        Fields::Put { key, value } => Write::Put { key, value },
        Fields::Del { key } => Write::Del { key },
        Fields::Append { key, value } => Write::Append { key, value },
        Fields::Cas { key, from, to } => Write::Cas { key, from, to },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(line: &str, part: &str) {
        let what = parse(line.as_bytes()).1.unwrap_err();
        assert!(what.contains(part), "{what}");
    }

    #[test]
    fn a_request_is_read_with_its_id_and_session() {
        let (id, request) = parse(br#"{"id":7,"op":"cas","key":"k","from":null,"to":"v","session":"9:8:3"}"#);
        let cas = Write::Cas { key: "k".to_owned(), from: None, to: "v".to_owned() };
        assert_eq!(id, 7);
        assert_eq!(request, Ok(Request { session: "9:8:3".parse().ok(), ask: Ask::Write(cas) }));
    }

    #[test]
    fn what_is_wrong_is_said() {
        refused("{", "column 1");
        refused("[]", "object");
        refused(r#"{"op":"put","key":"k"}"#, "value");
        refused(r#"{"op":"pot","key":"k"}"#, "pot");
        refused(r#"{"op":"cas","key":"k","form":"x","to":"v"}"#, "form");
        refused(r#"{"op":"del","key":"k","session":"9:8:0"}"#, "9:8:0");
        refused(r#"{"op":"del","key":"k","session":3}"#, "no text");
        refused(r#"{"op":"get","key":"k","session":"9:8:3"}"#, "only a write");
        refused(r#"{"op":"session","session":"9:8:3"}"#, "only a write");
    }
}
