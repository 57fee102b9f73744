use std::process::Command;

/// What a library is asked to do: see [`quorate_peers::run`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    pub(crate) work: &'static str,
    pub(crate) members: u64,
    pub(crate) command_bytes: u64,
    pub(crate) in_flight: u64,
    /// Commands in the log before.
    pub(crate) before: u64,
    /// It is done so often, and three times as often: what is stated is one more of it.
    pub(crate) repeats: u64,
}

/// What one more of it takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cost {
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
    pub(crate) messages: f64,
    pub(crate) bytes: f64,
}

/// One run.
#[derive(Debug)]
struct Run {
    /// Instructions, allocations, messages, bytes.
    counts: [f64; 4],
    sum: String,
}

/// What one more takes by this library, and the sum of what was applied in the longer run.
pub(crate) fn cost(peer: &str, course: &Course) -> Result<(Cost, String), String> {
    let (short, long) = (run(peer, course, course.repeats)?, run(peer, course, 3 * course.repeats)?);
    let more = |at: usize| (long.counts[at] - short.counts[at]) / (2 * course.repeats) as f64;
    let [instructions, allocations, messages, bytes] = [0, 1, 2, 3].map(more);
    Ok((Cost { instructions, allocations, messages, bytes }, long.sum))
}

fn run(peer: &str, course: &Course, repeats: u64) -> Result<Run, String> {
    let Course { work, members, command_bytes, in_flight, before, .. } = *course;
    let directory = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(directory.with_file_name(peer))
        .arg(work)
        .args([repeats, members, command_bytes, in_flight, before].map(|number| number.to_string()))
        .output()
        .map_err(|error| format!("valgrind: {error} (apt-get install valgrind)"))?;
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let trouble = |what: &str| format!("{peer}, {course:?}: {what}\n{told}");
    if !output.status.success() {
        return Err(trouble("it failed"));
    }
    let word = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let number = |name: &str| word(name).and_then(|word| word.parse().ok()).ok_or_else(|| trouble(name));
    let collected = told.split_once("Collected : ").and_then(|(_, rest)| rest.split_whitespace().next());
    let instructions = collected.and_then(|word| word.parse().ok()).ok_or_else(|| trouble("nothing was counted"))?;
    let counts = [instructions, number("allocations ")?, number("messages ")?, number("bytes ")?];
    Ok(Run { counts, sum: word("sum ").unwrap_or_default().into() })
}
