use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Instant;

/// What the machines said of themselves, the latest of it: logs, panics, ends.
pub struct Journal {
    since: Instant,
    /// Whether each line goes to standard error as well, when it comes.
    is_live: bool,
    lines: Mutex<VecDeque<Line>>,
}

/// A line, and whose it is.
struct Line {
    machine: String,
    text: String,
}

impl Journal {
    /// An empty journal.
    pub fn new(is_live: bool) -> Journal {
        Journal { since: Instant::now(), is_live, lines: Mutex::new(VecDeque::new()) }
    }

    /// Adds a line of this machine.
    pub fn add(&self, machine: &str, text: &str) {
        let line = format!("{:9.3} {machine}: {text}", self.since.elapsed().as_secs_f64());
        if self.is_live {
            eprintln!("{line}");
        }
        let mut lines = self.lines.lock().unwrap();
        if lines.len() == LINES_MAX {
            lines.pop_front();
        }
        lines.push_back(Line { machine: machine.into(), text: line });
    }

    /// The last lines, of one machine or of all.
    pub fn last(&self, count: usize, machine: Option<&str>) -> String {
        let lines = self.lines.lock().unwrap();
        let of_it = lines.iter().filter(|line| machine.is_none_or(|machine| machine == line.machine));
        let mut last: Vec<&str> = of_it.rev().take(count).map(|line| line.text.as_str()).collect();
        last.reverse();
        last.join("\n")
    }
}

const LINES_MAX: usize = 10_000;
