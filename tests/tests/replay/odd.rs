use std::panic::{AssertUnwindSafe, catch_unwind};

use quorate::{
    Answer, Boot, Charter, Config, Effect, Features, Founding, Input, Instant, Least, Members, Node, Rejection, Seat,
    Seats,
};
use quorate_tests::replay::{Replayed, replay};
use quorate_trace::Recorder;
use serde::{Deserialize, Serialize, Serializer, ser};

/// A command that cannot be encoded if it is odd.
#[derive(Deserialize)]
struct Even(u8);

impl Serialize for Even {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(2) { serializer.serialize_u8(self.0) } else { Err(ser::Error::custom("odd")) }
    }
}

type Single = Node<Even, [u8; 1024], 1>;

fn single(trace: &mut Vec<u8>) -> (Single, Recorder<&mut Vec<u8>>) {
    let config = Config::new(Seat(0), 7);
    let charter = Charter {
        founding: Founding(1),
        members: Members::of(Seats::first(1)),
        least: Least { log_bytes: 1024, election_micros: 250_000, features: Features::OWN },
    };
    let boot = Boot::found(config.clone(), &charter, [0; 1024]).expect("a cluster of one");
    let node = boot.start(Instant::START).expect("it has nothing");
    let recorder = Recorder::start(trace, charter, config, 1024, Instant::START, &node);
    (node, recorder.expect("a header"))
}

/// Takes a step, and all that follows from its writes.
fn step(node: &mut Single, recorder: &mut Recorder<&mut Vec<u8>>, input: Input<'_, Even>) -> Option<Rejection> {
    let (now, mut written) = (Instant::from_millis(1000), None);
    recorder.begin(node, now, &input);
    let effects = node.step(now, input);
    let answer = effects.answer;
    answer.into_iter().for_each(|answer| recorder.answer(answer));
    for effect in effects {
        recorder.draw(&effect);
        if let Effect::Persist(persist) = effect {
            written = Some(persist.ticket);
        }
    }
    recorder.end(node, true).expect("memory takes everything");
    if let Some(ticket) = written {
        step(node, recorder, Input::Persisted(ticket));
    }
    match answer {
        Some(Answer::Reject(rejection)) => Some(rejection),
        _ => None,
    }
}

fn command(number: u8) -> Input<'static, Even> {
    Input::ClientCommand { session: None, command: Some(Even(number)) }
}

#[test]
fn a_command_that_cannot_be_encoded_is_refused_again() {
    let mut trace = Vec::new();
    let (mut node, mut recorder) = single(&mut trace);
    assert_eq!(step(&mut node, &mut recorder, Input::Tick), None);
    assert_eq!(step(&mut node, &mut recorder, command(2)), None);
    assert_eq!(step(&mut node, &mut recorder, command(3)), Some(Rejection::Unencodable));
    drop(recorder);
    let replayed = replay(trace.as_slice()).expect("no difference");
    assert_eq!(replayed, Replayed { events: 6, boots: 1, cut: 0 });
}

#[test]
fn a_step_in_which_the_program_panics_is_the_last_line() {
    let mut trace = Vec::new();
    let (mut node, mut recorder) = single(&mut trace);
    step(&mut node, &mut recorder, Input::Tick);
    let panicked = catch_unwind(AssertUnwindSafe(move || {
        let now = Instant::from_millis(1001);
        recorder.begin(&node, now, &command(2));
        recorder.answer(node.step(now, command(2)).answer.expect("an answer"));
        panic!("the application has a bug");
    }));
    assert!(panicked.is_err());
    let text = std::str::from_utf8(&trace).expect("JSON is text");
    let last = text.lines().last().expect("there are lines");
    assert!(last.contains("{\"accept\":") && last.ends_with("\"after\":null}"), "{last}");
    let replayed = replay(trace.as_slice()).expect("no difference");
    assert_eq!(replayed, Replayed { events: 4, boots: 1, cut: 0 });
}
