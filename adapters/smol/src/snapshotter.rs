use std::io;
use std::time::{Duration, Instant};

use quorate::{Members, Position, Snapshot};
use quorate_disk::Snapshots;

use crate::aside::Aside;
use crate::replica::Frozen;

/// Writes snapshots of the application's state.
pub(crate) struct Snapshotter {
    files: Snapshots,
    thread: Aside<Taken>,
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
        Snapshotter { files, thread: Aside::new("quorate-snapshot") }
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.thread.is_busy()
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
        let files = self.files.clone();
        self.thread.begin(move || {
            let result = take(&files, position, members, write);
            Taken { result, pause, time: begun.elapsed() }
        })
    }

    /// Waits for the snapshot under way, for ever if there is none.
    pub(crate) async fn taken(&self) -> Taken {
        self.thread.done().await
    }

    /// Makes way for the next one.
    pub(crate) fn finish(&mut self) {
        self.thread.finish();
    }
}

fn take(files: &Snapshots, position: Position, members: Members, write: Frozen) -> io::Result<Snapshot> {
    let mut file = files.create(position, members)?;
    write(&mut file)?;
    Ok(file.finish()?)
}
