use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use quorate::{Index, Refusal, Role, Seat, Seats, Term};
use quorate_smol::{Event, Following};

use super::{Level, keys, members};
use crate::layout::{name, names};

/// An event of the node of this seat in words, and how much it matters. Its keys come from this file, if it has some.
pub(super) fn of(me: Seat, file: &Path, event: &Event) -> (Level, String) {
    match event {
        Event::Started { address, created: true, .. } => info(format!("listening on {address} with a new log")),
        Event::Started { address, writes, torn_bytes, term: Term(term), last: Index(last), .. } => {
            let dropped = match torn_bytes {
                0 => String::new(),
                bytes => format!("; {bytes} bytes of an unfinished write dropped"),
            };
            let found = format!("{writes} writes recovered, up to index {last} of term {term}{dropped}");
            info(format!("listening on {address}; {found}"))
        }
        Event::Founding { obstacle } => members::founding(me, obstacle),
        Event::Joining { address, is_heard } => members::joining(*address, *is_heard),
        Event::Founded { charter } => {
            info(format!("member of the cluster {}, of {}", charter.founding, names(charter.members.all().iter())))
        }
        Event::Joined { charter, incarnation } => members::joined(me, charter, *incarnation),
        Event::Outside { has_seat, address, since } => members::outside(me, *has_seat, *address, *since),
        Event::Asks { seat, address } => members::asks(*seat, *address),
        Event::TwoPlaces { seat, places } => members::two_places(*seat, *places),
        Event::Members { before, after, reborn, moved, .. } => members::change(before, after, reborn, moved),
        Event::ChangeFailed { seat, is_voter, reason } => members::change_failed(*seat, *is_voter, *reason),
        Event::ListDiffers { unknown, unnamed } => warn(members::list(*unknown, *unnamed)),
        Event::AddressDiffers { seat, listed, known } => members::elsewhere(*seat, *listed, *known),
        Event::PreferredUnknown { seats } => warn(members::preferred(*seats)),
        Event::HandsOver { to, fit_for } => {
            info(format!("{} is preferred and has followed for {}: handing over", name(*to), seconds(*fit_for)))
        }
        Event::Role { role, term, leader } => info(self::role(*role, *term, *leader)),
        Event::Leaderless { since, heard, silent } => warn(leaderless(*since, *heard, *silent)),
        Event::Follower { seat, following, since } => follower(*seat, *following, *since),
        Event::MessageRefused { seat, reason } => warn(message(*seat, *reason)),
        Event::FrameRefused { from, reason } => warn(frame(*from, *reason)),
        Event::SealsUnder { key } => keys::seals_under(*key),
        Event::LacksKey { key, used } => keys::lacks(*key, *used, file),
        Event::UnknownKey { key, from, is_cut_off } => keys::unknown(*key, *from, *is_cut_off, file),
        Event::LogFull { since } => warn(format!(
            "the log has been full for {}, and no snapshot makes room: writes are refused. Free the disk, or start this node \
             with a larger --log-size",
            seconds(*since)
        )),
        Event::LogHasRoom => info("the log has room again".to_owned()),
        Event::TraceEnded { path, error } => {
            warn(format!("the trace {} ends here, and the node goes on: {error}", path.display()))
        }
        Event::SnapshotTaken { snapshot, pause, time } => info(format!(
            "snapshot of index {} taken: {} bytes in {time:.0?}, with a pause of {pause:.0?}",
            snapshot.position.index.0, snapshot.bytes
        )),
        Event::SnapshotFailed { error } => {
            warn(format!("no snapshot can be written, the one before stays in force: {error}"))
        }
        Event::SnapshotRestored { snapshot } => {
            info(format!("snapshot of index {} taken over, {} bytes", snapshot.position.index.0, snapshot.bytes))
        }
        Event::SnapshotDamaged { damage, instead: Some(position) } => {
            warn(format!("{damage}. It stays aside; the snapshot of index {} is in force", position.index.0))
        }
        Event::SnapshotDamaged { damage, instead: None } => warn(format!("{damage}")),
        Event::SnapshotLost { position } => warn(format!(
            "the snapshot of index {} is damaged or gone; waiting for another of the leader",
            position.index.0
        )),
        Event::TakesPlain { left } => warn(format!(
            "seals what it says, and takes what is not sealed as well for {}: until then anybody can pose as a node or a client",
            seconds(*left)
        )),
        Event::TakesSealedOnly { plain } if plain.is_empty() => {
            info("takes only what is sealed from now on".to_owned())
        }
        Event::TakesSealedOnly { plain } => warn(format!(
            "takes only what is sealed from now on: {} did not seal of late, and is not heard until it does. Start it with the \
             keys",
            names(plain.iter())
        )),
        Event::Stopping => info("stopping".to_owned()),
        other => info(format!("{other:?}")),
    }
}

/// What a node is, in the words that scripts wait for.
pub(crate) fn role(role: Role, Term(term): Term, leader: Option<Seat>) -> String {
    match (role, leader) {
        (Role::Leader, _) => format!("leader of term {term}"),
        (Role::Candidate, _) => format!("candidate in term {term}"),
        (Role::PreCandidate, _) => format!("looking for votes after term {term}"),
        (Role::Follower, Some(leader)) => format!("follower of {} in term {term}", name(leader)),
        (Role::Follower, None) => format!("follower without a leader in term {term}"),
    }
}

/// For whom a node waits that knows no leader.
fn leaderless(since: Duration, heard: Seats, silent: Seats) -> String {
    let since = seconds(since);
    match (heard.is_empty(), silent.is_empty()) {
        (_, true) => format!(
            "no leader for {since}, though {} can be heard: the logs of all of them say why none is elected",
            names(heard.iter())
        ),
        (true, false) => format!(
            "no leader for {since}: nothing is heard of {}. Start them, or check --peer and the network",
            names(silent.iter())
        ),
        (false, false) => format!(
            "no leader for {since}: {} can be heard, nothing of {}. Start them, or check --peer and the network",
            names(heard.iter()),
            names(silent.iter())
        ),
    }
}

fn follower(seat: Seat, following: Following, since: Duration) -> (Level, String) {
    let (node, since) = (name(seat), seconds(since));
    match following {
        Following::Well => info(format!("{node} follows again, after {since}")),
        Following::Behind { entries } => {
            warn(format!("{node} has been behind for {since}, and lacks {entries} entries that are committed"))
        }
        Following::BySnapshot { snapshot: Some(snapshot) } => info(format!(
            "{node} lacks what the log no longer holds: sending it the snapshot of index {}, {} bytes, for {since} so far",
            snapshot.position.index.0, snapshot.bytes
        )),
        Following::BySnapshot { snapshot: None } => {
            warn(format!("{node} has needed a snapshot for {since}, and there is none yet"))
        }
        Following::TooSmall { snapshot } => {
            let bytes = snapshot.map_or(0, |snapshot| snapshot.bytes);
            warn(format!(
                "{node} has lacked what the log no longer holds for {since}, and has no place for the snapshot of {bytes} bytes: \
                 give it more room, or keep less"
            ))
        }
        Following::NotAtAll => {
            warn(format!("{node} is lost: nothing was heard of it for {since}. Start it, or check the network to it"))
        }
    }
}

/// Why what another node says is refused, and what to do about it.
fn message(seat: Seat, reason: Refusal) -> String {
    let node = name(seat);
    let why = format!("refuses what {node} says, {}", reason.name());
    match reason {
        Refusal::Forgotten => {
            format!(
                "{why}: its disk is of an earlier day. Stop it, move its directory away, and start it with an empty one"
            )
        }
        Refusal::Incarnation => {
            format!(
                "{why}: two stores are in use for {node}, perhaps one a copy of the other. Stop the one that is one too many"
            )
        }
        Refusal::SnapshotTooLarge => {
            format!("{why}: this node has no place for it, and is not brought in line before it has")
        }
        Refusal::Sender | Refusal::Members => {
            format!("{why}: see that each node has its own --data-dir, and that no copy of one is in use")
        }
        Refusal::SecondLeader => {
            format!("{why}: two clusters may have the same --cluster, or one node was started twice")
        }
        _ => format!("{why}. If it goes on, stop {node}, keep its data, and report it"),
    }
}

/// Why a frame was dropped, and what to do about it.
fn frame(from: SocketAddr, reason: quorate_wire::DecodeError) -> String {
    use quorate_wire::DecodeError::{
        Checksum, Class, Cluster, Destination, Founding, Length, Malformed, Plain, Repeated, Sealed, Session, Tag,
        Version,
    };
    let advice = match reason {
        Cluster => "start both with the same --cluster, or each cluster on ports of its own",
        Founding => "its data come from another cluster: give each cluster ports of its own, or that node its own data",
        Destination => "compare the addresses in the --peer lists of both",
        Version(_) | Malformed => "run the same version of this program everywhere",
        Sealed(_) => {
            "if that is a node, compare the keyrings of both with `quorate-kv keyring list`, and copy one to the other, or start both \
             with --plain; if it is a client, its key was taken back, or is of a key that was removed: make it another one"
        }
        Plain => "start that node, or run that client, with the keys of this one; or all nodes with --plain",
        Tag => {
            "both have a key of this number, and not the same: `quorate-kv keyring list` shows fingerprints. Copy the keyring of one \
             node to all"
        }
        Session => {
            "it was meant for a session before this node or that one started anew; if it goes on, the keyrings of both differ: `quorate-kv \
             keyring list` shows fingerprints"
        }
        Repeated => "the network repeats what it carries, or somebody who recorded it does. It has done nothing",
        Length | Class(_) | Checksum => "something else sends to this port, or the network changes what it carries",
    };
    format!("dropped what {from} sent, {reason}: {advice}")
}

/// To the tenth where that matters.
pub(super) fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        seconds => format!("{seconds} s"),
    }
}

pub(super) fn info(words: String) -> (Level, String) {
    (Level::Info, words)
}

pub(super) fn warn(words: String) -> (Level, String) {
    (Level::Warn, words)
}
