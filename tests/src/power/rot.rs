use std::io::Write;

use fastrand::Rng;
use quorate::Position;

use super::crash::Crash;
use super::files::Image;
use super::owed::Owed;
use super::recovery::{Opened, Recovery};
use super::{Law, Violation};

impl Recovery {
    /// Flips a bit of a snapshot that a crash has left, if there is one, and holds what comes back to what comes back
    /// without that. Whether there was one.
    pub(super) fn rot(&mut self, crash: &Crash, owed: &Owed<'_>, rng: &mut Rng) -> Result<bool, Violation> {
        let mut image = crash.image.clone();
        let is_snapshot = |name: &str| name.ends_with(".snapshot") || name.ends_with(".fetched");
        let snapshots: Vec<_> =
            image.iter_mut().filter(|(name, bytes)| is_snapshot(name) && !bytes.is_empty()).collect();
        let Some((name, bytes)) = rng.choice(snapshots) else { return Ok(false) };
        let bit = rng.usize(..8 * bytes.len());
        bytes[bit / 8] ^= 1 << (bit % 8);
        let story = format!("{}, and bit {bit} of {name} flips", crash.story);
        self.hold_to_rot(crash, &image, owed).map_err(|violation| violation.left_by(&story))?;
        Ok(true)
    }

    fn hold_to_rot(&mut self, crash: &Crash, image: &Image, owed: &Owed<'_>) -> Result<(), Violation> {
        self.put(&crash.image);
        let sound = self.open_again()?;
        drop(sound.disk);
        self.put(image);
        let rotten = self.open_again()?;
        let Opened { held, kept, node, .. } = sound;
        let in_force = held.snapshot.position;
        let stands_on = rotten.damaged.unwrap_or(rotten.held.snapshot.position);
        if stands_on != in_force {
            return Err(Law::RotIsTold.broken(format!("{in_force:?} was in force, and {stands_on:?} is said to be")));
        }
        if kept.iter().any(|snapshot| !rotten.kept.contains(snapshot)) && rotten.told.is_empty() {
            return Err(Law::RotIsTold.broken(format!("of {kept:?}, {:?} are left without a word", rotten.kept)));
        }
        let mut behind = rotten.node.log().filter(|entry| entry.position().index > in_force.index);
        let is_there = held.records.iter().all(|record| behind.next().is_some_and(|entry| entry.record() == record))
            && rotten.node.last() == node.last()
            && rotten.held.hard_state == held.hard_state
            && rotten.node.durable_mark() == node.durable_mark()
            && rotten.node.settled() == node.settled();
        if !is_there {
            return Err(Law::RotIsTold.broken("more than a snapshot is lost"));
        }
        rotten.node.check_invariants().map_err(|broken| Law::GoesOn.broken(broken.0))?;
        self.take_less(rotten, owed)
    }

    /// The app takes a snapshot of less than the one that is damaged: that does not take its place.
    fn take_less(&mut self, rotten: Opened, owed: &Owed<'_>) -> Result<(), Violation> {
        let Opened { mut disk, node, damaged, .. } = rotten;
        let Some(damaged) = damaged else { return Ok(()) };
        let positions = node.log().map(|entry| entry.position());
        let may_be_taken = |position: &Position| position.index < damaged.index.min(owed.applied());
        let Some(position) = positions.filter(may_be_taken).last() else { return Ok(()) };
        let state = owed.committed().state(position.index);
        let taken = disk.snapshots().create(position, node.members()).and_then(|mut writer| {
            writer.write_all(&state.bytes()).expect("what is kept in memory can be written");
            writer.finish()
        });
        let marked = taken.and_then(|snapshot| disk.mark(snapshot));
        marked.map_err(|error| Law::GoesOn.broken(error.to_string()))?;
        drop(disk);
        let again = self.open_again()?;
        if again.damaged == Some(damaged) {
            return Ok(());
        }
        Err(Law::RotIsTold.broken(format!("the snapshot of {position:?} takes the place of that of {damaged:?}")))
    }
}
