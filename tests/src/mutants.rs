//! Wrong cores and wrong logs, read from `mutants.txt`: each takes one rule out, and names the test that must notice.

use std::fmt;

/// A change to one file that breaks one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// What is wrong with it, in a few words.
    pub name: String,
    /// The rule that it breaks.
    pub rule: String,
    /// The file that is changed, from the root of the workspace.
    pub file: String,
    /// Who must notice.
    pub by: Killer,
    /// The text that is replaced.
    pub find: String,
    /// The text that takes its place.
    pub replace: String,
}

/// A test that notices a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Killer {
    /// The golden trace of this name, without its ending.
    Trace(String),
    /// The core's own tests.
    Rules,
    /// An example that must not compile.
    Docs,
    /// The disk's own tests.
    Disk,
    /// Power cuts on real files.
    Power,
    /// The flash's own tests.
    Flash,
    /// The simulator.
    Seeds,
    /// The simulator, with sealed links.
    Links,
    /// The boards, and the serial adapter's own tests.
    Boards,
    /// The driver's own tests.
    Driver,
    /// The smol adapter's own tests, but for those of whole clusters.
    Smol,
    /// The tests of the frames, of the nodes on hosts, and of the key-value store.
    Kv,
}

/// Every mutant there is.
///
/// # Panics
/// The list is not well formed.
#[track_caller]
pub fn all() -> Vec<Mutant> {
    let list = include_str!("../mutants.txt");
    let blocks = list.split("\n[").skip(1);
    blocks.map(|block| Mutant::parse(block).unwrap_or_else(|| panic!("not a mutant: [{block}"))).collect()
}

impl Mutant {
    fn parse(block: &str) -> Option<Mutant> {
        let (name, body) = block.split_once("]\n")?;
        let field = |name: &str| body.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let text = |sign: char| body.lines().filter_map(|line| line.strip_prefix(sign)).collect::<Vec<_>>().join("\n");
        Some(Mutant {
            name: name.into(),
            rule: field("rule:")?.into(),
            file: field("file:")?.into(),
            by: Killer::parse(field("by:")?),
            find: text('-'),
            replace: text('+'),
        })
    }

    /// The file with the mutation in it; `None` unless the text stands there exactly once.
    pub fn apply(&self, source: &str) -> Option<String> {
        let is_clear = !self.find.is_empty() && source.matches(&self.find).count() == 1;
        is_clear.then(|| source.replacen(&self.find, &self.replace, 1))
    }
}

impl Killer {
    fn parse(text: &str) -> Killer {
        match text {
            "rules" => Killer::Rules,
            "docs" => Killer::Docs,
            "disk" => Killer::Disk,
            "power" => Killer::Power,
            "flash" => Killer::Flash,
            "seeds" => Killer::Seeds,
            "links" => Killer::Links,
            "boards" => Killer::Boards,
            "driver" => Killer::Driver,
            "smol" => Killer::Smol,
            "kv" => Killer::Kv,
            trace => Killer::Trace(trace.into()),
        }
    }
}

impl fmt::Display for Killer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Killer::Trace(name) => f.write_str(name),
            Killer::Rules => f.write_str("rules"),
            Killer::Docs => f.write_str("docs"),
            Killer::Disk => f.write_str("disk"),
            Killer::Power => f.write_str("power"),
            Killer::Flash => f.write_str("flash"),
            Killer::Seeds => f.write_str("seeds"),
            Killer::Links => f.write_str("links"),
            Killer::Boards => f.write_str("boards"),
            Killer::Driver => f.write_str("driver"),
            Killer::Smol => f.write_str("smol"),
            Killer::Kv => f.write_str("kv"),
        }
    }
}
