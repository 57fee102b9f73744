extern crate std;

use quorate_wire::client::Reason;

use super::*;
use crate::Plan;

const ME: Seat = Seat(1);
const LEADER: Option<Seat> = Some(Seat(0));

fn caller() -> Caller<256> {
    Caller::new(ME, 7, &Plan::new(115_200).pace().expect("the line carries it"))
}

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// What the station's own state says where nothing was applied yet.
const NOTHING: Known = Known { applied: Index(0), epoch: None };

fn known(applied: u64, epoch: u64) -> Known {
    Known { applied: Index(applied), epoch: Some(Index(epoch)) }
}

/// What is asked at this time: the number of the try, and the epoch and sequence.
#[track_caller]
fn asked(caller: &mut Caller<256>, millis: u64, leader: Option<Seat>, known: Known) -> (u64, u64, u64) {
    let (to, asker, wish) = caller.call(at(millis), leader, known).expect("something is asked");
    assert_eq!((Some(to), asker.address), (leader, ME.into()));
    let Session { client, epoch, sequence } = wish.session;
    assert_eq!((client, wish.command), (1, (sequence > 0).then_some(&[42][..])));
    (asker.number, epoch.0, sequence)
}

fn opened(epoch: u64) -> ReplyBody<'static> {
    ReplyBody::Opened { epoch: Index(epoch) }
}

fn held(epoch: u64) -> ReplyBody<'static> {
    ReplyBody::Held { epoch: Index(epoch) }
}

fn done(index: u64) -> ReplyBody<'static> {
    ReplyBody::Done { index: Index(index), answer: &[9] }
}

/// A caller with an open session that has asked for its first command.
fn asking() -> (Caller<256>, u64) {
    let mut caller = caller();
    caller.propose(&42u8).expect("it is free");
    let (number, ..) = asked(&mut caller, 0, LEADER, NOTHING);
    caller.take(at(1), Seat(0), number, opened(4));
    let (number, epoch, sequence) = asked(&mut caller, 1, LEADER, NOTHING);
    assert_eq!((epoch, sequence), (4, 1));
    (caller, number)
}

#[test]
fn each_boot_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> = (0..1000).map(boot).collect();
    assert_eq!(names.len(), 1000);
    assert!(names.iter().all(|name| *name < 1 << 35), "five bytes");
    assert_eq!(caller().boot(), boot(7));
}

#[test]
fn a_session_takes_the_place_of_the_one_that_the_station_knows() {
    let mut caller = caller();
    caller.propose(&42u8).expect("it is free");
    assert_eq!(asked(&mut caller, 0, LEADER, known(90, 80)), (1, 80, 0));
    caller.take(at(1), Seat(0), 1, opened(95));
    assert_eq!(asked(&mut caller, 1, LEADER, known(90, 80)), (2, 95, 1));
}

#[test]
fn a_session_that_another_boot_may_use_is_not_used_and_makes_way() {
    let mut caller = caller();
    caller.propose(&42u8).expect("it is free");
    assert_eq!(asked(&mut caller, 0, LEADER, NOTHING), (1, 0, 0));
    caller.take(at(1), Seat(0), 1, held(80));
    assert_eq!(asked(&mut caller, 1, LEADER, NOTHING), (2, 80, 0), "at once");
    // Late answers about the one that it asks to make way for its own.
    caller.take(at(2), Seat(0), 1, opened(80));
    caller.take(at(2), Seat(0), 1, held(80));
    assert!(caller.call(at(2), LEADER, NOTHING).is_none());
    caller.take(at(3), Seat(0), 2, opened(95));
    assert_eq!(asked(&mut caller, 3, LEADER, NOTHING), (3, 95, 1));
}

#[test]
fn a_session_that_was_asked_to_make_way_meanwhile_is_not_used() {
    let mut caller = caller();
    caller.propose(&42u8).expect("it is free");
    let (first, ..) = asked(&mut caller, 0, LEADER, NOTHING);
    // No answer comes, and the station's own state knows by now what the first try has opened.
    let later = caller.deadline().expect("it asks").as_micros() / 1000 + 1;
    assert_eq!(asked(&mut caller, later, LEADER, known(5, 5)), (first + 1, 5, 0));
    caller.take(at(later), Seat(0), first, opened(5));
    assert!(caller.call(at(later), LEADER, known(5, 5)).is_none(), "the next try ends that session");
    caller.take(at(later), Seat(0), first + 1, opened(6));
    assert_eq!(asked(&mut caller, later, LEADER, known(5, 5)), (first + 2, 6, 1));
}

#[test]
fn a_late_answer_to_the_command_before_says_nothing_about_the_next() {
    let (mut caller, first) = asking();
    caller.take(at(2), Seat(0), first, done(10));
    assert_eq!(caller.answer(), Some(Ok((Index(10), &[9][..]))));
    assert_eq!(caller.answer(), None);
    caller.propose(&42u8).expect("it is free again");
    let (second, _, sequence) = asked(&mut caller, 3, LEADER, NOTHING);
    assert_eq!(sequence, 2);
    caller.take(at(4), Seat(0), first, done(10));
    caller.take(at(4), Seat(0), second + 1, done(10));
    assert_eq!(caller.answer(), None);
    caller.take(at(5), Seat(0), second, done(11));
    assert_eq!(caller.answer(), Some(Ok((Index(11), &[9][..]))));
}

#[test]
fn a_try_without_an_answer_is_made_again_later_and_later_and_at_once_for_a_new_leader() {
    let (mut caller, first) = asking();
    assert!(caller.call(at(2), LEADER, NOTHING).is_none() && caller.call(at(2), None, NOTHING).is_none());
    let mut due = caller.deadline().expect("it asks");
    for number in first + 1..first + 4 {
        assert!(caller.call(due, None, NOTHING).is_none());
        let now = due.as_micros() / 1000;
        assert_eq!(asked(&mut caller, now + 1, LEADER, NOTHING), (number, 4, 1), "the same command");
        let next = caller.deadline().expect("it asks");
        assert!(next > due, "later");
        due = next;
    }
    assert_eq!(asked(&mut caller, 2_000, Some(Seat(2)), NOTHING), (first + 4, 4, 1));
    // Any try's answer will do.
    caller.take(at(2_001), Seat(0), first + 1, done(10));
    assert!(matches!(caller.answer(), Some(Ok(_))));
}

#[test]
fn a_session_that_the_station_knows_to_be_over_is_opened_anew_before_anything_is_asked_in_it() {
    let (mut caller, first) = asking();
    caller.take(at(2), Seat(0), first, done(10));
    assert!(caller.answer().is_some());
    caller.propose(&42u8).expect("it is free");
    let gone = Known { applied: Index(50), epoch: None };
    let (number, epoch, sequence) = asked(&mut caller, 3, LEADER, gone);
    assert_eq!((epoch, sequence), (4, 0));
    caller.take(at(4), Seat(0), number, opened(51));
    // The station's own state is behind, and does not know of it yet.
    assert_eq!(asked(&mut caller, 5, LEADER, gone), (number + 1, 51, 1));
    // What was asked once stays the same request.
    let gone = Known { applied: Index(52), epoch: None };
    assert_eq!(asked(&mut caller, 6, Some(Seat(2)), gone), (number + 2, 51, 1));
}

#[test]
fn whether_a_command_of_a_session_that_was_forgotten_was_done_is_not_known() {
    let (mut caller, first) = asking();
    caller.take(at(2), Seat(0), first, ReplyBody::Expired);
    assert_eq!(caller.answer(), Some(Err(CallError::Unknown)));
    caller.propose(&42u8).expect("it is free");
    assert_eq!(asked(&mut caller, 8, LEADER, NOTHING).2, 0, "it needs a session again");
}

#[test]
fn a_command_under_the_sequence_of_another_was_not_done() {
    let (mut caller, first) = asking();
    caller.take(at(2), Seat(0), first, ReplyBody::Mismatch);
    assert_eq!(caller.answer(), Some(Err(CallError::Mismatch)));
}

#[test]
fn what_no_leader_can_take_is_an_error_unless_an_earlier_try_may_have_been_taken() {
    let refused = ReplyBody::Refused(Reason::Malformed);
    let (mut caller, first) = asking();
    caller.take(at(2), Seat(0), first, refused);
    assert_eq!(caller.answer(), Some(Err(CallError::Refused(Reason::Malformed))));
    let (mut caller, first) = asking();
    let (again, ..) = asked(&mut caller, 3, Some(Seat(2)), NOTHING);
    caller.take(at(4), Seat(0), again, refused);
    assert_eq!(caller.answer(), None);
    caller.take(at(5), Seat(0), first, done(10));
    assert!(matches!(caller.answer(), Some(Ok(_))));
}
