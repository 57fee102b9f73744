use embedded_storage::nor_flash::NorFlash;
use quorate::founding::{Effect, Input};
use quorate::{Charter, Identity, Incarnation, Prospect};
use quorate_wire::DecodeError;

use super::{Machine, Stage, restore};
use crate::{App, Stop};

impl<A, F, B, const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize>
    Machine<A, F, B, SEATS, LINES, FRAME, CLIENTS>
where
    A: App,
    F: NorFlash,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    /// Takes what another store says of a founding. A member answers by its charter, whoever asks.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) fn take_founding(
        &mut self,
        stage: &mut Stage<A, F, B, SEATS, LINES, FRAME, CLIENTS>,
        frame: &mut [u8],
    ) -> Result<Result<(), DecodeError>, Stop> {
        let (from, message) = match self.post.open_founding(frame) {
            Err(refusal) => return Ok(Err(refusal)),
            Ok(received) => received,
        };
        if let Stage::Candidate(candidate, _) = stage {
            if candidate.may_hear(from, &message) {
                // That it is complete, it says again at the next turn.
                self.consult(&mut candidate.prospect, Input::Receive { from, message })?;
            }
        } else if let Some(answer) = self.post.charter.and_then(|charter| charter.answer(&message)) {
            self.post.say(from, &answer);
        }
        Ok(Ok(()))
    }

    /// Does what a store has to do that is not complete. Once it is, it becomes a node.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) fn found(&mut self, stage: &mut Stage<A, F, B, SEATS, LINES, FRAME, CLIENTS>) -> Result<(), Stop> {
        let Stage::Candidate(candidate, _) = stage else { return Ok(()) };
        if let Some((charter, incarnation)) = self.consult(&mut candidate.prospect, Input::Tick)? {
            let restored = stage.complete(&charter, incarnation, self.now)?;
            self.post.join(charter, Identity { incarnation, ..self.post.identity });
            if let (Some(replica), Some(snapshot)) = (stage.replica_mut(), restored) {
                restore(replica, &mut self.flash, self.buffer.as_mut(), snapshot)?;
            }
        }
        Ok(())
    }

    /// Gives the prospect an input, and does what it orders, until there is no more or the lines are full. By which
    /// charter it is complete and in which life, if it is.
    fn consult(
        &mut self,
        prospect: &mut Prospect<SEATS>,
        input: Input,
    ) -> Result<Option<(Charter, Incarnation)>, Stop> {
        let mut next = Some(input);
        while let Some(input) = next.take() {
            // An answer is offered once, and only first of all.
            let mut is_offered_once = !matches!(input, Input::Tick);
            let mut effects = prospect.step(self.now, input);
            loop {
                self.is_behind = !self.post.lines.are_ready();
                if self.is_behind && !is_offered_once {
                    break;
                }
                is_offered_once = false;
                match effects.next() {
                    Some(Effect::Send { to, message }) => self.post.say(to, &message),
                    Some(Effect::Persist { ticket, record }) => {
                        self.flash.record(record)?;
                        next = Some(Input::Persisted(ticket));
                    }
                    Some(Effect::Complete(charter, incarnation)) => return Ok(Some((charter, incarnation))),
                    None => break,
                }
            }
        }
        Ok(None)
    }
}
