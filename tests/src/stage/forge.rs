use quorate::{
    Ballot, Entries, Features, Identity, Incarnation, Index, Input, Least, Members, Message, Occupant, Outcome,
    Position, Roster, Seat, Seats, Settled, Snapshot, Term,
};

use super::Stage;
use super::disk::record;
use super::line::Line;

impl Stage {
    /// Delivers a message that no node here has sent.
    pub(super) fn forge(&mut self, line: &Line<'_>, told: &mut String) {
        let term = Term(line.number("term"));
        let stamp = line.number("stamp");
        let (previous, last) = (line.position("after"), line.position("last"));
        let records = forged_records(previous.index, &line.numbers("entries"));
        let (index, inherited) = (Index(line.number("index")), Index(line.number("inherited")));
        let mut room = [0; 400];
        let (boot, round) = (line.number("boot"), line.number("round"));
        let message = match line.plain().get(2).copied().unwrap_or_default() {
            "append" => {
                let entries = Entries::parse(&records).expect("forged records are whole");
                let commit = Index(line.number("commit"));
                Message::AppendEntries { term, stamp, previous, commit, inherited, entries }
            }
            "request" => Message::RequestVote { term, last, ballot: ballot(line) },
            "vote" => {
                let incarnation = Incarnation(line.number("life"));
                Message::Vote { term, ballot: ballot(line), granted: !line.has("refused"), incarnation }
            }
            "matched" => Message::Ack { term, stamp, outcome: Outcome::Matched(index), features: Features::OWN },
            "conflict" => {
                Message::Ack { term, stamp, outcome: Outcome::Conflict(line.position("hint")), features: Features::OWN }
            }
            "full" => Message::Ack { term, stamp, outcome: Outcome::Full(index), features: Features::OWN },
            "wants" => {
                let (check, offset) = (quorate::crc32c(STATE), line.number("offset"));
                Message::Ack {
                    term,
                    stamp,
                    outcome: Outcome::Wants { index, check, offset, again: u32::MAX },
                    features: Features::OWN,
                }
            }
            "stale" => Message::Ack { term, stamp, outcome: Outcome::Stale, features: Features::OWN },
            "read" => Message::ReadIndex { term, boot, round },
            "answer" => Message::ReadAnswer { term, boot, round, index },
            "offer" => {
                let (latest, before) = (forged_snapshot(line), Snapshot::default());
                let settled = forged_members(line, &mut room);
                Message::Offer { term, stamp, latest, before, inherited, settled }
            }
            "piece" => {
                let Snapshot { position, check, .. } = forged_snapshot(line);
                Message::Piece { term, index: position.index, check, offset: line.number("offset"), bytes: STATE }
            }
            "configured" => {
                let (is_held, incarnation) = (line.has("held"), Incarnation(line.number("life")));
                Message::Configured { term, incarnation, is_held, settled: forged_members(line, &mut room) }
            }
            "campaign" => Message::CampaignNow { term },
            what => panic!("cannot forge {what}"),
        };
        let from = Identity { seat: Seat(line.node(0)), incarnation: Incarnation(line.number("incarnation")) };
        self.act(line.node(1), Input::Receive { from, message }, told);
    }
}

/// The founders of so many seats, or those that are named.
fn forged_members<'r>(line: &Line<'_>, room: &'r mut [u8]) -> Settled<'r> {
    let named: Seats = line.numbers("voters").iter().map(|seat| Seat(*seat as u8)).collect();
    let voters = if named.is_empty() { (1..=line.number_or("members", 3)).map(Seat).collect() } else { named };
    let roster = Roster::write(
        room,
        Members::of(voters),
        Least { log_bytes: 4096, election_micros: 250_000, features: Features::OWN },
        None,
        |_| Occupant::default(),
    );
    Settled { since: Index(line.number("since")), roster: roster.expect("there is room") }
}

/// What forged pieces hold.
const STATE: &[u8] = b"state";

/// A snapshot of these bytes.
fn forged_snapshot(line: &Line<'_>) -> Snapshot {
    Snapshot { position: line.position("snapshot"), bytes: line.number("bytes"), check: quorate::crc32c(STATE) }
}

fn ballot(line: &Line<'_>) -> Ballot {
    match (line.has("pre"), line.has("transfer")) {
        (true, _) => Ballot::Pre,
        (_, true) => Ballot::Transfer,
        _ => Ballot::Real,
    }
}

/// Records of these terms, one after the other behind an index.
fn forged_records(previous: Index, terms: &[u64]) -> Vec<u8> {
    let indices = previous.0 + 1..;
    let positions = terms.iter().zip(indices).map(|(term, index)| Position { term: Term(*term), index: Index(index) });
    positions.flat_map(record).collect()
}
