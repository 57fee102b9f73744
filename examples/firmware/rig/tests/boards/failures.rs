use crate::stack;
use crate::story::{Story, others};

pub(crate) fn killed(mut story: Story) {
    for _ in 0..2 {
        let leader = story.leader();
        let [next, last] = others(leader);
        let countings = [next, last].map(|board| story.begin_counting(board, 20));
        story.count(leader);
        story.rig.kill(leader).expect("it runs");
        for counting in countings {
            story.end_counting(counting);
        }
        story.check();
        story.rig.start(leader).expect("it starts");
        story.count(leader);
        story.check();
    }
}

pub(crate) fn all_killed(mut story: Story) {
    story.ask(2, "press lamp 7 on");
    // Enough for a snapshot to take the place of the log.
    let counting = story.begin_counting(1, 60);
    story.end_counting(counting);
    for board in 1..=3 {
        story.rig.kill(board).expect("it runs");
    }
    for board in 1..=3 {
        story.rig.start(board).expect("it starts");
    }
    story.count(3);
    assert!(story.check().starts_with(".......#........ 61 "));
    stack::check(&mut story);
}

pub(crate) fn reset(mut story: Story) {
    for board in 1..=3 {
        let other = others(board)[0];
        let counting = story.begin_counting(other, 20);
        story.count(board);
        story.rig.reset(board).expect("it runs");
        story.end_counting(counting);
        story.count(board);
        story.check();
    }
}

pub(crate) fn panicked(mut story: Story) {
    let leader = story.leader();
    story.count(leader);
    story.ask(leader, "panic");
    story.wait("it reports and starts anew", |story| {
        let log = story.rig.log(100, Some(leader)).expect("it has a log");
        log.split_once("panicked at ").is_some_and(|(_, after)| after.contains("started as board"))
    });
    story.count(leader);
    story.check();
}
