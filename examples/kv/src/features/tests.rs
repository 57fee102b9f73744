use quorate::{Features, Seat};
use quorate_smol::Status;

use super::Survey;
use crate::status::tests::{follows, node};

const OFF: Features = Features::NONE;
const LEASES: Features = Features::LEASES;

/// What nodes 1 to 3 are found to be, of whom some may not answer: what is on, and what each knows.
fn survey(on: Features, known: [Option<Features>; 3]) -> Survey {
    let status = |(known, id): (Option<Features>, u8)| (known.map(|known| Status { on, known, ..follows(id) }), id);
    let statuses: Vec<_> = known.into_iter().zip(1..).map(status).map(node).collect();
    Survey::of(&statuses).expect("some have answered")
}

#[test]
fn what_all_members_know_and_is_off_can_be_switched_on() {
    let all = survey(OFF, [Some(LEASES); 3]);
    assert_eq!((all.ready(), all.on_hold().count()), (LEASES, 0));
    assert_eq!(
        all.notes(),
        ["leases is off, and all members know it: `quorate-kv features enable` switches it on for good"]
    );
    let on = survey(LEASES, [Some(LEASES); 3]);
    assert_eq!((on.ready(), on.notes().len()), (OFF, 0));
}

#[test]
fn who_does_not_know_it_is_named_and_so_is_who_did_not_answer() {
    let older = survey(OFF, [Some(LEASES), Some(LEASES), Some(OFF)]);
    assert_eq!(older.ready(), OFF);
    let note =
        "leases is off: it is not known to n3. Start n3 with a version that knows it, and without --without-feature";
    assert_eq!(older.notes(), [note]);
    let silent = survey(OFF, [Some(LEASES), Some(LEASES), None]);
    assert_eq!(silent.ready(), OFF);
    assert_eq!(silent.notes(), ["leases is off: n3 did not answer. Start n3, and ask again"]);
}

#[test]
fn what_is_on_is_on_by_whoever_knows_of_it() {
    let statuses = [(OFF, 1), (LEASES, 2), (OFF, 3)].map(|(on, id)| node((Some(Status { on, ..follows(id) }), id)));
    let survey = Survey::of(&statuses).expect("they have answered");
    assert_eq!((survey.on, survey.ready()), (LEASES, OFF));
    assert_eq!(survey.split(LEASES).0.iter().collect::<Vec<_>>(), [Seat(1), Seat(2), Seat(3)]);
}
