use std::io::{Write, stdout};

use serde_json::json;

use super::content::Content;
use crate::command_line::InspectSnapshot;
use crate::exit::{Exit, Failure};
use crate::layout::name;

/// Prints what a saved snapshot holds.
///
/// # Errors
/// Why it cannot be used.
pub(crate) fn inspect(args: &InspectSnapshot) -> Result<Exit, Failure> {
    let Content { header, keys, sessions } = Content::read(&args.file)?;
    let (position, bytes) = (header.snapshot.position, header.snapshot.bytes);
    let check = format!("{:08x}", header.snapshot.check);
    let members: Vec<_> = header.members.all().iter().map(name).collect();
    let mut out = stdout().lock();
    if args.json {
        let report = json!({
            "index": position.index.0,
            "term": position.term.0,
            "bytes": bytes,
            "crc32c": check,
            "cluster": header.cluster,
            "members": members,
            "keys": keys,
            "sessions": sessions,
        });
        writeln!(out, "{report:#}")?;
    } else {
        writeln!(out, "index     {}", position.index.0)?;
        writeln!(out, "term      {}", position.term.0)?;
        writeln!(out, "bytes     {bytes}")?;
        writeln!(out, "crc32c    {check}")?;
        writeln!(out, "cluster   {}", header.cluster)?;
        writeln!(out, "members   {}", members.join(", "))?;
        writeln!(out, "keys      {keys}")?;
        writeln!(out, "sessions  {sessions}")?;
    }
    Ok(Exit::Done)
}
