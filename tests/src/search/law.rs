use quorate::{Ballot, HardState, Identity, Index, Message, Outcome, Refusal, Role, Seat};

use super::chronicle::Chronicle;
use super::face::{Face, Log, Mark};
use super::library::Library;
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
    if matches!(message, Message::RequestVote { ballot: Ballot::Pre, .. } | Message::Vote { ballot: Ballot::Pre, .. }) {
        return Ok(());
    }
    hold(message.term() <= durable, "a term is durable before it is spoken of", say)?;
    match *message {
        Message::RequestVote { term, .. } => {
            hold((term, Some(from)) == (durable, vote), "a candidate's own vote is durable before it asks", say)
        }
        Message::Vote { term, granted: true, incarnation, .. } => {
            let whom = Some(Identity { seat: to, incarnation });
            hold((term, whom) == (durable, vote), "a vote is durable before it is sent", say)
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
    hard: (u64, Option<Identity>),
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
        let keeps = |before: Option<Identity>, after: Option<Identity>| before.is_none() || before == after;
        let same_term = after.hard.0 == self.hard.0;
        hold(!same_term || keeps(self.hard.1, after.hard.1), "a node votes once a term", story)?;
        let same_disk = after.disk.term == self.disk.term;
        hold(!same_disk || keeps(self.disk.vote, after.disk.vote), "a durable vote stays", story)?;
        if !words {
            return Ok(());
        }
        let waits = member.stopped || member.write.is_some() || node.deadline().is_some();
        hold(waits, "a node has a deadline, unless its disk is busy", story)?;
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
pub(crate) fn check(faces: &[&Face], seat: usize, chronicle: &Chronicle, library: &Library, words: bool) -> Verdict {
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
    let (_, configuration) = chronicle.in_force(library);
    for (known, place) in chronicle.committed.iter().zip(0..) {
        let story = || format!("index {}, committed in term {}", place + 1, known.term);
        let holds = |seat: u8, life| {
            let held = faces[usize::from(seat)].held(life);
            held.is_some_and(|held| held.log.has(place, &known.mark))
        };
        let is_held = !words || configuration.voters_have_majority(holds);
        hold(is_held, "what is committed is on a majority of disks", story)?;
        let mut later = faces.iter().filter(|face| face.leads && face.term > known.term);
        let have_all = later.all(|leader| leader.log.has(place, &known.mark));
        hold(have_all, "a leader has all that was committed", story)?;
    }
    check_settled(face, chronicle, library)
}

/// A node knows who takes part by what is committed, as far as it knows that.
fn check_settled(face: &Face, chronicle: &Chronicle, library: &Library) -> Verdict {
    let (since, settled) = face.settled;
    let story = || format!("node {} takes {settled:?} for settled since {since}", face.seat);
    let committed = chronicle.configuration(since, library);
    hold(committed == (since, &settled), "what settles who takes part was committed", story)?;
    let (known, _) = chronicle.configuration(face.commit, library);
    hold(known <= since, "what a node has committed of who takes part, it knows", story)
}

/// A node has come to lead: by votes that stand on the disks of those lives that its configuration names.
pub(crate) fn check_election(face: &Face, before: &Face, faces: &[&Face]) -> Verdict {
    let voted = |seat: u8, life| {
        let held = faces[usize::from(seat)].held(life);
        held.is_some_and(|held| held.term > face.term || (held.term, held.vote) == (face.term, Some(face.identity())))
    };
    let has_won = before.configuration.1.has_majorities(voted);
    hold(has_won, "an election is won by the votes of those whom the configuration names", || {
        format!("node {} in term {}, under {:?}", face.seat, face.term, before.configuration)
    })
}

/// An entry is committed, for the first time: by a leader, and on disks of those lives that its configuration names.
pub(crate) fn check_commit(face: &Face, before: &Face, faces: &[&Face], place: u64, mark: &Mark) -> Verdict {
    let story = || format!("node {} commits {}, under {:?}", face.seat, place + 1, before.configuration);
    hold(before.leads && before.term == face.term, "a leader commits first", story)?;
    let holds = |seat: u8, life| {
        let held = faces[usize::from(seat)].held(life);
        held.is_some_and(|held| held.log.has(place, mark) && held.marked >= face.term)
    };
    let is_held = before.configuration.1.has_majorities(holds);
    hold(is_held, "a leader commits what is on a majority of the disks of those whom its configuration names", story)
}

/// A node was told to stop, as it takes part no longer.
pub(crate) fn check_dismissal(face: &Face, chronicle: &Chronicle, library: &Library) -> Verdict {
    let (since, configuration) = chronicle.configuration(u64::MAX, library);
    let is_named = configuration.life(face.seat) == Some(face.incarnation);
    hold(!is_named, "only who takes part no longer stops", || {
        format!("node {} stops, {configuration:?} since {since}", face.seat)
    })
}

/// Whether two logs are equal up to the last position that both show.
fn meet(one: &Log, other: &Log) -> bool {
    let shown = one.base.max(other.base)..one.end().min(other.end());
    let met = shown.rev().find(|place| one.at(*place).map(|mark| mark.term) == other.at(*place).map(|mark| mark.term));
    met.is_none_or(|place| one.equals(other, place + 1))
}

/// Whether the follower's disk has all that the leader counts on, its mark included, in the life that the leader has
/// heard; of a lost one, what it had. One that has gone on to a later term owes it nothing.
fn is_backed(leader: &Face, follower: &Face) -> bool {
    let place = usize::from(follower.seat);
    let (matched, heard) = (leader.matched[place], leader.heard[place]);
    let Some(disk) = follower.held(heard) else { return matched == 0 };
    let is_past = disk.term > leader.term;
    let is_held = disk.log.end() >= matched && disk.log.equals(&leader.log, matched);
    let is_marked = matched == 0 || matched < leader.inherited || disk.marked >= leader.term;
    !leader.leads || is_past || (is_held && is_marked)
}
