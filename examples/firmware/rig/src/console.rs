use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::interrupt::is_interrupted;
use crate::{Failure, Journal};

/// The talk with a machine: lines with a tag and an order go there, lines with the tag and `ok` or `error` come back. A
/// line that starts with `!` is news.
pub(crate) struct Console {
    name: String,
    out: Mutex<Box<dyn Write + Send>>,
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// Something has changed.
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    last_tag: u32,
    answers: HashMap<u32, Sender<Result<String, Failure>>>,
    state: State,
}

/// Whether the machine takes orders.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Starting,
    Started,
    Over,
}

impl Shared {
    /// What was asked before is forgotten by the machine.
    fn enter(&self, state: State) {
        let mut waiting = self.waiting.lock().unwrap();
        waiting.state = state;
        waiting.answers.clear();
        self.changed.notify_all();
    }
}

/// An answer that is to come.
pub struct Pending {
    name: String,
    answer: Receiver<Result<String, Failure>>,
}

impl Pending {
    /// Waits for the answer.
    ///
    /// # Errors
    /// The machine refused, stopped, started anew, or said nothing for so long: then it may have done it, or do it yet.
    pub fn wait(self, limit: Duration) -> Result<String, Failure> {
        let (name, begun) = (&self.name, Instant::now());
        while begun.elapsed() < limit && !is_interrupted() {
            match self.answer.recv_timeout(Duration::from_millis(100)) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let text = format!("{name} stopped before it answered: it may or may not have done it");
                    return Err(Failure::new(text));
                }
            }
        }
        Err(Failure::new(format!("{name} has not answered for {} s: it may yet do it", begun.elapsed().as_secs())))
    }
}

impl Console {
    pub(crate) fn new(
        name: &str,
        input: impl Read + Send + 'static,
        out: impl Write + Send + 'static,
        journal: Arc<Journal>,
    ) -> Console {
        let shared = Arc::<Shared>::default();
        let reader = thread::spawn({
            let (shared, name) = (shared.clone(), name.to_string());
            move || {
                for line in BufReader::new(input).split(b'\n').map_while(Result::ok) {
                    hear(&name, String::from_utf8_lossy(&line).trim_end(), &shared, &journal);
                }
                shared.enter(State::Over);
            }
        });
        Console { name: name.into(), out: Mutex::new(Box::new(out)), shared, reader: Some(reader) }
    }

    /// Gives the machine an order, once it has started.
    pub(crate) fn ask(&self, order: &str) -> Result<Pending, Failure> {
        let (sender, answer) = mpsc::channel();
        let waiting = self.shared.waiting.lock().unwrap();
        let is_starting = |waiting: &mut Waiting| waiting.state == State::Starting;
        let (mut waiting, _) = self.shared.changed.wait_timeout_while(waiting, START, is_starting).unwrap();
        let gone = || Failure::new(format!("{} does not run: start it first", self.name));
        match waiting.state {
            State::Started => {}
            State::Starting => return Err(Failure::new(format!("{} starts, and takes no orders yet", self.name))),
            State::Over => return Err(gone()),
        }
        waiting.last_tag += 1;
        let tag = waiting.last_tag;
        waiting.answers.insert(tag, sender);
        drop(waiting);
        let mut out = self.out.lock().unwrap();
        out.write_all(format!("{tag} {order}\n").as_bytes()).and_then(|()| out.flush()).map_err(|_| gone())?;
        Ok(Pending { name: self.name.clone(), answer })
    }

    /// Whether the machine has closed it.
    pub(crate) fn is_over(&self) -> bool {
        self.shared.waiting.lock().unwrap().state == State::Over
    }

    /// The machine starts anew: what it was asked before is forgotten.
    pub(crate) fn starts(&self) {
        self.shared.enter(State::Starting);
    }
}

impl Drop for Console {
    /// The machine has stopped: its lines come to their end.
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

fn hear(name: &str, line: &str, shared: &Shared, journal: &Journal) {
    if let Some(news) = line.strip_prefix("! ") {
        journal.add(name, news);
        match news.split(' ').next() {
            Some("started") => shared.enter(State::Started),
            Some("panicked") => shared.enter(State::Starting),
            _ => {}
        }
        return;
    }
    let Some((tag, answer)) = parse(line) else {
        journal.add(name, &format!("unreadable: {line:?}"));
        return;
    };
    if let Some(sender) = shared.waiting.lock().unwrap().answers.remove(&tag) {
        let _ = sender.send(answer);
    }
}

fn parse(line: &str) -> Option<(u32, Result<String, Failure>)> {
    let (tag, rest) = line.split_once(' ')?;
    let (verdict, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let answer = match verdict {
        "ok" => Ok(text.into()),
        "error" => Err(Failure::new(text)),
        _ => return None,
    };
    Some((tag.parse().ok()?, answer))
}

/// For how long an order waits for a machine that starts.
const START: Duration = Duration::from_secs(20);
