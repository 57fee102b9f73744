use crate::story::{Story, others};

const WIRES: [(usize, usize); 3] = [(1, 2), (2, 3), (3, 1)];

pub(crate) fn noise(mut story: Story) {
    for (a, b) in WIRES {
        story.rig.wire(a, b).expect("there is a wire").garble(300);
    }
    let countings = [1, 2, 3].map(|board| story.begin_counting(board, 60));
    for counting in countings {
        story.end_counting(counting);
    }
    story.wait("noise is noticed", |story| {
        let statuses = [1, 2, 3].map(|board| story.ask(board, "status"));
        statuses.iter().any(|status| dropped(status) > 0)
    });
    story.check();
}

pub(crate) fn cut(mut story: Story) {
    for (a, b) in WIRES {
        story.rig.wire(a, b).expect("there is a wire").cut();
        let countings = [1, 2, 3].map(|board| story.begin_counting(board, 20));
        for counting in countings {
            story.end_counting(counting);
        }
        story.check();
        story.rig.wire(a, b).expect("there is a wire").mend();
    }
    story.count(1);
    story.check();
}

pub(crate) fn cut_off(mut story: Story) {
    // The first command needs all of them.
    story.count(1);
    let leader = story.leader();
    let [next, last] = others(leader);
    for other in [next, last] {
        story.rig.wire(leader, other).expect("there is a wire").cut();
    }
    // Nobody hears this before the wires are mended: it is done then, and only once.
    let alone = story.begin_counting(leader, 1);
    let counting = story.begin_counting(next, 60);
    story.end_counting(counting);
    for other in [next, last] {
        story.rig.wire(leader, other).expect("there is a wire").mend();
    }
    story.end_counting(alone);
    story.check();
}

/// How many frames a board has dropped.
fn dropped(status: &str) -> u32 {
    let words: Vec<&str> = status.split_whitespace().collect();
    let counts = words.windows(2).filter(|pair| pair[1].starts_with("dropped"));
    counts.filter_map(|pair| pair[0].parse::<u32>().ok()).sum()
}
