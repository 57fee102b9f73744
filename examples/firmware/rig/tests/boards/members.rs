use crate::story::{LIMIT, Story, others};

/// Each of them in turn: with its vote one of the others can be missed.
pub(crate) fn erased(mut story: Story) {
    story.count(1);
    for board in 1..=3 {
        let [next, last] = others(board);
        story.rig.erase(board).expect("it starts");
        let counting = story.begin_counting(next, 20);
        story.wait_until_it_is_in(board);
        story.end_counting(counting);
        story.rig.kill(next).expect("it runs");
        story.count(board);
        story.count(last);
        story.check();
        story.rig.start(next).expect("it starts");
        story.count(next);
        story.check();
    }
}

pub(crate) fn replaced(mut story: Story) {
    story.count(1);
    let leader = story.leader();
    let [next, last] = others(leader);
    story.rig.remove(leader, LIMIT).expect("the others go on");
    assert_eq!(sorted(&mut story), [next.min(last), next.max(last)]);
    let counting = story.begin_counting(next, 20);
    story.end_counting(counting);
    story.check();
    let told = story.rig.remove(leader, LIMIT).expect_err("it was removed").to_string();
    assert_eq!(told, format!("{leader} is not among the members"));
    story.rig.start(leader).expect("it starts");
    story.wait("it is told again", |story| !story.rig.running().contains(&leader));
    let told = story.try_ask(leader, "status").expect_err("it is off").to_string();
    assert_eq!(told, format!("board {leader} is off: it is no member any longer. Add it first"));
    assert!(story.log().contains("stopped: stop: removed "));

    story.rig.add(leader, LIMIT).expect("it is made a new one");
    assert_eq!(sorted(&mut story), [1, 2, 3]);
    story.count(leader);
    story.rig.kill(next).expect("it runs");
    story.count(last);
    story.check();
    let told = story.rig.add(leader, LIMIT).expect_err("it is a member").to_string();
    assert!(told.contains("is a member"), "{told}");
}

/// Whether the others let it in again before it is removed, is a matter of moments.
pub(crate) fn erased_and_removed(mut story: Story) {
    story.count(1);
    for machine in [3, 2] {
        story.rig.erase(machine).expect("it starts");
        story.rig.remove(machine, LIMIT).expect("the others go on");
        let name = if story.rig.is_host(machine) { "host" } else { "board" };
        let told = story.try_ask(machine, "status").expect_err("it is off").to_string();
        assert_eq!(told, format!("{name} {machine} is off: it is no member any longer. Add it first"));
        story.count(1);
        story.rig.add(machine, LIMIT).expect("it is made a new one");
        story.count(machine);
        story.check();
    }
}

fn sorted(story: &mut Story) -> Vec<usize> {
    let mut voters = story.rig.voters(LIMIT).expect("somebody leads");
    voters.sort_unstable();
    voters
}
