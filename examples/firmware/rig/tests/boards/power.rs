use crate::story::{Story, others};

pub(crate) fn cut_in_write(mut story: Story) {
    // The first command of all needs every board.
    story.count(1);
    // Within the words of one write, at its ends, and some writes later.
    for words in [0, 1, 2, 3, 5, 8, 13, 21, 34] {
        cut(&mut story, words);
    }
}

pub(crate) fn cut_in_snapshot(mut story: Story) {
    // Every some dozen commands there is a snapshot, and pages are erased.
    for words in [150, 333, 444, 555] {
        cut(&mut story, words);
    }
}

/// Cuts the power of one board after the other, while it has commands done and others do.
fn cut(story: &mut Story, words: u32) {
    let board = 1 + words as usize % 3;
    let [next, last] = others(board);
    story.ask(board, &format!("cut {words}"));
    while story.rig.running().contains(&board) {
        story.count(board);
        story.count(next);
        story.count(last);
    }
    story.check();
    story.rig.start(board).expect("it starts");
    story.count(board);
    story.check();
}
