use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use quorate::{Answer, Charter, Config, Effect, Input, Instant, Node};
use quorate_trace::Recorder;

use crate::ServeError;

/// Where a node's steps are written down, if they are. It looks on, and changes nothing.
pub(crate) struct Trace {
    recorder: Option<Recorder<BufWriter<File>>>,
    /// Why it has ended early, until that is told.
    failure: Option<io::Error>,
}

/// Opens a trace's file for one more boot: what is there stays.
pub(crate) fn open(path: &Path) -> Result<File, ServeError> {
    let opened = OpenOptions::new().create(true).append(true).read(true).open(path).and_then(end_line);
    opened.map_err(|source| ServeError::Trace { path: path.to_owned(), source })
}

/// Ends a line that a crash has cut off.
fn end_line(mut file: File) -> io::Result<File> {
    if file.metadata()?.len() > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(file)
}

impl Trace {
    /// Writes the header of a node that has just started.
    pub(crate) fn start<C, B: AsRef<[u8]>, const SEATS: usize>(
        file: Option<File>,
        charter: Charter,
        config: Config,
        log_bytes: usize,
        node: &Node<C, B, SEATS>,
    ) -> io::Result<Trace> {
        let start = |file| Recorder::start(BufWriter::new(file), charter, config, log_bytes, Instant::START, node);
        let mut trace = Trace { recorder: file.map(start).transpose()?, failure: None };
        trace.flush();
        trace.failure.take().map_or(Ok(trace), Err)
    }

    pub(crate) fn begin<C, B: AsRef<[u8]>, const SEATS: usize, V: serde::Serialize>(
        &mut self,
        node: &Node<C, B, SEATS>,
        now: Instant,
        input: &Input<'_, V>,
    ) {
        if let Some(recorder) = &mut self.recorder {
            recorder.begin(node, now, input);
        }
    }

    pub(crate) fn leave_app(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.leave_app();
        }
    }

    pub(crate) fn answer(&mut self, answer: Answer) {
        if let Some(recorder) = &mut self.recorder {
            recorder.answer(answer);
        }
    }

    pub(crate) fn draw<V>(&mut self, effect: &Effect<'_, V>) {
        if let Some(recorder) = &mut self.recorder {
            recorder.draw(effect);
        }
    }

    pub(crate) fn end<C, B: AsRef<[u8]>, const SEATS: usize>(&mut self, node: &Node<C, B, SEATS>, drained: bool) {
        self.write(|recorder| recorder.end(node, drained));
    }

    /// Hands to the system what was written so far: a killed process leaves it behind.
    pub(crate) fn flush(&mut self) {
        self.write(|recorder| recorder.output().flush());
    }

    /// Why the trace has ended, once.
    pub(crate) fn failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// A trace with a gap could not be replayed: the first failure is its end.
    fn write(&mut self, write: impl FnOnce(&mut Recorder<BufWriter<File>>) -> io::Result<()>) {
        let written = self.recorder.as_mut().map_or(Ok(()), write);
        if let Err(error) = written {
            self.recorder = None;
            self.failure = Some(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use quorate::{Boot, Features, Founding, Least, Members, Seat, Seats};

    use super::*;

    #[test]
    fn the_first_write_that_fails_is_the_last_and_is_told_once() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("trace");
        let config = Config::new(Seat(0), 1);
        let charter = Charter {
            founding: Founding(1),
            members: Members::of(Seats::first(1)),
            least: Least { log_bytes: 1024, election_micros: 250_000, features: Features::OWN },
        };
        let boot = Boot::<u64, _, 1>::found(config.clone(), &charter, [0; 1024]).expect("a cluster of one");
        let mut node = boot.start(Instant::START).expect("it has nothing");
        let file = open(&path).expect("a file");
        let mut trace = Trace::start(Some(file), charter, config, 1024, &node).expect("a header");
        let recorder = trace.recorder.as_mut().expect("it is on");
        *recorder.output().get_mut() = File::open(&path).expect("a file that takes nothing");

        let mut failures = 0;
        for millis in 0..3 {
            let (now, input) = (Instant::from_millis(millis), Input::<u64>::Tick);
            trace.begin(&node, now, &input);
            for effect in node.step(now, input) {
                trace.draw(&effect);
            }
            trace.end(&node, true);
            trace.flush();
            failures += u32::from(trace.failure().is_some());
        }
        assert_eq!((failures, trace.recorder.is_none()), (1, true));
    }
}
