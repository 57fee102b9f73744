//! Who adds boards and removes them: a guest on a line of its own.

use std::cell::Cell;

use quorate::{Change, Dismissal, Members, Roster, Seat, Seats};
use quorate_wire::client::{Reason, ReplyBody, Request, RequestBody};

use super::World;
use super::console::CONSOLE;
use crate::boards::CLUSTER;
use crate::boards::board::Board;
use crate::boards::keys::Step;

/// What the operator's requests are known by.
const CLIENT: u64 = 7;

impl World {
    /// What a board answers at once; nothing if it has no power, or no room for a session.
    ///
    /// # Panics
    /// It answers nothing, or another board is at the end of the operator's line.
    pub fn ask<T>(&mut self, board: usize, body: RequestBody<'_>, read: impl FnOnce(ReplyBody<'_>) -> T) -> Option<T> {
        assert!(self.wires.iter().all(|wire| wire.to.1 != CONSOLE), "the operator has no line");
        // What it has answered before is not looked at any more.
        self.replies(board, CLIENT, |_| None::<()>);
        let number = self.now;
        if !self.say(board, &Request { cluster: CLUSTER, client: CLIENT, number, body }) {
            return None;
        }
        let read = Cell::new(Some(read));
        let mut replies = self.replies(board, CLIENT, |reply| {
            let read = if reply.number == number { read.take() } else { None };
            read.map(|read| read(reply.body))
        });
        // A session may have made way for another one since.
        assert!(self.setting.seals.is_some() || !replies.is_empty(), "it answers this request");
        replies.pop()
    }

    /// Who takes part, as a board knows.
    pub fn members(&mut self, board: usize) -> Option<Members> {
        self.ask(board, RequestBody::Members, |body| match body {
            ReplyBody::Members { roster, .. } => Some(roster.members()),
            _ => None,
        })?
    }

    /// Asks whoever leads to change who takes part.
    ///
    /// # Errors
    /// Why nothing was done; none if nobody leads.
    pub fn change(&mut self, change: Change<'_>) -> Result<(), Option<Reason>> {
        let leader = self.leader().ok_or(None)?;
        let since = self.ask(leader, RequestBody::Members, |body| match body {
            ReplyBody::Members { since, .. } => Ok(since),
            _ => Err(None),
        });
        let since = since.ok_or(None)??;
        let taken = self.ask(leader, RequestBody::Change { since, change }, |body| match body {
            ReplyBody::Taken => Ok(()),
            ReplyBody::Refused(reason) => Err(Some(reason)),
            ReplyBody::NotLeader { .. } => Err(None),
            other => panic!("a change is answered with {other:?}"),
        });
        taken.ok_or(None)?
    }

    /// Why a board was told to stop.
    pub fn dismissed(&self, board: usize) -> Option<Dismissal> {
        self.boards[board].dismissed
    }

    /// Adds a board, takes it a step further, or removes it. Nobody is removed who may be needed, since another one has
    /// just lost its flash.
    pub(super) fn change_at_random(&mut self, board: usize) {
        let seat = Seat(self.boards[board].seat);
        let Some(roster) = self.leader().and_then(|leader| self.boards[leader].roster()) else { return };
        let Members { voters, learners, .. } = roster.members();
        let change = match (voters.contains(seat), learners.contains(seat)) {
            (true, _) if !self.have_majority(&roster, voters.without(seat), voters.without(seat)) => return,
            (true, _) => Change::Remove { seat },
            (false, true) if self.rng.bool() => Change::Remove { seat },
            (false, true) => Change::Promote { seat },
            (false, false) => Change::Add { seat, address: &[] },
        };
        // What is refused was a bad idea at this moment.
        let _ = self.change(change);
    }

    /// Takes the change of the cluster's key a step further, at one more board.
    pub(super) fn change_key(&mut self) {
        let (step, number, board) = &mut self.rotation;
        let Board { keys, station, .. } = &mut self.boards[*board];
        keys.step(*step, *number, station.as_mut());
        *board += 1;
        if *board == self.boards.len() {
            if let Step::Remove = step {
                *number += 1;
            }
            (*step, *board) = (step.next(), 0);
        }
    }

    /// Sees to it that every board has a vote again.
    pub(super) fn bring_back(&mut self) {
        let Some(Members { voters, learners, .. }) = self.leader().and_then(|leader| self.members(leader)) else {
            return;
        };
        for seat in (0..self.setting.boards).map(Seat).filter(|seat| !voters.contains(*seat)) {
            let is_learner = learners.contains(seat);
            let change = if is_learner { Change::Promote { seat } } else { Change::Add { seat, address: &[] } };
            let _ = self.change(change);
        }
    }

    /// Deals with a board that is no member any longer: in a troubled world it is made a new one, to be added.
    pub(super) fn dismiss(&mut self, number: usize, why: Dismissal) {
        let restart_at = self.now + self.rng.u64(1..1_000_000_000);
        let board = &mut self.boards[number];
        if self.setting.trouble.changes {
            assert_eq!(why, Dismissal::Removed, "no store is in use twice");
            board.lose_flash(&self.setting, restart_at);
        } else {
            board.fail(u64::MAX);
            board.dismissed = Some(why);
        }
    }

    /// Whether those that hold what they held are a majority in all that any board may go by, without this one: learners
    /// may be voters at the next moment.
    pub(super) fn may_lose_flash(&self, board: usize) -> bool {
        if !self.setting.trouble.changes && self.boards.iter().all(|board| !board.has_lost) {
            return true;
        }
        let seat = Seat(board as u8);
        self.boards.iter().filter_map(Board::roster).all(|roster| {
            let Members { voters, outgoing, replaced, learners, .. } = roster.members();
            let (old, all) = (Seats(outgoing.0 & !replaced.0), voters.union(learners));
            self.have_majority(&roster, voters.without(seat), voters)
                && self.have_majority(&roster, all.without(seat), all)
                && (outgoing.is_empty() || self.have_majority(&roster, old.without(seat), outgoing))
        })
    }

    /// Whether those of these seats that hold the life which this roster names are a majority of these voters.
    fn have_majority(&self, roster: &Roster<'_>, seats: Seats, of: Seats) -> bool {
        let holds = |seat: &Seat| self.boards[usize::from(seat.0)].is_named_by(roster);
        2 * seats.iter().filter(holds).count() > of.count()
    }
}
