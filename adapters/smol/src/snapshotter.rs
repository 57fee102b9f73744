use std::io;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use quorate::{Members, Position, Snapshot};
use quorate_disk::Snapshots;
use smol::channel::{Receiver, Sender, unbounded};

use crate::replica::Frozen;

/// Writes snapshots of the application's state, one at a time, each on a thread of its own.
pub(crate) struct Snapshotter {
    files: Snapshots,
    taken: Receiver<Taken>,
    tell: Sender<Taken>,
    thread: Option<JoinHandle<()>>,
}

/// What became of a snapshot.
pub(crate) struct Taken {
    pub(crate) result: io::Result<Snapshot>,
    /// For how long the node stood still for it.
    pub(crate) pause: Duration,
    /// How long it took from its beginning to its end.
    pub(crate) time: Duration,
}

impl Snapshotter {
    pub(crate) fn new(files: Snapshots) -> Snapshotter {
        let (tell, taken) = unbounded();
        Snapshotter { files, taken, tell, thread: None }
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.thread.is_some()
    }

    /// Begins a snapshot of the state at this position, which `freeze` takes hold of.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub(crate) fn begin(
        &mut self,
        position: Position,
        members: Members,
        freeze: impl FnOnce() -> Frozen,
    ) -> io::Result<()> {
        let begun = Instant::now();
        let write = freeze();
        let pause = begun.elapsed();
        let (files, tell) = (self.files.clone(), self.tell.clone());
        let work = move || {
            let result = take(&files, position, members, write);
            let _ = tell.try_send(Taken { result, pause, time: begun.elapsed() });
        };
        self.thread = Some(thread::Builder::new().name("quorate-snapshot".into()).spawn(work)?);
        Ok(())
    }

    /// Waits for the snapshot under way, for ever if there is none.
    pub(crate) async fn taken(&self) -> Taken {
        match self.taken.recv().await {
            Ok(taken) => taken,
            Err(_) => unreachable!("the sender lives as long as the receiver"),
        }
    }

    /// Makes way for the next one.
    pub(crate) fn finish(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What is being written is of use to nobody then, but the directory has to be left alone before another node opens it.
impl Drop for Snapshotter {
    fn drop(&mut self) {
        self.finish();
    }
}

fn take(files: &Snapshots, position: Position, members: Members, write: Frozen) -> io::Result<Snapshot> {
    let mut file = files.create(position, members)?;
    write(&mut file)?;
    Ok(file.finish()?)
}
