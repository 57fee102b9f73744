use quorate::{Change, Input, Seat, Seats};

use super::cluster::Cluster;
use super::crash::Crash;
use super::owed::Owed;
use super::{LOG_BYTES, Law, Setting, Violation, scratch};

/// Lengths of commands: some fill a sector to the byte, or several; the last one needs a segment of its own.
const LENGTHS: [usize; 6] = [1, 40, 411, 700, 1_000, 120];
/// A leader that is cut off takes so many, more than the others need until they take a snapshot.
const SHORT_COMMANDS: usize = 30;
/// So many commands fill any log twice.
const COMMANDS_MAX: usize = 2 * LOG_BYTES / 400;

/// The workload: in each round a leader is elected and serves; a member moves to another address; the leader is cut off
/// with entries that only it has, and another takes over and replaces them; leadership is handed over; a process ends
/// and starts again; one is left so far behind that it gets a snapshot.
pub(crate) fn play(cluster: &mut Cluster, rounds: usize) -> Result<(), Violation> {
    for _ in 0..rounds {
        serve(cluster)?;
        move_one(cluster)?;
        replace_a_leader(cluster)?;
        hand_over(cluster)?;
        restart_one(cluster)?;
        leave_one_behind(cluster)?;
    }
    cluster.run_until(Cluster::is_in_line)
}

fn serve(cluster: &mut Cluster) -> Result<(), Violation> {
    cluster.run_until(|cluster| cluster.leader().is_some())?;
    for length in LENGTHS {
        if let Some(leader) = cluster.leader() {
            cluster.propose(leader, length)?;
        }
        let turns = cluster.rng.usize(..12);
        cluster.run(turns)?;
    }
    cluster.run_until(Cluster::is_in_line)
}

fn move_one(cluster: &mut Cluster) -> Result<(), Violation> {
    let leader = cluster.leader().expect("all are in line behind a leader");
    let (seat, address) = (Seat(cluster.rng.u8(..cluster.members.len() as u8)), cluster.rng.u64(..).to_le_bytes());
    let before = cluster.members[leader].node.settled().since;
    cluster.act(leader, Input::Change(Change::Move { seat, address: &address }))?;
    cluster.run_until(|cluster| cluster.members.iter().all(|member| member.node.settled().since > before))
}

/// A leader and the rest of a minority hold entries, and perhaps acknowledged them, that the next leader replaces.
fn replace_a_leader(cluster: &mut Cluster) -> Result<(), Violation> {
    let leader = cluster.leader().expect("all are in line behind a leader");
    let nodes = cluster.members.len();
    let minority = (0..(nodes - 1) / 2).map(|after| Seat(((leader + after) % nodes) as u8)).collect();
    cluster.propose(leader, 50)?;
    let turns = cluster.rng.usize(..3);
    cluster.run(turns)?;
    cluster.isolate(minority);
    for length in [30, 600, 50] {
        cluster.propose(leader, length)?;
        cluster.run(8)?;
    }
    cluster.run_until(|cluster| cluster.leader().is_some())?;
    let successor = cluster.leader().expect("it was just there");
    cluster.propose(successor, 20)?;
    cluster.run(10)?;
    cluster.isolate(Seats::NONE);
    cluster.run_until(Cluster::is_in_line)
}

fn hand_over(cluster: &mut Cluster) -> Result<(), Violation> {
    let leader = cluster.leader().expect("all are in line behind a leader");
    cluster.propose(leader, 10)?;
    cluster.act(leader, Input::Transfer { to: None })?;
    cluster.run_until(|cluster| cluster.leader().is_some_and(|other| other != leader))
}

fn restart_one(cluster: &mut Cluster) -> Result<(), Violation> {
    for length in [5, 500] {
        if let Some(leader) = cluster.leader() {
            cluster.propose(leader, length)?;
        }
    }
    let turns = cluster.rng.usize(..10);
    cluster.run(turns)?;
    let place = cluster.rng.usize(..cluster.members.len());
    cluster.restart(place)?;
    cluster.run_until(Cluster::is_in_line)
}

/// A follower, or a leader with entries that only it has, is cut off until the others have forgotten what it needs. It
/// may be started again while it fetches their snapshot.
fn leave_one_behind(cluster: &mut Cluster) -> Result<(), Violation> {
    let leader = cluster.leader().expect("all are in line behind a leader");
    let left = if cluster.rng.bool() { leader } else { (leader + 1) % cluster.members.len() };
    cluster.isolate(Seats::NONE.with(Seat(left as u8)));
    let last = cluster.members[left].node.last().index;
    for _ in 0..SHORT_COMMANDS {
        cluster.propose(left, 1)?;
        cluster.run(2)?;
    }
    let is_forgotten =
        |cluster: &Cluster| cluster.leader().is_some_and(|leader| cluster.members[leader].node.base().index > last);
    for _ in 0..COMMANDS_MAX {
        if is_forgotten(cluster) {
            break;
        }
        cluster.run_until(|cluster| cluster.leader().is_some())?;
        let leader = cluster.leader().expect("it was just there");
        cluster.propose(leader, 400)?;
        cluster.run(15)?;
    }
    cluster.run_until(is_forgotten)?;
    cluster.isolate(Seats::NONE);
    if cluster.rng.bool() {
        cluster.run_until(|cluster| cluster.members[left].node.fetching().is_some_and(|stored| stored.received > 0))?;
        cluster.restart(left)?;
    }
    cluster.run_until(Cluster::is_in_line)
}

/// A cluster goes on after the power failed everywhere: it elects a leader, which has every answered entry, and serves.
pub(crate) fn resume(setting: Setting, crashes: &[Crash], owed: &[Owed<'_>]) -> Result<(), Violation> {
    let scratch = scratch();
    for (place, crash) in crashes.iter().enumerate() {
        let directory = scratch.path().join(place.to_string());
        std::fs::create_dir_all(&directory).expect("a directory can be made");
        for (name, bytes) in &crash.image {
            std::fs::write(directory.join(name), bytes).expect("a file can be written");
        }
    }
    let mut cluster = Cluster::open(scratch.path(), setting)?;
    cluster.run_until(|cluster| cluster.leader().is_some())?;
    let leader = cluster.leader().expect("it was just there");
    cluster.propose(leader, 100)?;
    cluster.run_until(Cluster::is_in_line)?;
    let Some(most) = owed.iter().max_by_key(|owed| owed.applied()) else { return Ok(()) };
    let answered = most.committed().state(most.applied());
    for member in &cluster.members {
        if member.state.at(answered.index()) != answered {
            let story =
                format!("{:?} was answered, and node {} has another state", answered.index(), member.node.seat().0);
            return Err(Law::ClusterGoesOn.broken(story));
        }
    }
    Ok(())
}
