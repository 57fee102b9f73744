//! One small history for each rule of a linearizable store.

use quorate_tests::{
    history::{Answer, Event, History, Operation, Outcome},
    linearizability::{Checker, Explanation, Verdict},
};

use crate::events::{append, cas, delete, get, ok, put, swap, unknown};

#[track_caller]
fn good<const N: usize>(events: [Event; N]) {
    Checker::default().check(&History::from_iter(events)).expect_linearizable();
}

#[track_caller]
fn bad<const N: usize>(events: [Event; N]) -> Explanation {
    match Checker::default().check(&History::from_iter(events)) {
        Verdict::Violation { explanation, .. } => explanation,
        other => panic!("expected a violation: {other}"),
    }
}

#[test]
fn nothing_happened() {
    good([]);
}

#[test]
fn a_read_during_a_write_may_see_either_value() {
    good([put(1, 0, 1, "a"), put(1, 2, 9, "b"), get(2, 3, 4, Some("a")), get(2, 5, 6, Some("b"))]);
}

#[test]
fn a_read_at_the_tick_of_a_writes_return_is_concurrent_with_it() {
    good([put(1, 0, 5, "a"), get(2, 5, 6, None)]);
    bad([put(1, 0, 5, "a"), get(2, 6, 7, None)]);
}

#[test]
fn a_read_after_a_write_is_not_stale() {
    let explanation = bad([put(1, 0, 1, "a"), put(1, 2, 3, "b"), get(2, 4, 6, Some("a"))]);
    assert_eq!(explanation.events, [put(1, 2, 3, "b"), get(2, 4, 6, Some("a"))]);
}

#[test]
fn a_read_returns_only_what_was_written() {
    let explanation = bad([put(1, 0, 1, "a"), get(2, 2, 3, Some("a")), get(2, 4, 5, Some("z"))]);
    assert_eq!(explanation.events, [get(2, 4, 5, Some("z"))]);
    assert_eq!(explanation.optional, []);
}

#[test]
fn a_read_does_not_return_what_is_written_later() {
    bad([get(2, 0, 1, Some("a")), put(1, 2, 3, "a")]);
    bad([get(2, 0, 1, Some("a")), unknown(1, 2, Operation::Put("a".into()))]);
}

#[test]
fn a_cas_does_not_lose_an_update() {
    let explanation = bad([
        put(1, 0, 1, "0"),
        cas(1, 2, 5, Some("0"), "1", true),
        cas(2, 3, 6, Some("0"), "2", true),
        get(1, 7, 8, Some("2")),
    ]);
    assert_eq!(explanation.events, [cas(1, 2, 5, Some("0"), "1", true), cas(2, 3, 6, Some("0"), "2", true)]);
    good([
        put(1, 0, 1, "0"),
        cas(1, 2, 5, Some("0"), "1", true),
        cas(2, 3, 6, Some("0"), "2", false),
        get(1, 7, 8, Some("1")),
    ]);
}

#[test]
fn a_cas_fails_only_on_another_value() {
    bad([put(1, 0, 1, "a"), cas(1, 2, 3, Some("a"), "b", false)]);
    bad([cas(1, 2, 3, None, "b", false)]);
    good([unknown(1, 0, Operation::Put("a".into())), cas(1, 2, 3, None, "b", false)]);
}

#[test]
fn an_unknown_write_may_show_at_any_later_time_or_never() {
    let write = || unknown(1, 0, Operation::Put("a".into()));
    good([write(), get(2, 1, 2, None)]);
    good([write(), get(2, 1, 2, None), put(2, 3, 4, "b"), get(2, 5, 6, Some("b")), get(2, 7, 8, Some("a"))]);
}

#[test]
fn an_unknown_write_that_was_read_does_not_disappear() {
    let explanation = bad([
        unknown(1, 0, Operation::Put("a".into())),
        get(2, 1, 2, Some("a")),
        get(2, 3, 4, None),
        put(2, 5, 6, "b"),
    ]);
    assert_eq!(explanation.events, [get(2, 1, 2, Some("a")), get(2, 3, 4, None)]);
}

#[test]
fn an_unknown_write_shows_once() {
    let (write, over) = (unknown(1, 0, Operation::Put("a".into())), put(2, 3, 4, "b"));
    bad([write.clone(), get(2, 1, 2, Some("a")), over.clone(), get(2, 5, 6, Some("a"))]);
    good([write.clone(), write, get(2, 1, 2, Some("a")), over, get(2, 5, 6, Some("a"))]);
}

#[test]
fn an_unknown_cas_needs_its_value() {
    bad([unknown(1, 0, swap(Some("a"), "b")), get(2, 1, 2, Some("b"))]);
    good([unknown(1, 0, swap(Some("a"), "b")), put(2, 1, 2, "a"), get(2, 3, 4, Some("b"))]);
}

#[test]
fn reads_do_not_go_back_in_time() {
    let explanation = bad([
        put(1, 0, 1, "a"),
        put(1, 2, 9, "b"),
        get(2, 3, 4, Some("b")),
        get(3, 5, 6, Some("a")),
        get(3, 10, 11, Some("b")),
    ]);
    assert_eq!(explanation.events, [get(2, 3, 4, Some("b")), get(3, 5, 6, Some("a"))]);
    assert_eq!(explanation.optional, [put(1, 2, 9, "b")]);
}

#[test]
fn a_deleted_value_stays_deleted() {
    bad([put(1, 0, 1, "a"), delete(1, 2, 3, true), get(2, 4, 5, Some("a"))]);
    bad([put(1, 0, 1, "a"), delete(1, 2, 3, true), delete(1, 4, 5, true)]);
    good([put(1, 0, 1, "a"), delete(1, 2, 3, true), delete(1, 4, 5, false), get(2, 6, 7, None)]);
}

#[test]
fn a_delete_of_a_value_says_so() {
    bad([put(1, 0, 1, "a"), delete(1, 2, 3, false)]);
    good([put(1, 0, 1, "a"), ok(1, 2, 3, Operation::Delete, Answer::Done), get(1, 4, 5, None)]);
    bad([put(1, 0, 1, "a"), ok(1, 2, 3, Operation::Delete, Answer::Done), get(1, 4, 5, Some("a"))]);
}

#[test]
fn an_append_is_done_exactly_once() {
    bad([append(1, 0, 1, "a"), append(1, 2, 3, "b"), get(2, 4, 5, Some("abb"))]);
    bad([append(1, 0, 1, "a"), unknown(1, 2, Operation::Append("b".into())), get(2, 4, 5, Some("abb"))]);
    good([append(1, 0, 1, "a"), unknown(1, 2, Operation::Append("b".into())), get(2, 4, 5, Some("ab"))]);
    good([append(1, 0, 3, "a"), append(2, 1, 3, "b"), get(2, 4, 5, Some("ba"))]);
    bad([append(1, 0, 1, "a"), append(2, 2, 3, "b"), get(2, 4, 5, Some("ba"))]);
}

#[test]
fn an_append_of_nothing_makes_a_value() {
    good([append(1, 0, 1, ""), delete(1, 2, 3, true)]);
    good([append(1, 0, 1, ""), get(1, 2, 3, Some(""))]);
}

#[test]
fn a_failed_operation_is_never_seen() {
    let failed = Event { returned: Some(1), outcome: Outcome::Fail, ..unknown(1, 0, Operation::Put("a".into())) };
    bad([failed.clone(), get(2, 2, 3, Some("a"))]);
    good([failed, get(2, 2, 3, None)]);
}

#[test]
fn keys_are_checked_apart() {
    let other = Event { key: "y".into(), ..get(2, 2, 3, Some("a")) };
    good([put(1, 0, 1, "a"), Event { outcome: Outcome::Ok(Answer::Value(None)), ..other.clone() }]);
    let verdict = Checker::default().check(&History::from_iter([put(1, 0, 1, "a"), other]));
    assert!(matches!(verdict, Verdict::Violation { key, .. } if key == "y"));
}

#[test]
fn a_search_beyond_its_bound_is_no_success() {
    let puts = (0..12).map(|value| put(value, 0, 100, &value.to_string()));
    let history: History = puts.chain([get(20, 200, 201, Some("3"))]).collect();
    let verdict = Checker { states_max: 10 }.check(&history);
    assert!(matches!(verdict, Verdict::GaveUp { states: 10, .. }), "{verdict}");
    Checker::default().check(&history).expect_linearizable();
}

#[test]
fn a_violation_is_printed_with_its_window() {
    let explanation = bad([put(1, 0, 1, "a"), put(1, 2, 9, "b"), get(2, 3, 4, Some("b")), get(3, 5, 6, Some("a"))]);
    let text = "\
no order explains these answers, from any of 3 value(s) held before
  process 2         3 ..      4  \"x\" get                          -> \"b\"
  process 3         5 ..      6  \"x\" get                          -> \"a\"
and 1 that may take effect or not do not help
  process 1         2 ..      9  \"x\" put \"b\"                      -> done
";
    assert_eq!(explanation.to_string(), text);
}
