use quorate::{Change, KeyId};

use super::World;
use crate::simulator::oracle::Violation;

impl World {
    /// An operator has the members seal under another key, now and then, at this machine, which leads. No key is used here: it is its
    /// number that goes through the log.
    pub(super) fn use_key(&mut self, machine: usize) -> Result<(), Violation> {
        self.drive(machine, |driver, world, now| {
            // As good as drawn, and no draw more.
            let (seldom, number) = (driver.node().commit().0 % 8, driver.node().commit().0 / 8);
            if seldom != 0 {
                return Ok(());
            }
            let key = KeyId::of_bits(number as u8);
            let answer = driver.change(world, now, Change::UseKey { key });
            world.note(|| format!("{machine}: is to have key {key} used: {answer:?}"));
            if answer.is_ok() {
                world.tally.words += 1;
                world.oracle.on_key_named(driver.node().roster().0, key);
            }
            Ok(())
        })
    }
}
