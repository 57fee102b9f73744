//! The linearizability checker is right about histories whose verdict is known otherwise.

mod brute;
mod events;
mod rules;
mod store;

use std::time::Instant;

use quorate_tests::{
    history::{Answer, Event, History, Operation, Outcome},
    linearizability::{Checker, Verdict},
};
use store::{Load, Random, run};

/// Changes the answer of one event, if one has any.
fn mutate(history: &History, values: u64, random: &mut Random) -> History {
    let mut events: Vec<Event> = history.events().to_vec();
    let place = random.below(events.len() as u64) as usize;
    if let Outcome::Ok(answer) = &mut events[place].outcome {
        match answer {
            Answer::Done => {}
            Answer::Value(value) => *value = Some(random.below(values).to_string()).filter(|_| random.chance(800)),
            Answer::Existed(flag) | Answer::Swapped(flag) => *flag = !*flag,
        }
    }
    events.into_iter().collect()
}

#[test]
fn a_linearizable_store_is_accepted() {
    for seed in 0..200 {
        let mut random = Random(seed);
        let load = Load {
            operations: 20 + random.below(300) as usize,
            processes: 1 + random.below(12),
            keys: 1 + random.below(4),
            values: random.below(6),
            unknown_per_mille: random.below(100),
            fail_per_mille: random.below(50),
        };
        let verdict = Checker::default().check(&run(&load, &mut random));
        assert!(verdict == Verdict::Linearizable, "seed {seed}: {verdict}");
    }
}

#[test]
fn the_verdict_on_small_histories_is_that_of_brute_force() {
    let mut bad = 0;
    for seed in 0..4_000 {
        let mut random = Random(seed);
        let values = 1 + random.below(3);
        let load = Load {
            operations: 2 + random.below(6) as usize,
            processes: 1 + random.below(5),
            keys: 1,
            values,
            unknown_per_mille: random.below(500),
            fail_per_mille: random.below(100),
        };
        let mut history = run(&load, &mut random);
        for _ in 0..random.below(8) {
            history = mutate(&history, values, &mut random);
        }
        let verdict = Checker::default().check(&history);
        let expected = brute::has_order(&history);
        assert_eq!(verdict == Verdict::Linearizable, expected, "seed {seed}: {verdict}\n{history}");
        let Verdict::Violation { explanation, .. } = verdict else {
            continue;
        };
        bad += 1;
        // The events up to the last of the window have no order either: later ones are not at fault.
        let end = explanation.events.iter().filter_map(|event| event.returned).max();
        let up_to_end = history.events().iter().filter(|event| Some(event.invoked) <= end).cloned().collect();
        assert!(!brute::has_order(&up_to_end), "seed {seed}: {explanation}\n{history}");
    }
    println!("{bad} of 4000 histories were bad");
    assert!((1_000..3_000).contains(&bad), "{bad} bad histories of 4000 are too few or too many to tell");
}

#[test]
fn ten_thousand_operations_on_five_keys_are_checked() {
    for (values, unknown_per_mille) in [(0, 10), (0, 50), (5, 10), (5, 50)] {
        let load = Load { operations: 10_000, processes: 10, keys: 5, values, unknown_per_mille, fail_per_mille: 10 };
        let history = run(&load, &mut Random(7));
        let start = Instant::now();
        Checker::default().check(&history).expect_linearizable();
        println!("{values} values, {unknown_per_mille} per mille unknown: good in {:?}", start.elapsed());

        let mut events = history.events().to_vec();
        let is_read = |event: &&mut Event| event.operation == Operation::Get && matches!(event.outcome, Outcome::Ok(_));
        let read = events.iter_mut().skip(9_000).find(is_read).expect("the load reads");
        read.outcome = Outcome::Ok(Answer::Value(Some("never written".into())));
        let start = Instant::now();
        let verdict = Checker::default().check(&events.into_iter().collect());
        println!("{values} values, {unknown_per_mille} per mille unknown: bad in {:?}", start.elapsed());
        assert!(!matches!(verdict, Verdict::Linearizable), "{verdict}");
    }
}

#[test]
fn one_key_with_ten_processes_is_checked() {
    for (values, unknown_per_mille) in [(0, 10), (0, 50), (5, 10), (5, 50)] {
        let load = Load { operations: 2_000, processes: 10, keys: 1, values, unknown_per_mille, fail_per_mille: 10 };
        let history = run(&load, &mut Random(11));
        let start = Instant::now();
        let verdict = Checker::default().check(&history);
        println!("{values} values, {unknown_per_mille} per mille unknown: {verdict} in {:?}", start.elapsed());
        assert!(!matches!(verdict, Verdict::Violation { .. }), "{verdict}");
    }
}

#[test]
fn a_history_is_read_back_as_it_was_printed() {
    let load = Load { operations: 200, processes: 5, keys: 2, values: 3, unknown_per_mille: 100, fail_per_mille: 100 };
    let history = run(&load, &mut Random(3));
    assert_eq!(history.to_string().parse(), Ok(history));
}

#[test]
fn the_format_of_a_history_is_pinned() {
    let text = r#"{"process":1,"key":"x","invoked":0,"returned":1,"operation":{"put":"a"},"outcome":{"ok":"done"}}
{"process":2,"key":"x","invoked":2,"returned":3,"operation":"get","outcome":{"ok":{"value":"a"}}}
{"process":2,"key":"x","invoked":4,"returned":5,"operation":"delete","outcome":{"ok":{"existed":true}}}
{"process":1,"key":"x","invoked":6,"returned":7,"operation":{"cas":{"from":null,"to":"b"}},"outcome":{"ok":{"swapped":true}}}
{"process":1,"key":"x","invoked":8,"returned":9,"operation":{"append":"c"},"outcome":"fail"}
{"process":1,"key":"x","invoked":10,"returned":null,"operation":"get","outcome":"unknown"}
"#;
    let history: History = text.parse().expect("the text is a history");
    assert_eq!(history.events().len(), 6);
    assert_eq!(history.to_string(), text);
}

#[test]
fn a_line_that_is_no_event_is_named() {
    let text = "\n{\"process\":1,\"key\":\"x\",\"invoked\":0,\"operation\":\"get\",\"outcome\":{\"ok\":\"done\"}}";
    let error = text.parse::<History>().expect_err("an answer needs a time");
    assert_eq!((error.line, error.reason.as_str()), (2, "an event has an answer and no time of return"));
    assert_eq!("get".parse::<History>().expect_err("no JSON").line, 1);
}
