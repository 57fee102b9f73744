//! How deep the stacks have been, held against the table in the README.

use std::fs;

use crate::story::{EMBASSY, Story};

/// No board has used more than 2 % above what the README says.
#[track_caller]
pub(crate) fn check(story: &mut Story) {
    let readme = fs::read_to_string(README).expect("the README");
    let (_, table) = readme.split_once("<!-- painted -->\n").expect("the README has a table of painted stacks");
    let figure = |row: &str| {
        let mut cells = table.lines().find_map(|line| line.strip_prefix(row)).expect("a row").split('|').skip(1);
        number(cells.nth((story.firmware == EMBASSY).into()).expect("a column"))
    };
    let (start, since) = (figure("| while it starts "), figure("| in 1,000 commands "));
    for board in 1..=3 {
        let depth = story.ask(board, "stack");
        let mut words = depth.split(' ');
        let mut next = |skipped| words.nth(skipped).map(number).expect("a number of bytes");
        let (used, room, used_before) = (next(0), next(2), next(0));
        assert!(used.max(used_before) < room, "board {board} has used all of its stack: {depth}");
        for (used, told) in [(used, since), (used_before, start)] {
            assert!(used * 100 <= told * 102, "the README says {told}, and board {board}: {depth}");
        }
    }
}

fn number(text: &str) -> u32 {
    text.replace(',', "").trim().parse().unwrap_or_else(|_| panic!("'{text}' is no number"))
}

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../README.md");
