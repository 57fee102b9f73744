use quorate::{
    Answer, Effect, Entries, Entry, Features, HardState, Identity, Incarnation, Kind, Members, Message, Node, Occupant,
    Outcome, Position, Role, Roster, Seat, Seats, Snapshot, Standing,
};

/// `3@2`: index 3 of term 2.
fn position(position: Position) -> String {
    format!("{}@{}", position.index.0, position.term.0)
}

fn entry(entry: Entry<'_>) -> String {
    let place = position(entry.position());
    match entry.kind() {
        Kind::Command | Kind::Request => {
            let word = entry.command().and_then(|bytes| postcard::from_bytes::<&str>(bytes).ok());
            let session = entry.session().map(|of| format!(" of {}:{}#{}", of.client, of.epoch.0, of.sequence));
            format!("{place} {}{}", self::word(word.unwrap_or("opens")), session.unwrap_or_default())
        }
        Kind::Members => format!("{place} {}", entry.roster().map_or_else(String::new, roster)),
    }
}

/// Who takes part: `voters 1, 2 at here, 3'7`, with the address of whoever has one, and the life of whoever is no founder.
fn roster(roster: Roster<'_>) -> String {
    let Members { voters, outgoing, replaced, learners, .. } = roster.members();
    let name = |seat: Seat| {
        let Occupant { incarnation, address } = roster.occupant(seat).unwrap_or_default();
        let address = if address.is_empty() { String::new() } else { format!(" at {}", address.escape_ascii()) };
        identity(Identity { seat, incarnation }) + &address
    };
    let part = |what: &str, seats: Seats| {
        let names: Vec<_> = seats.iter().map(name).collect();
        (!seats.is_empty()).then(|| format!("{what} {}", names.join(", ")))
    };
    let parts = [("voters", voters), ("outgoing", outgoing), ("replaced", replaced), ("learners", learners)];
    let on = roster.least().features;
    let on = (on != Features::OWN).then(|| format!("with {on}"));
    let key = roster.key().map(|key| format!("under key {key}"));
    let parts = parts.into_iter().filter_map(|(what, seats)| part(what, seats));
    parts.chain(on).chain(key).collect::<Vec<_>>().join("; ")
}

/// Who takes part as a node sees it, and what of that is settled.
pub(crate) fn members(node: &super::Node) -> String {
    let ((since, in_force), settled) = (node.roster(), node.settled().since);
    let on = (node.features() != Features::OWN).then(|| format!(", {} is on", node.features()));
    let key = node.key().map(|key| format!(", key {key} is used"));
    let rest = [on, key].map(Option::unwrap_or_default).concat();
    format!("since {} {}, settled {}{rest}", since.0, roster(in_force), settled.0)
}

/// A word, without the dots that fill it up.
fn word(word: &str) -> String {
    match word.trim_end_matches('.') {
        whole if whole == word => word.into(),
        start => format!("{start}...{}", word.len()),
    }
}

fn entries(entries: Entries<'_>) -> String {
    entries.map(entry).collect::<Vec<_>>().join(", ")
}

fn identity(Identity { seat, incarnation }: Identity) -> String {
    if incarnation == Incarnation::FOUNDER { seat.0.to_string() } else { format!("{}'{}", seat.0, incarnation.0) }
}

fn hard_state(state: HardState) -> String {
    let vote = state.vote.map_or("nobody".into(), identity);
    format!("term {}, vote for {vote}", state.term.0)
}

/// The node in a few words: what it is, its term, and how far it is.
pub(crate) fn node<C, B: AsRef<[u8]>, const SEATS: usize>(node: &quorate::Node<C, B, SEATS>) -> String {
    let role = match (node.role(), node.leader()) {
        (Role::Follower, Some(leader)) => format!("follows {}", leader.0),
        (Role::Follower, None) => "waits".into(),
        (Role::PreCandidate, _) => "asks around".into(),
        (Role::Candidate, _) => "campaigns".into(),
        (Role::Leader, _) => "leads".into(),
    };
    format!("{role} in term {}, commit {}", node.term().0, node.commit().0)
}

/// A node's log as terms, and the mark that is durable.
pub(crate) fn log<B: AsRef<[u8]>, const SEATS: usize>(node: &Node<String, B, SEATS>) -> String {
    let terms: Vec<_> = node.log().map(|entry| entry.position().term.0.to_string()).collect();
    let (durable, applied, mark) = (node.durable().0, node.applied().0, node.durable_mark().0);
    format!("log [{}], durable {durable}, applied {applied}, mark {mark}", terms.join(" "))
}

/// How far a leader believes the others to be.
pub(crate) fn progress(node: &super::Node) -> String {
    let peers = node.progress().map(|peer| {
        let probing = if peer.probing { ", probing" } else { "" };
        format!("{} matched {} next {}{probing}", peer.seat.0, peer.matched.0, peer.next.0)
    });
    peers.collect::<Vec<_>>().join("; ")
}

/// Who follows a leader, as that believes.
pub(crate) fn standing(node: &super::Node) -> String {
    let peers = node.progress().map(|peer| match peer.standing {
        Standing::Refused(refusal) => format!("{} is refused, {}", peer.seat.0, refusal.name()),
        other => format!("{} {}", peer.seat.0, format!("{other:?}").to_lowercase()),
    });
    let full = node.is_full().then(|| "its log is full".to_owned());
    peers.chain(full).collect::<Vec<_>>().join("; ")
}

pub(crate) fn message(message: &Message<'_>) -> String {
    match message {
        Message::RequestVote { term, last, ballot } => {
            format!("RequestVote {ballot:?} term {} last {}", term.0, position(*last))
        }
        Message::Vote { term, ballot, granted, .. } => {
            format!("Vote {ballot:?} term {} {}", term.0, if *granted { "granted" } else { "refused" })
        }
        Message::AppendEntries { term, stamp, previous, commit, inherited, entries: sent } => {
            let line = format!(
                "AppendEntries term {} #{stamp} after {} commit {} inherited {}",
                term.0,
                position(*previous),
                commit.0,
                inherited.0
            );
            if sent.is_empty() { line } else { format!("{line}: {}", entries(*sent)) }
        }
        Message::Ack { term, stamp, outcome, features } => {
            let knows = if *features == Features::OWN { String::new() } else { format!(", knows {features}") };
            format!("Ack term {} #{stamp} {}{knows}", term.0, self::outcome(*outcome))
        }
        Message::ReadIndex { term, boot, round } => format!("ReadIndex term {} boot {boot} round {round}", term.0),
        Message::ReadAnswer { term, boot, round, index } => {
            format!("ReadAnswer term {} boot {boot} round {round} at {}", term.0, index.0)
        }
        Message::CampaignNow { term } => format!("CampaignNow term {}", term.0),
        Message::Offer { term, stamp, latest, before, inherited, .. } => {
            let before = (before.bytes > 0).then(|| format!(", before it {}", snapshot(before)));
            let offered = format!("{}{}", snapshot(latest), before.unwrap_or_default());
            format!("Offer term {} #{stamp} inherited {}: {offered}", term.0, inherited.0)
        }
        Message::Configured { term, is_held, settled, .. } => {
            let held = if *is_held { ", and the seat is held" } else { "" };
            format!("Configured term {} since {}: {}{held}", term.0, settled.since.0, roster(settled.roster))
        }
        Message::Piece { term, index, offset, bytes, .. } => {
            format!(
                "Piece term {} of the snapshot at {}: bytes {offset} to {}",
                term.0,
                index.0,
                offset + bytes.len() as u64
            )
        }
    }
}

fn outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::Matched(index) => format!("matched {}", index.0),
        Outcome::Conflict(hint) => format!("conflict, look at {}", position(hint)),
        Outcome::Full(index) => format!("matched {}, full", index.0),
        Outcome::Stale => "stale".into(),
        Outcome::TooSmall => "has no place for the snapshot".into(),
        Outcome::Wants { index, offset, again, .. } => {
            let again = match again {
                0 => String::new(),
                u32::MAX => ", again".into(),
                bytes => format!(", {bytes} of them again"),
            };
            format!("wants the snapshot at {} from byte {offset} on{again}", index.0)
        }
    }
}

/// A snapshot by its position and length.
fn snapshot(snapshot: &Snapshot) -> String {
    format!("snapshot {} of {} bytes", position(snapshot.position), snapshot.bytes)
}

pub(crate) fn answer(from: u8, answer: Answer) -> String {
    match answer {
        Answer::Accept { position: at } => format!("{from}: accepts at {}", position(at)),
        Answer::Await { round } => format!("{from}: read waits for round {}", round.0),
        Answer::Reject(rejection) => format!("{from}: rejects, {rejection:?}"),
    }
}

pub(crate) fn effect<V>(from: u8, effect: &Effect<'_, V>) -> String {
    match effect {
        Effect::Persist(persist) => {
            let state = persist.hard_state.map(hard_state);
            let records = (!persist.entries.is_empty()).then(|| entries(persist.entries));
            let installs = persist.snapshot.as_ref().map(snapshot);
            let mark = persist.mark.map(|mark| format!("mark {} at {}", mark.term.0, position(mark.last)));
            let settled = persist.settled.map(|settled| format!("settled since {}", settled.since.0));
            let parts: Vec<_> = state.into_iter().chain(installs).chain(records).chain(settled).chain(mark).collect();
            format!("{from}: writes {}", parts.join(", "))
        }
        Effect::Members { since, roster: of } => format!("{from}: members since {}: {}", since.0, roster(*of)),
        Effect::Dismissed(why) => format!("{from}: is dismissed, {why:?}"),
        Effect::ChangeFailed { seat, reason } => format!("{from}: does not promote {}, {reason:?}", seat.0),
        Effect::Send { to, message: sent } => format!("{from} -> {}: {}", to.0, message(sent)),
        Effect::Apply(apply) => format!("{from}: applies {}", entry(apply.entry())),
        Effect::TakeSnapshot { position: at, .. } => format!("{from}: should take a snapshot at {}", position(*at)),
        Effect::SendPiece { to, piece } => {
            let end = piece.offset + piece.length as u64;
            format!("{from} -> {}: bytes {} to {end} of {}", to.0, piece.offset, snapshot(&piece.snapshot))
        }
        Effect::Store { snapshot: of, offset, bytes } => {
            format!("{from}: stores bytes {offset} to {} of {}", offset + bytes.len() as u64, snapshot(of))
        }
        Effect::Restore { snapshot: from_it } => format!("{from}: restores {}", snapshot(from_it)),
        Effect::ReadReady { through } => format!("{from}: reads through round {} are ready", through.0),
        Effect::LeadershipEnded => format!("{from}: leads no longer"),
        Effect::TransferFailed { to } => format!("{from}: could not hand over to {}", to.0),
        Effect::ReadFailed { through } => format!("{from}: reads through round {} failed", through.0),
    }
}
