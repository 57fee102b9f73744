use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use quorate::Session;
use quorate_smol::Client;
use smol::{LocalExecutor, block_on};

use crate::house::House;

/// How many clients fill the nodes at first.
const FILLERS: u64 = 256;

/// Clients that put again and again, on a thread of their own.
pub(crate) struct Load {
    done: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// Puts as many keys, each once.
pub(crate) fn fill(house: &House, keys: u64) {
    let executor = LocalExecutor::new();
    let clients = (0..FILLERS).map(|client| (house.client(), client)).map(|(connection, client)| {
        executor.spawn(async move {
            let mut caller = Caller::open(connection, client).await;
            for key in (client..keys).step_by(FILLERS as usize) {
                caller.put(key).await;
            }
        })
    });
    let clients: Vec<_> = clients.collect();
    block_on(executor.run(async {
        for client in clients {
            client.await;
        }
    }));
}

impl Load {
    pub(crate) fn start(house: &House, clients: u64) -> Load {
        let (done, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let connections: Vec<_> = (0..clients).map(|_| house.client()).collect();
        let (counted, stopped) = (Arc::clone(&done), Arc::clone(&stop));
        let thread = thread::spawn(move || run(connections, &counted, &stopped));
        Load { done, stop, thread }
    }

    /// How many puts were answered.
    pub(crate) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Puts a second, over this time.
    pub(crate) fn measure(&self, time: Duration) -> f64 {
        let (begun, before) = (Instant::now(), self.done());
        thread::sleep(time);
        crate::rate(self.done() - before, begun.elapsed())
    }

    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the clients end in peace");
    }
}

fn run(connections: Vec<Client>, done: &AtomicU64, stop: &AtomicBool) {
    let executor = LocalExecutor::new();
    let clients = connections.into_iter().zip(FILLERS..).map(|(connection, client)| {
        executor.spawn(async move {
            let mut caller = Caller::open(connection, client).await;
            while !stop.load(Ordering::Relaxed) {
                caller.put(client).await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    let clients: Vec<_> = clients.collect();
    block_on(executor.run(async {
        for client in clients {
            client.await;
        }
    }));
}

/// A client in its session.
struct Caller {
    client: Client,
    session: Session,
}

impl Caller {
    async fn open(mut client: Client, number: u64) -> Caller {
        let sequence = client.open(number).await.expect("the session opens");
        Caller { client, session: Session { client: number, sequence } }
    }

    async fn put(&mut self, key: u64) {
        self.session.sequence += 1;
        let command = postcard::to_stdvec(&(key, self.session.sequence)).expect("numbers can be encoded");
        self.client.command(self.session, &command).await.expect("the put is done");
    }
}
