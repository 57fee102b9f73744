//! Three nodes in one loop: the whole of quorate without I/O. A counter is replicated; the network is a queue, the disk
//! is a promise, time is a number.

use std::collections::VecDeque;

use quorate::{
    Boot, Charter, ClientCommand, Config, Effect, Entries, Features, Founding, Input, Instant, Least, Members, Message,
    Node, Role, Seat, Seats,
};
use serde::{Deserialize, Serialize};

/// What clients want done.
#[derive(Debug, Serialize, Deserialize)]
enum Command {
    Add(u32),
    Reset,
}

/// One member: the consensus, and the state that it replicates.
struct Member {
    node: Node<Command, Vec<u8>, 3>,
    counter: u32,
}

/// A message on its way. A real link has bytes; `quorate-wire` turns messages into bytes and back.
struct Letter {
    from: Seat,
    to: Seat,
    bytes: Vec<u8>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let members = Members::of(Seats::first(3));
    let mut cluster = Vec::new();
    let charter = Charter {
        founding: Founding(0x1a3b),
        members,
        least: Least { log_bytes: 4096, election_micros: 250_000, features: Features::OWN },
    };
    for seat in members.all().iter() {
        let config = Config::new(seat, u64::from(seat.0));
        let node = Boot::found(config, &charter, vec![0; 4096])?.start(Instant::START)?;
        cluster.push(Member { node, counter: 0 });
    }

    let mut network = VecDeque::new();
    let mut wishes = VecDeque::from([Command::Add(40), Command::Reset, Command::Add(2), Command::Add(40)]);
    let mut now = Instant::START;
    while cluster.iter().any(|member| member.counter != 42) {
        // Time passes until somebody has something to do.
        if network.is_empty() {
            now = cluster.iter().filter_map(|member| member.node.deadline()).min().ok_or("everybody waits")?;
            for member in &mut cluster {
                act(member, now, Input::Tick, &mut network)?;
            }
        }
        while let Some(Letter { from, to, bytes }) = network.pop_front() {
            let message: Message<'_> = postcard::from_bytes(&bytes)?;
            let member = &mut cluster[usize::from(to.0)];
            act(member, now, Input::Receive { from: from.into(), message }, &mut network)?;
        }
        let leads = |member: &&mut Member| member.node.role() == Role::Leader && member.node.waits_for().is_empty();
        let leader = cluster.iter_mut().find(leads);
        if let (Some(leader), Some(command)) = (leader, wishes.pop_front()) {
            println!("{now:?}: node {} leads and takes {command:?}", leader.node.seat().0);
            // Where it stands, or why nothing was done. What follows is drawn by the next step.
            match leader.node.step(now, ClientCommand { session: None, command: Some(command) }).answer {
                Ok(position) => println!("  it stands at {position:?}"),
                Err(reason) => println!("  refused: {reason:?}"),
            }
            act(leader, now, Input::Tick, &mut network)?;
        }
    }
    println!("{now:?}: all three count {}", cluster[0].counter);
    Ok(())
}

/// Gives a node an input, and carries its effects out.
fn act(
    member: &mut Member,
    now: Instant,
    input: Input<'_, Command>,
    network: &mut VecDeque<Letter>,
) -> Result<(), Box<dyn std::error::Error>> {
    let from = member.node.seat();
    let mut durable = None;
    for effect in member.node.step(now, input) {
        match effect {
            Effect::Persist(write) => {
                // Here a disk would write and sync.
                let _: (Option<_>, Entries<'_>) = (write.hard_state, write.entries);
                durable = Some(write.ticket);
            }
            Effect::Send { to, message } => {
                network.push_back(Letter { from, to, bytes: postcard::to_allocvec(&message)? });
            }
            Effect::Apply(entry) => match entry.command()? {
                Some(Command::Add(number)) => member.counter += number,
                Some(Command::Reset) => member.counter = 0,
                None => {}
            },
            // The log is large enough for this program: it need not be shortened.
            Effect::TakeSnapshot { .. } | Effect::SendPiece { .. } | Effect::Store { .. } | Effect::Restore { .. } => {}
            Effect::LeadershipEnded | Effect::TransferFailed { .. } => {}
            Effect::ReadReady { .. } | Effect::ReadFailed { .. } => {}
            // These three stay the cluster's members.
            Effect::Members { .. } | Effect::Dismissed(_) | Effect::ChangeFailed { .. } => {}
        }
    }
    match durable {
        Some(ticket) => act(member, now, Input::Persisted(ticket), network),
        None => Ok(()),
    }
}
