use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

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
    let clients = (0..FILLERS).map(|client| (house.client(), client)).map(|(mut connection, client)| {
        executor.spawn(async move {
            for (key, number) in (client..keys).step_by(FILLERS as usize).zip(1..) {
                put(&mut connection, key, number).await;
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
    let clients = connections.into_iter().zip(FILLERS..).map(|(mut connection, client)| {
        executor.spawn(async move {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                put(&mut connection, client, number).await;
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

/// Puts a key under a number that no put of this client had before.
async fn put(client: &mut Client, key: u64, number: u64) {
    let command = postcard::to_stdvec(&(key, number)).expect("numbers can be encoded");
    client.command(&command).await.expect("the put is done");
}
