use crate::story::{LIMIT, Story};

pub(crate) fn same_commands(mut story: Story) {
    assert_eq!(story.ask(1, "press lamp 1"), "lamp 1 is on");
    assert_eq!(story.ask(2, "press lamp 2 on"), "lamp 2 is on");
    assert_eq!(story.ask(3, "press lamp 1"), "lamp 1 is off");
    assert_eq!(story.ask(1, "press register 3 add 7"), "register 3 is 7");
    assert_eq!(story.ask(2, "press register 3 add 7"), "register 3 is 14");
    for machine in 1..=3 {
        let refused = story.try_ask(machine, "press lamp 16").expect_err("there is no such lamp");
        assert_eq!(refused.to_string(), "a lamp has a number from 0 to 15");
    }
    // Enough for snapshots on all three.
    let countings = [1, 2, 3].map(|machine| story.begin_counting(machine, 60));
    for counting in countings {
        story.end_counting(counting);
    }
    assert!(story.check().starts_with("..#............. 180 0 0 14 "));
}

/// What is acknowledged then is in the board's flash, and the board has voted for whoever leads or leads itself.
pub(crate) fn one_host_dead(mut story: Story) {
    // The first command of all needs everyone.
    story.count(1);
    for dead in [2, 3] {
        let alive = 5 - dead;
        story.rig.kill(dead).expect("it runs");
        let countings = [1, alive].map(|machine| story.begin_counting(machine, 40));
        for counting in countings {
            story.end_counting(counting);
        }
        story.check();
        story.rig.start(dead).expect("it starts");
        story.count(dead);
        story.check();
    }
}

pub(crate) fn board_dead(mut story: Story) {
    story.count(1);
    story.ask(1, "cut 10");
    while story.rig.running().contains(&1) {
        story.count(1);
        story.count(2);
    }
    // More than the hosts keep in their logs.
    let countings = [2, 3].map(|machine| story.begin_counting(machine, 150));
    for counting in countings {
        story.end_counting(counting);
    }
    story.check();
    story.rig.start(1).expect("it starts");
    story.count(1);
    story.check();
}

pub(crate) fn noise(mut story: Story) {
    story.rig.wire(1, 2).expect("there is a wire").garble(400);
    let countings = [1, 2, 3].map(|machine| story.begin_counting(machine, 40));
    for counting in countings {
        story.end_counting(counting);
    }
    story.rig.wire(1, 3).expect("it is the same wire").mend();
    story.check();
}

pub(crate) fn members(mut story: Story) {
    story.count(1);
    // The board.
    story.rig.erase(1).expect("it starts");
    story.wait_until_it_is_in(1);
    story.rig.kill(2).expect("it runs");
    story.count(1);
    story.check();
    story.rig.start(2).expect("it starts");
    story.count(2);
    // A host, and then the board again.
    for machine in [3, 1] {
        story.rig.remove(machine, LIMIT).expect("the others go on");
        story.count(2);
        story.check();
        story.rig.add(machine, LIMIT).expect("it is made a new one");
        story.count(machine);
        story.check();
    }
}
