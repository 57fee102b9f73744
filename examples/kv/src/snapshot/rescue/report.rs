use std::fmt;
use std::path::Path;
use std::time::SystemTime;

use quorate::{Position, Seats, Snapshot};
use serde_json::{Value, json};

use super::Survivor;
use crate::layout::{name, names};
use crate::log::Utc;
use crate::snapshot::outline;

/// What a survivor holds, and what that means.
pub(super) struct Report<'a> {
    pub(super) directory: &'a Path,
    pub(super) survivor: &'a Survivor,
}

/// What a new cluster is to be made of.
pub(super) struct Made<'a> {
    pub(super) file: &'a Path,
    pub(super) snapshot: Snapshot,
    pub(super) cluster: u64,
    pub(super) members: Seats,
    pub(super) are_named: bool,
}

/// When it was written, and by which version.
pub(super) fn heading() -> String {
    format!("{} quorate-kv {} rescue\n", Utc(SystemTime::now()), env!("CARGO_PKG_VERSION"))
}

impl Report<'_> {
    /// The same as JSON, with what was made of it.
    pub(super) fn json(&self, made: Option<&Made<'_>>) -> Value {
        let Report { directory, survivor } = self;
        let (owner, (founding, life), members) = (survivor.owner(), survivor.identity(), survivor.members());
        let (last, committed) = (survivor.last(), survivor.committed().0);
        let position = |position: Position| json!({ "index": position.index.0, "term": position.term.0 });
        let damaged: Vec<_> = survivor.damaged().iter().map(ToString::to_string).collect();
        json!({
            "directory": directory,
            "node": name(owner.seat),
            "life": life.to_string(),
            "cluster": owner.cluster,
            "founding": founding.to_string(),
            "voters": list(members.voters),
            "outgoing": list(members.outgoing),
            "learners": list(members.learners),
            "recency": position(survivor.recency()),
            "last": position(last),
            "keys": survivor.app().len(),
            "sessions": survivor.clients(),
            "damaged": damaged,
            "committed": committed,
            "unsure": (last.index.0 > committed).then(|| json!({ "from": committed + 1, "to": last.index.0 })),
            "lost_of": list(self.others()),
            "made": made.map(Made::json),
        })
    }

    /// Who may have acknowledged what the survivor does not have; the survivor's node itself if only another store of it.
    fn others(&self) -> Seats {
        let (members, me) = (self.survivor.members(), self.survivor.owner().seat);
        let others = members.voters.union(members.outgoing).without(me);
        let is_all = self.survivor.last().index == self.survivor.committed();
        if others.is_empty() && !is_all { Seats::NONE.with(me) } else { others }
    }
}

impl Made<'_> {
    fn json(&self) -> Value {
        let Snapshot { position, bytes, check } = self.snapshot;
        json!({
            "file": self.file,
            "index": position.index.0,
            "term": position.term.0,
            "bytes": bytes,
            "crc32c": format!("{check:08x}"),
            "cluster": self.cluster,
            "members": list(self.members),
        })
    }
}

fn list(seats: Seats) -> Vec<String> {
    seats.iter().map(name).collect()
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { directory, survivor } = self;
        let (owner, (founding, life), members) = (survivor.owner(), survivor.identity(), survivor.members());
        let (last, recency, committed) = (survivor.last(), survivor.recency(), survivor.committed());
        writeln!(f, "survivor   {}: {}, life {life}", directory.display(), name(owner.seat))?;
        writeln!(f, "cluster    {}, identity {founding}", owner.cluster)?;
        write!(f, "members    voters {}", names(members.voters.iter()))?;
        for (role, seats) in [("voters until a moment ago", members.outgoing), ("learners", members.learners)] {
            if !seats.is_empty() {
                write!(f, "; {role} {}", names(seats.iter()))?;
            }
        }
        writeln!(f)?;
        let (term, index) = (recency.term.0, recency.index.0);
        writeln!(f, "recency    term {term}, index {index}")?;
        writeln!(f, "last       index {}, term {}", last.index.0, last.term.0)?;
        writeln!(f, "state      {} keys, {} sessions", survivor.app().len(), survivor.clients())?;
        for damage in survivor.damaged() {
            writeln!(f, "damaged    {damage}; an earlier snapshot and the log took its place")?;
        }
        writeln!(
            f,
            "complete   all that was acknowledged before term {term}, and in it up to index {index}, is in the state"
        )?;
        writeln!(f, "committed  index {}, for certain", committed.0)?;
        if last.index > committed {
            writeln!(
                f,
                "unsure     entries {} to {}: they are in the state, and nothing here says whether they were committed. Some may \
                 never have been acknowledged, or have been replaced in a later term",
                committed.0 + 1,
                last.index.0
            )?;
        }
        let (me, others) = (name(owner.seat), self.others());
        let others = match others.contains(owner.seat) {
            _ if others.is_empty() => return writeln!(f, "lost       nothing: {me} is the only voter"),
            true => format!("another store of {me}"),
            false => names(others.iter()),
        };
        writeln!(
            f,
            "lost       what {others} acknowledged without {me}: in term {term} behind index {index}, and in later terms"
        )
    }
}

impl fmt::Display for Made<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, cluster) = (self.file.display(), self.cluster);
        let origin = if self.are_named { "as was asked for" } else { "who voted in the old one" };
        writeln!(f, "rescued    {file}: {}", outline(self.snapshot))?;
        writeln!(f, "new        cluster {cluster}, of {}, {origin}", names(self.members.iter()))?;
        writeln!(
            f,
            "next       restore each of them from {file} with `quorate-kv snapshot restore`, start all with --cluster {cluster}, \
             and tell clients; never start an old directory beside them"
        )
    }
}
