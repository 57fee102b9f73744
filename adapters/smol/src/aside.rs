use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread::{self, JoinHandle};

use smol::channel::{Receiver, Sender, unbounded};

/// Work that would hold the node up, one piece at a time, each on a thread of its own.
pub(crate) struct Aside<T> {
    name: &'static str,
    tell: Sender<thread::Result<T>>,
    results: Receiver<thread::Result<T>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Aside<T> {
    /// Threads will have this name, of at most 15 bytes.
    pub(crate) fn new(name: &'static str) -> Aside<T> {
        let (tell, results) = unbounded();
        Aside { name, tell, results, thread: None }
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.thread.is_some()
    }

    /// Begins a piece of work, once the one before is finished.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub(crate) fn begin(&mut self, work: impl FnOnce() -> T + Send + 'static) -> io::Result<()> {
        let tell = self.tell.clone();
        let work = move || {
            let _ = tell.try_send(catch_unwind(AssertUnwindSafe(work)));
        };
        self.thread = Some(thread::Builder::new().name(self.name.into()).spawn(work)?);
        Ok(())
    }

    /// Waits for the work under way, for ever if there is none. A panic there becomes one here.
    pub(crate) async fn done(&self) -> T {
        match self.results.recv().await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => unreachable!("the sender lives as long as the receiver"),
        }
    }
}

impl<T> Aside<T> {
    /// Makes way for the next piece of work.
    pub(crate) fn finish(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What is done is of use to nobody then, but the directory has to be left alone before another node opens it.
impl<T> Drop for Aside<T> {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use smol::block_on;

    use super::*;

    #[test]
    fn what_is_done_comes_back() {
        let mut aside = Aside::new("quorate-test");
        for number in 0..3 {
            aside.begin(move || number).expect("a thread");
            assert_eq!(block_on(aside.done()), number);
            assert!(aside.is_busy(), "until it is finished");
            aside.finish();
        }
        assert!(!aside.is_busy());
    }

    #[test]
    fn a_panic_comes_back_as_one() {
        let mut aside = Aside::<()>::new("quorate-test");
        aside.begin(|| panic!("not this time")).expect("a thread");
        let caught = catch_unwind(AssertUnwindSafe(|| block_on(aside.done())));
        assert_eq!(caught.expect_err("it panics").downcast_ref::<&str>(), Some(&"not this time"));
    }
}
