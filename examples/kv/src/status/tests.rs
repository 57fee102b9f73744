use std::time::Duration;

use quorate::{Features, Founding, Incarnation, Index, KeyId, Members, Refusal, Role, Seat, Seats, Standing, Term};
use quorate_smol::{ClientError, Configuration, Follower, Occupant, Status};
use quorate_wire::client::{Condition, Followers, KeyReport, KeySet, Reason};

use super::company::Company;
use super::keys;
use super::leadership::{lease, preferred};
use super::verdict::Verdict;
use crate::connection::NodeStatus;
use crate::exit::Exit;

const WAITED: Duration = Duration::from_secs(1);

fn follower(seat: u8, standing: Standing) -> Follower {
    Follower { seat: Seat(seat), standing, lag: 0, silence: Duration::from_millis(20) }
}

/// A follower of node 1, in a cluster of three.
pub(crate) fn follows(seat: u8) -> Status {
    Status {
        seat: Seat(seat),
        incarnation: Incarnation(0),
        role: Role::Follower,
        term: Term(4),
        leader: Some(Seat(1)),
        commit: Index(5000),
        applied: Index(5000),
        first: Index(1),
        last: Index(5000),
        durable: Index(5000),
        digest: 7,
        members: Members::of([Seat(1), Seat(2), Seat(3)].into_iter().collect()),
        since: Index(0),
        is_settled: true,
        on: Features::OWN,
        known: Features::OWN,
        condition: Condition::default(),
        others: Followers::default(),
        preferred: Seats::NONE,
        lease_ms: None,
        refused: Default::default(),
    }
}

/// Node 1, which leads, and knows this of nodes 2 and 3.
fn leads(others: [Follower; 2]) -> Status {
    Status { role: Role::Leader, others: Followers::from_iter(others), ..follows(1) }
}

/// Node 1 leads, 2 follows; this is how it is with 3.
fn with(third: Follower) -> [Option<Status>; 3] {
    [Some(leads([follower(2, Standing::Follows), third])), Some(follows(2)), Some(follows(3))]
}

fn sound() -> [Option<Status>; 3] {
    with(follower(3, Standing::Follows))
}

/// What is said of nodes 1, 2, and so on, of whom some may not answer.
fn verdict(statuses: impl IntoIterator<Item = Option<Status>>) -> Verdict {
    let statuses: Vec<NodeStatus> = statuses.into_iter().zip(1..).map(node).collect();
    Verdict::of(&statuses, WAITED)
}

/// A node of the one cluster, where all stores are founders'.
pub(crate) fn node((status, id): (Option<Status>, u8)) -> NodeStatus {
    let silent = ClientError::Unreachable { silent: [Seat(id)].into_iter().collect(), waited: WAITED };
    let configuration = status.map(|Status { since, is_settled, leader, members, on: features, .. }| {
        let founder = Occupant { incarnation: Incarnation::FOUNDER, address: None };
        let occupants = members.all().iter().map(|seat| (seat, founder)).collect();
        Configuration { since, is_settled, leader, pending: None, members, features, key: None, occupants }
    });
    NodeStatus {
        seat: Seat(id),
        address: ([127, 0, 0, 1], 7100 + u16::from(id)).into(),
        founding: status.map(|_| Founding(1)),
        configuration,
        status: status.ok_or(silent),
    }
}

#[track_caller]
fn is_degraded(statuses: impl IntoIterator<Item = Option<Status>>, parts: &[&str]) {
    is_so(&verdict(statuses), parts);
}

#[track_caller]
fn is_so(verdict: &Verdict, parts: &[&str]) {
    let all = verdict.concerns.join("\n");
    assert_eq!((verdict.exit, verdict.text.starts_with("degraded: ")), (Exit::Degraded, true), "{}", verdict.text);
    assert!(parts.iter().all(|part| all.contains(part)), "{all}");
}

#[test]
fn a_leader_whom_all_follow_is_ok() {
    let verdict = verdict(sound());
    assert_eq!((verdict.exit, verdict.concerns.as_slice()), (Exit::Done, &[][..]));
    assert_eq!(verdict.text, "ok: n1 leads term 4, 3 of 3 nodes reachable");
}

#[test]
fn a_node_that_answers_and_does_not_follow_is_named() {
    is_degraded(with(follower(3, Standing::Silent)), &["n1 has heard nothing of n3 for about 18 ms", "network"]);
    is_degraded(with(follower(3, Standing::Seeks)), &["the log of n3", "in a moment"]);
    is_degraded(with(follower(3, Standing::Fetches)), &["n3 is sent a snapshot by n1"]);
    is_degraded(with(follower(3, Standing::TooSmall)), &["n3 has no place for the snapshot of n1"]);
    let lost = Standing::Refused(Refusal::Forgotten);
    is_degraded(with(follower(3, lost)), &["n3 lacks what it acknowledged", "an empty one"]);
    let early = Standing::Refused(Refusal::Incarnation);
    is_degraded(with(follower(3, early)), &["n1 refuses what n3 says, second store", "a copy of the other"]);
    let two = Standing::Refused(Refusal::SecondLeader);
    is_degraded(with(follower(3, two)), &["second leader", "--cluster"]);
    let odd = Standing::Refused(Refusal::Committed);
    is_degraded(with(follower(3, odd)), &["contradicts committed", "report it"]);
}

#[test]
fn a_node_that_follows_another_leader_or_none_is_named() {
    let [one, two, _] = sound();
    let other = Status { leader: Some(Seat(2)), term: Term(3), ..follows(3) };
    is_degraded([one, two, Some(other)], &["n3 follows n2 in term 3"]);
    let nobody = Status { leader: None, ..follows(3) };
    is_degraded([one, two, Some(nobody)], &["n3 follows nobody in term 4"]);
    let earlier = Status { term: Term(3), ..follows(3) };
    is_degraded([one, two, Some(earlier)], &["n3 follows n1 in term 3"]);
}

#[test]
fn a_node_may_be_a_little_behind() {
    let lags = |lag| with(Follower { lag, ..follower(3, Standing::Follows) });
    assert_eq!(verdict(lags(1023)).exit, Exit::Done);
    is_degraded(lags(1024), &["n3 is 1024 entries behind"]);
    let [one, two, _] = sound();
    let applied = |index| Some(Status { applied: Index(index), digest: 8, ..follows(3) });
    assert_eq!(verdict([one, two, applied(5000 - 1023)]).exit, Exit::Done);
    is_degraded([one, two, applied(5000 - 1024)], &["n3 is 1024 entries behind"]);
    let slow = one.map(|leader| Status { applied: Index(1), digest: 8, ..leader });
    is_degraded([slow, two, Some(follows(3))], &["n1 is 4999 entries behind"]);
}

#[test]
fn two_leaders_or_differing_members_are_never_ok() {
    let [one, two, _] = sound();
    let earlier = Status { role: Role::Leader, leader: Some(Seat(3)), term: Term(3), ..follows(3) };
    is_degraded([one, two, Some(earlier)], &["n3 leads as well, in term 3", "in a moment"]);
    let alone = Members::of(Seats::NONE.with(Seat(3)));
    let apart = Status { members: alone, ..follows(3) };
    is_degraded(
        [one, two, Some(apart)],
        &["n3 takes n3 for the members, and n1 n1, n2, n3", "not heard of the latest change"],
    );
    let elected = Status { role: Role::Leader, leader: Some(Seat(3)), term: Term(9), members: alone, ..follows(3) };
    let mut nodes: Vec<_> = [one, two, Some(elected)].into_iter().zip(1..).map(node).collect();
    nodes[2].founding = Some(Founding(2));
    let parts = ["n1 leads as well, in term 4", "two clusters", "n2 takes n1, n2, n3", "two clusters. Compare"];
    is_so(&Verdict::of(&nodes, WAITED), &parts);
}

#[test]
fn a_full_log_is_told() {
    let [one, two, third] = sound();
    let full = |status: &Option<Status>| {
        status.map(|status| Status { condition: Condition { is_full: true, ..Condition::default() }, ..status })
    };
    is_degraded([full(&one), two, third], &["the log of n1 is full: writes are refused"]);
    is_degraded([one, two, full(&third)], &["the log of n3 is full: it takes no entries"]);
}

#[test]
fn a_node_that_lacks_the_key_of_the_word_is_named_and_which_key_is_used_is_said() {
    let key = |number| KeyId::new(number).expect("it is below 16");
    let with_keys = |status: &Option<Status>, held, used| {
        let keys = Some(KeyReport { held: KeySet(held), used: key(used) });
        status.map(|status| Status { condition: Condition { keys, ..Condition::default() }, ..status })
    };
    let [one, two, third] = sound();
    let (one, two) = (with_keys(&one, 0b110, 2), with_keys(&two, 0b110, 2));
    let told = |third, word| {
        let mut nodes: Vec<_> = [one, two, third].into_iter().zip(1..).map(node).collect();
        nodes[0].configuration.iter_mut().for_each(|known| known.key = word);
        Verdict::of(&nodes, WAITED)
    };
    let (lacks, has) = (with_keys(&third, 0b10, 1), with_keys(&third, 0b110, 1));
    is_so(&told(lacks, Some(key(2))), &["n3 lacks key 2", "bring the keyring with key 2 to where n3 runs"]);
    for (third, word) in [(lacks, None), (has, Some(key(2))), (third, Some(key(2)))] {
        assert_eq!(told(third, word).exit, Exit::Done, "{word:?}");
    }
    let line = |statuses: [Option<Status>; 3]| {
        let statuses = statuses.map(|status| status.expect("it answers"));
        keys::line(&(1..).map(Seat).zip(&statuses).collect::<Vec<_>>())
    };
    assert_eq!(line(sound()), None);
    assert_eq!(line([one, two, with_keys(&third, 0b100, 2)]).as_deref(), Some("key 2 is used"));
    assert_eq!(line([one, two, lacks]).as_deref(), Some("key 1 is used by n3; key 2 is used by n1, n2"));
}

#[test]
fn a_node_that_does_not_answer_is_told_with_what_the_leader_knows() {
    let silent = |standing, parts: &[&str]| {
        let [one, two, _] = with(follower(3, standing));
        is_degraded([one, two, None], parts);
    };
    silent(Standing::Silent, &["n3 did not answer within 1 s, nor n1 for about 18 ms: start it"]);
    silent(Standing::Follows, &["though n1 hears it: check its address"]);
    let [one, two, third] = sound();
    is_degraded([one, two], &["n3 was not asked, for nobody here knows where it is", "members move 3=ADDRESS"]);
    is_degraded([one, two, third, None], &["n4 is no member"]);
}

#[test]
fn a_store_that_the_members_do_not_name_does_not_count_yet() {
    let [one, two, third] = sound();
    let reborn = third.map(|status| Status { incarnation: Incarnation(1), ..status });
    let statuses = [one, two, reborn];
    assert!(verdict(statuses).text.ends_with("3 of 3 nodes reachable; not counting n3, whose store is new"));
    is_degraded(statuses, &["n3 does not count yet", "by itself"]);
    // Once they name it, it does.
    let mut nodes: Vec<_> = statuses.into_iter().zip(1..).map(node).collect();
    for node in &mut nodes {
        let occupants = node.configuration.iter_mut().flat_map(|known| known.occupants.get_mut(&Seat(3)));
        occupants.for_each(|occupant| occupant.incarnation = Incarnation(1));
    }
    assert_eq!(Verdict::of(&nodes, WAITED).exit, Exit::Done);
}

#[test]
fn who_is_no_member_is_told_how_to_become_one() {
    let [one, two, third] = sound();
    is_degraded([one, two, third, Some(follows(4))], &["n4 is no member, and asks to be one", "members add 4=ADDRESS"]);
    let mut nodes: Vec<_> = [one, two, third, None].into_iter().zip(1..).map(node).collect();
    nodes[3].status = Err(ClientError::Refused(Reason::NoMember));
    is_so(&Verdict::of(&nodes, WAITED), &["n4 is no member, and its data are of no cluster", "serve 4 --join ADDRESS"]);
}

#[test]
fn a_joint_phase_and_what_a_learner_lacks_are_shown() {
    let members = Members {
        outgoing: [Seat(1)].into_iter().collect(),
        learners: [Seat(3)].into_iter().collect(),
        ..Members::of([Seat(1), Seat(2)].into_iter().collect())
    };
    let third = Follower { lag: 12, ..follower(3, Standing::Fetches) };
    let leader = Status { members, ..leads([follower(2, Standing::Follows), third]) };
    let mut known = node((Some(leader), 1)).configuration.expect("it answers");
    let joint = "voters n1, n2, in the place of n1: in this joint phase a majority of both is needed";
    let line = Company::of(&known, Some(&leader)).line();
    assert_eq!(line, format!("{joint}; learners n3 (is sent a snapshot, and lacks 12 entries)"));
    (known.members.outgoing, known.pending, known.is_settled) = (Seats::NONE, Some(Seat(3)), false);
    let line = Company::of(&known, Some(&leader)).line();
    let learner = "learners n3 (is sent a snapshot, and lacks 12 entries, to become a voter)";
    assert_eq!(line, format!("voters n1, n2; {learner}; not known to be committed yet, at index 0"));
}

#[test]
fn without_a_leader_or_a_majority_it_is_not_degraded_but_down() {
    let [one, two, third] = sound();
    assert_eq!(verdict([None, two, third]).exit, Exit::NoQuorum);
    let alone = verdict([one, None, None]);
    assert_eq!(alone.exit, Exit::NoQuorum);
    assert!(alone.text.contains("1 of 3 nodes reachable (n2, n3 did not answer within 1 s)"), "{}", alone.text);
    assert_eq!(verdict([None, None, None]).exit, Exit::Unreachable);
    let other = third.map(|status| Status { digest: 8, ..status });
    assert_eq!(verdict([one, two, other]).exit, Exit::Failed);
}

#[test]
fn who_is_preferred_is_said_once_or_by_whom() {
    let told = |lists: [u32; 3]| {
        let statuses = lists.map(|list| Status { preferred: Seats(list), ..follows(1) });
        let accounts: Vec<_> = (1..).map(Seat).zip(&statuses).collect();
        preferred(&accounts)
    };
    assert_eq!(told([0, 0, 0]), None);
    assert_eq!(told([0b110, 0b110, 0b110]).as_deref(), Some("preferred n1, n2"));
    assert_eq!(told([0b10, 0, 0b10]).as_deref(), Some("preferred nobody by n2; n1 by n1, n3"));
}

#[test]
fn the_lease_of_the_leader_is_said() {
    let said = |lease_ms| lease(&Status { lease_ms, ..leads([follower(2, Standing::Follows); 2]) });
    assert_eq!(said(Some(420)), "lease of n1, for 420 ms yet");
    assert_eq!(said(Some(0)), "lease of n1, none at the moment: the next read by lease makes one");
    assert_eq!(said(None), "lease none: n1 serves no reads by a lease in this term");
}
