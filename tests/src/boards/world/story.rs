//! A run with trouble, and what has come of it when all is calm again.

use quorate::{Members, Node, Seats};

use super::{World, node};
use crate::boards::board::Board;

/// What came of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Presses that were answered.
    pub answered: usize,
    /// Presses that were applied.
    pub applied: usize,
    /// How often boards started.
    pub boots: u64,
    /// How often a board began a later life.
    pub lives: u64,
}

impl World {
    /// A run with trouble, and then calm until all boards are members and agree.
    ///
    /// # Errors
    /// The promise that was broken.
    pub fn story(mut self, micros: u64) -> Result<Report, String> {
        self.run(micros)?;
        self.calm();
        let election = self.setting.pace().election.as_micros() as u64;
        for _ in 0..100 {
            if self.setting.trouble.changes {
                self.bring_back();
            }
            self.run(election)?;
            if self.is_settled() {
                return self.check();
            }
        }
        let boards: Vec<_> = self.boards.iter().map(describe).collect();
        Err(format!(
            "the boards do not agree {} ms after the last trouble:\n{}",
            100 * election / 1000,
            boards.join("\n")
        ))
    }

    /// Whether nobody waits, and all have a vote and have applied the same.
    fn is_settled(&self) -> bool {
        let applied = |board: &Board| node(board).map(Node::applied);
        let first = applied(&self.boards[0]);
        let all = Members::of(Seats::first(self.boards.len()));
        let has_vote = |board: &Board| node(board).is_some_and(|node| node.is_member() && node.members() == all);
        let is_settled = |board: &Board| board.asked.is_none() && has_vote(board) && applied(board) == first;
        let last = self.boards.iter().filter_map(|board| node(board).map(|node| node.last().index)).max();
        first.is_some() && first == last && self.boards.iter().all(is_settled)
    }

    fn check(&self) -> Result<Report, String> {
        let record = self.record.borrow();
        for board in &self.boards {
            let station = board.station.as_ref().ok_or("a board has no power")?;
            if station.app().is_none_or(|app| app.hash() != record.hash()) {
                return Err(format!("the state of board {} is another than what was applied", board.seat));
            }
            let lost = board.acknowledged.iter().find(|(press, count)| record.count(*press) != Some(*count));
            if let Some((press, count)) = lost {
                return Err(format!("{press:?} was answered, and is not press {count} of all"));
            }
        }
        let sum = |count: fn(&Board) -> u64| self.boards.iter().map(count).sum();
        let (boots, lives) = (sum(|board| board.boots), sum(|board| board.lives));
        Ok(Report { answered: self.answered(), applied: record.len(), boots, lives })
    }
}

/// How a board is, for whoever looks for what went wrong.
fn describe(board: &Board) -> String {
    let Some(station) = &board.station else { return format!("board {} has no power", board.seat) };
    let Some(node) = station.node() else { return format!("board {} waits: {:?}", board.seat, station.obstacle()) };
    let (since, roster) = node.roster();
    format!(
        "{:?} is a {:?} of term {}, last {:?}, commit {}, applied {}, asks {:?}; since {}, settled {}: {roster:?}",
        node.identity(),
        node.role(),
        node.term().0,
        node.last(),
        node.commit().0,
        node.applied().0,
        board.asked,
        since.0,
        node.settled().since.0,
    )
}
