use quorate_tests::replay::{Fault, Replayed, Stopped, replay};

use crate::drive::Drive;

/// The lines of a node's trace that has a bit of everything.
fn lines() -> Vec<String> {
    let traces = Drive::new(3).run(3000);
    let text = String::from_utf8(traces.into_iter().next().expect("three traces")).expect("JSON is text");
    text.lines().map(str::to_owned).collect()
}

/// The trace with one line changed, and that line's number.
fn changed(lines: &[String], mark: &str, change: impl Fn(&str) -> String) -> (u64, Stopped) {
    let place = lines.iter().position(|line| line.contains(mark)).expect("there is such a line");
    let mut lines = lines.to_vec();
    lines[place] = change(&lines[place]);
    (place as u64 + 1, replay(lines.join("\n").as_bytes()).expect_err("a difference"))
}

/// Changes the digit `at` digits behind a mark.
fn digit(mark: &str, at: usize) -> impl Fn(&str) -> String {
    move |line| {
        let place = line.find(mark).expect("the mark is there") + mark.len() + at;
        let digit = if &line[place..=place] == "1" { "2" } else { "1" };
        format!("{}{digit}{}", &line[..place], &line[place + 1..])
    }
}

#[test]
fn a_changed_effect_is_reported_with_its_line() {
    let marks = [
        ("\"records\":\"0", ".persist.records"),
        ("{\"apply\":{\"index\":", ".apply.index"),
        ("{\"ReadAnswer\":{\"term\":", ".send.message.ReadAnswer.term"),
        ("\"frame\":\"", ".send.frame"),
        ("{\"accept\":{\"term\":", ".accept.term"),
    ];
    let lines = lines();
    for (mark, path) in marks {
        let split = |line: &String| {
            let (input, effects) = line.split_once("\"effects\":")?;
            effects.contains(mark).then(|| (input.to_owned(), effects.to_owned()))
        };
        let found = lines.iter().enumerate().find_map(|(place, line)| Some((place, split(line)?)));
        let (place, (input, effects)) = found.expect("there is such an effect");
        let mut changed = lines.clone();
        changed[place] = format!("{input}\"effects\":{}", digit(mark, 0)(&effects));
        let stopped = replay(changed.join("\n").as_bytes()).expect_err("a difference");
        assert_eq!(stopped.line, place as u64 + 1);
        let Fault::Difference(difference) = stopped.fault else { panic!("{stopped}") };
        assert!(difference.path.starts_with("effects[") && difference.path.ends_with(path), "{difference:?}");
        assert_ne!(difference.expected, difference.found);
    }
}

#[test]
fn a_changed_input_is_reported_with_its_line() {
    let lines = lines();
    let (line, stopped) = changed(&lines, "{\"receive\":", digit("\"frame\":\"", 9));
    assert_eq!(stopped.line, line);
    assert!(matches!(stopped.fault, Fault::Frame(_)), "{stopped}");

    let (line, stopped) = changed(&lines, "\"stamp\":", digit("\"stamp\":", 0));
    assert_eq!(stopped.line, line);
    assert!(stopped.to_string().contains("stamp"), "{stopped}");

    let (line, stopped) =
        changed(&lines, "{\"persisted\":{\"write\":1}}", |text| text.replace("\"write\":1", "\"write\":2"));
    assert_eq!(stopped.line, line);
    assert!(matches!(stopped.fault, Fault::NoWrite(2)), "{stopped}");
}

#[test]
fn a_step_left_out_is_reported() {
    let lines = lines();
    let place = lines.iter().position(|line| line.contains("\"input\":\"tick\"")).expect("a tick");
    let mut shorter = lines.clone();
    shorter.remove(place);
    let stopped = replay(shorter.join("\n").as_bytes()).expect_err("a difference");
    assert_eq!(stopped.line, place as u64 + 1);
    let Fault::Difference(difference) = stopped.fault else { panic!("{stopped}") };
    assert_eq!(difference.path, "n");
}

#[test]
fn a_changed_header_is_reported() {
    let lines = lines();
    let change = |from: &'static str, to: &'static str| move |line: &str| line.replace(from, to);
    let (_, stopped) = changed(&lines, "\"trace\":4", change("\"trace\":4", "\"trace\":7"));
    assert!(matches!(stopped, Stopped { line: 1, fault: Fault::Format(7) }), "{stopped}");
    let (_, stopped) = changed(&lines, "\"voters\":7", change("\"voters\":7", "\"voters\":6"));
    assert!(matches!(stopped, Stopped { line: 1, fault: Fault::Header(_) }), "{stopped}");
    let (_, stopped) = changed(&lines, "\"seed\":3", change("\"seed\":3", "\"seed\":4"));
    assert_eq!(stopped.line, 2, "the first election time-out differs: {stopped}");
}

#[test]
fn what_is_no_trace_is_told() {
    for (text, line) in [("", 1), ("{}", 1), ("hello", 1), ("{\"n\":1}", 1)] {
        assert_eq!(replay(text.as_bytes()).expect_err("no trace").line, line, "{text}");
    }
}

#[test]
fn only_the_last_line_of_a_boot_may_be_cut_off() {
    let lines = lines();
    let whole = lines.join("\n");
    let last = lines.last().expect("there are lines").len();
    for cut in [1, last / 2, last - 1] {
        let replayed = replay(&whole.as_bytes()[..whole.len() - cut]).expect("the rest is whole");
        assert_eq!(replayed, Replayed { events: lines.len() as u64 - 2, boots: 1, cut: 1 });
    }
    let twice = format!("{}\n{whole}", &whole[..whole.len() - 2]);
    let replayed = replay(twice.as_bytes()).expect("two boots");
    assert_eq!(replayed, Replayed { events: 2 * lines.len() as u64 - 3, boots: 2, cut: 1 });

    let place = lines.len() / 2;
    let mut broken = lines.clone();
    broken[place].pop();
    let stopped = replay(broken.join("\n").as_bytes()).expect_err("not at the end");
    assert_eq!(stopped.line, place as u64 + 1, "{stopped}");
}
