use std::fs;
use std::process::Command;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/performance.md");

/// Puts a table where the page has a place for it, in place of the one before.
pub(crate) fn put(name: &str, table: &str) -> Result<(), String> {
    let page = fs::read_to_string(PAGE).map_err(|error| format!("{PAGE}: {error}"))?;
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let split = page.split_once(&begin).and_then(|(head, rest)| Some((head, rest.split_once(&end)?.1)));
    let (head, tail) = split.ok_or_else(|| format!("{PAGE} has no place for {name}"))?;
    print!("{table}");
    fs::write(PAGE, format!("{head}{begin}{table}{end}{tail}")).map_err(|error| format!("{PAGE}: {error}"))
}

/// The processor and the compiler that a table is about.
pub(crate) fn machine() -> String {
    let facts = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = facts.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let rustc = Command::new("rustc").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let rustc = String::from_utf8_lossy(&rustc);
    let version = rustc.split_whitespace().nth(1).unwrap_or("of an unknown version");
    format!("on {}, Rust {version}, release with LTO", processor.map_or("a processor without a name", |(_, name)| name))
}

/// A number as tables have it: 12,345.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.max(0.0));
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}
