use quorate::{Ballot, HardState, Identity, Incarnation, Index, Message, Outcome, Refusal, Role, Seat};

use super::chronicle::Chronicle;
use super::face::{Face, Log};
use super::member::Member;
use crate::simulator::Violation;
use crate::simulator::records::Records;

pub(crate) type Verdict = Result<(), Violation>;

pub(crate) fn hold(holds: bool, law: &'static str, story: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(Violation { law, story: story() }) }
}

/// What a node says must be backed by its own disk.
pub(crate) fn check_words(from: Identity, to: Seat, message: &Message<'_>, disk: &Records) -> Verdict {
    let HardState { term: durable, vote } = disk.hard_state;
    let say = || format!("node {} sends {message:?} to {}, its disk has {:?}", from.seat.0, to.0, disk.hard_state);
    let follows = matches!(message, Message::Ack { .. } | Message::ReadIndex { .. })
        || matches!(message, Message::RequestVote { ballot: Ballot::Pre, .. });
    let is_first = from.incarnation == Incarnation(0);
    hold(is_first || follows, "a node that has lost its disk only follows, and asks who leads", say)?;
    if matches!(message, Message::RequestVote { ballot: Ballot::Pre, .. } | Message::Vote { ballot: Ballot::Pre, .. }) {
        return Ok(());
    }
    hold(message.term() <= durable, "a term is durable before it is spoken of", say)?;
    match *message {
        Message::RequestVote { term, .. } => {
            hold((term, Some(from.seat)) == (durable, vote), "a candidate's own vote is durable before it asks", say)
        }
        Message::Vote { term, granted: true, .. } => {
            hold((term, Some(to)) == (durable, vote), "a vote is durable before it is sent", say)
        }
        Message::Ack { outcome: Outcome::Matched(index) | Outcome::Full(index), .. } => {
            let is_held = index <= disk.base.index || disk.record(index).is_some();
            hold(is_held, "what is acknowledged is durable", say)
        }
        _ => Ok(()),
    }
}

/// Entries are applied one after the other.
pub(crate) fn check_turn(seat: Seat, applied: Index, index: Index) -> Verdict {
    hold(index.0 == applied.0 + 1, "entries are applied in order", || format!("node {} after {applied:?}", seat.0))
}

/// What may only rise within a life, or on a disk.
pub(crate) struct Marks {
    term: u64,
    commit: Index,
    hard: (u64, Option<Seat>),
    disk: HardState,
}

impl Marks {
    pub(crate) fn of(member: &Member) -> Marks {
        let Member { node, disk, .. } = member;
        Marks {
            term: node.term().0,
            commit: node.commit(),
            hard: (node.term().0, node.vote()),
            disk: disk.log.hard_state,
        }
    }

    /// What must hold of a node by itself after every step.
    pub(crate) fn check(&self, member: &Member, words: bool) -> Verdict {
        let after = Marks::of(member);
        let story = || format!("node {}", member.seat());
        let node = &member.node;
        hold(after.term >= self.term, "a term never goes back", story)?;
        hold(after.commit >= self.commit, "commit never goes back", story)?;
        let counts = node.role() == Role::Leader && after.commit > self.commit;
        hold(!words || !counts || node.is_established(), "a leader commits all that it inherited, or nothing", story)?;
        hold(after.disk.term >= self.disk.term, "a durable term never goes back", story)?;
        let keeps = |before: Option<Seat>, after: Option<Seat>| before.is_none() || before == after;
        let same_term = after.hard.0 == self.hard.0;
        hold(!same_term || keeps(self.hard.1, after.hard.1), "a node votes once a term", story)?;
        let same_disk = after.disk.term == self.disk.term;
        hold(!same_disk || keeps(self.disk.vote, after.disk.vote), "a durable vote stays", story)?;
        if !words {
            return Ok(());
        }
        let is_reborn = member.incarnation > Incarnation(0);
        let waits = is_reborn || member.learns() || member.write.is_some() || node.deadline().is_some();
        hold(waits, "a node that counts has a deadline, unless its disk is busy", story)?;
        hold(!is_reborn || node.role() == Role::Follower, "a node that has lost its disk only follows", story)?;
        hold(!member.learns() || node.role() == Role::Follower, "a learner only follows", story)?;
        let is_wrong = |reason: &Refusal| *reason != Refusal::Incarnation && node.refusals().count(*reason) > 0;
        let refused = Refusal::ALL.into_iter().find(is_wrong);
        hold(refused.is_none(), "nothing that an honest node sends is refused", || {
            format!("node {}: {}", member.seat(), refused.map_or("", Refusal::name))
        })?;
        node.check_invariants().map_err(|broken| Violation { law: broken.0, story: story() })
    }
}

/// What must hold of all nodes together, after something happened to one of them. Whether words are backed by disks is
/// one question, whether the cluster comes to harm another.
pub(crate) fn check(faces: &[&Face], voters: usize, seat: usize, chronicle: &Chronicle, words: bool) -> Verdict {
    let face = faces[seat];
    for other in faces.iter().filter(|other| other.seat != face.seat) {
        let story = || format!("nodes {} and {}", face.seat, other.seat);
        let logs = [
            (&face.log, &other.log),
            (&face.disk.log, &other.disk.log),
            (&face.log, &other.disk.log),
            (&face.disk.log, &other.log),
        ];
        let match_up = logs.iter().all(|(one, other)| meet(one, other));
        hold(match_up, "logs match up to a common position", story)?;
        let backed = !words || (is_backed(face, other) && is_backed(other, face));
        hold(backed, "what a leader takes for matched is durable there", story)?;
    }
    for (known, place) in chronicle.committed.iter().zip(0..) {
        let story = || format!("index {}, committed in term {}", place + 1, known.term);
        let holders = faces[..voters].iter().filter(|face| face.vouched().log.has(place, &known.mark)).count();
        hold(!words || holders * 2 > voters, "what is committed is on a majority of disks", story)?;
        let mut later = faces.iter().filter(|face| face.leads && face.term > known.term);
        let have_all = later.all(|leader| leader.log.has(place, &known.mark));
        hold(have_all, "a leader has all that was committed", story)?;
    }
    Ok(())
}

/// Whether two logs are equal up to the last position that both show.
fn meet(one: &Log, other: &Log) -> bool {
    let shown = one.base.max(other.base)..one.end().min(other.end());
    let met = shown.rev().find(|place| one.at(*place).map(|mark| mark.term) == other.at(*place).map(|mark| mark.term));
    met.is_none_or(|place| one.equals(other, place + 1))
}

/// Whether the follower's disk has all that the leader counts on, its mark included, or had when it was lost and the
/// leader has not heard of that. One that has gone on to a later term owes it nothing, nor does one that has lost its
/// disk once more: it counts nowhere.
fn is_backed(leader: &Face, follower: &Face) -> bool {
    let place = usize::from(follower.seat);
    let (matched, heard) = (leader.matched[place], leader.heard[place]);
    let disk = match heard {
        heard if heard == follower.incarnation => &follower.disk,
        Incarnation(0) => follower.vouched(),
        _ => return true,
    };
    let is_past = disk.term > leader.term;
    let is_held = disk.log.end() >= matched && disk.log.equals(&leader.log, matched);
    let is_marked = matched == 0 || matched < leader.inherited || disk.marked >= leader.term;
    !leader.leads || is_past || (is_held && is_marked)
}
