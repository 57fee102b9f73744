use quorate_flash::double::Tear;
use quorate_serial::Wiring;

use super::{MICROS, World};
use crate::boards::wire::Wire;

impl World {
    /// Nothing goes wrong any more, and nobody presses. Of a ring, one wire may stay as it is: it goes on without.
    pub(super) fn calm(&mut self) {
        self.is_calm = true;
        self.next_trouble = u64::MAX;
        self.wires.iter_mut().for_each(Wire::quieten);
        if self.setting.wiring == Wiring::Ring && self.setting.trouble.cuts {
            self.break_a_wire();
        }
        self.boards.iter().for_each(|board| board.chip.restore_power());
        self.record.borrow_mut().is_too_large = false;
        self.guests_due = 0;
        self.relent();
    }

    /// One that is cut, in one direction or both, or that takes nothing.
    fn break_a_wire(&mut self) {
        let wire = self.rng.usize(..self.wires.len());
        let (from, to) = (self.wires[wire].from.0, self.wires[wire].to.0);
        match self.rng.u8(0..4) {
            0 => self.wires[wire].block(true),
            choice => self.cut(from, to, choice == 1, true),
        }
    }

    /// A board that was told that its flash ought to hold data is told otherwise.
    fn relent(&mut self) {
        for board in self.boards.iter_mut().filter(|board| board.existing) {
            board.existing = false;
            board.fail(self.now);
        }
    }

    pub(super) fn plan_trouble(&mut self) {
        let every = self.setting.trouble.every;
        if every > 0 {
            self.next_trouble = self.now + self.rng.u64(1..2 * every) * MICROS;
        }
    }

    pub(super) fn cause_trouble(&mut self) {
        self.relent();
        let trouble = self.setting.trouble;
        let board = self.rng.usize(..self.boards.len());
        if trouble.swells && self.rng.u8(..4) == 0 {
            let is_too_large = &mut self.record.borrow_mut().is_too_large;
            *is_too_large = !*is_too_large;
        }
        if trouble.keys && self.rng.bool() {
            self.change_key();
        }
        if trouble.guests && self.rng.bool() {
            self.let_guests_in();
        }
        match self.rng.u8(0..if trouble.changes { 9 } else { 7 }) {
            0..=2 if trouble.cuts => self.break_a_wire(),
            3 if trouble.cuts => self.wires.iter_mut().for_each(Wire::mend),
            4 if trouble.resets => self.boards[board].fail(self.now + self.rng.u64(1..1_000_000) * MICROS),
            5 if trouble.resets => {
                let tear = *self.rng.choice(&Tear::ALL).expect("there are some");
                self.boards[board].chip.cut_power_after(self.rng.u64(1..200), tear);
            }
            6 if trouble.resets && self.may_lose_flash(board) => {
                let restart_at = self.now + self.rng.u64(1..1_000_000) * MICROS;
                self.boards[board].lose_flash(&self.setting, restart_at);
            }
            7 | 8 if trouble.changes => self.change_at_random(board),
            _ => {}
        }
    }
}
