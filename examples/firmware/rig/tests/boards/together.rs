use crate::stack;
use crate::story::{Story, others};

pub(crate) fn one_leads(mut story: Story) {
    let leader = story.leader();
    for follower in others(leader) {
        story.wait("the others follow it", |story| {
            let status = story.ask(follower, "status");
            status.starts_with("follower") && status.contains(&format!("led by {leader},"))
        });
    }
}

pub(crate) fn any_button(mut story: Story) {
    assert_eq!(story.ask(1, "press lamp 1"), "lamp 1 is on");
    assert_eq!(story.ask(2, "press lamp 2 on"), "lamp 2 is on");
    assert_eq!(story.ask(3, "press lamp 15"), "lamp 15 is on");
    assert_eq!(story.ask(1, "press lamp 2"), "lamp 2 is off");
    assert_eq!(story.ask(2, "press register 3 write 4000000000"), "register 3 is 4000000000");
    assert_eq!(story.ask(3, "press register 3 add 7"), "register 3 is 4000000007");
    assert!(story.check().starts_with(".#.............# 0 0 0 4000000007 "));
}

pub(crate) fn thousand(mut story: Story) {
    let countings = [(1, 334), (2, 333), (3, 333)].map(|(board, times)| story.begin_counting(board, times));
    for counting in countings {
        story.end_counting(counting);
    }
    story.check();
    stack::check(&mut story);
}

pub(crate) fn refused(mut story: Story) {
    let mut error = |order: &str| story.try_ask(1, order).expect_err("no such button").to_string();
    assert_eq!(error("press lamp 16"), "a lamp has a number from 0 to 15");
    assert_eq!(error("press register 1 take 1"), "say 'add V' or 'write V' after the register");
    assert_eq!(error("repeat often"), "a number has to follow");
    assert_eq!(error("sing"), "orders are press, repeat, lamps, status, stack, add, promote, remove, cut and panic");
    story.check();
}
