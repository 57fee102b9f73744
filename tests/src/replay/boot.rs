use quorate::{Effect, Entries, Founding, Incarnation, Instant, Node, Recovered, Seat, Ticket};
use quorate_trace::{Header, Recorder, Tree};

use super::event::Event;
use super::fault::{Difference, Fault};
use super::verbatim::Verbatim;

/// A node that lives through one boot of a trace once more.
pub(super) struct Boot {
    node: Node<Verbatim, Box<[u8]>, { Seat::COUNT_MAX }>,
    founding: Founding,
    /// Writes down what the node does now, in the same way as it was written then.
    recorder: Recorder<Vec<u8>>,
    writes: u64,
    /// The write under way, and its number.
    write: Option<(u64, Ticket)>,
}

/// A node uses no more memory for its log than that.
const LOG_BYTES_MAX: usize = u32::MAX as usize;

impl Boot {
    /// Makes the node from its header.
    pub(super) fn open(text: &[u8]) -> Result<Boot, Fault> {
        let header: Header = serde_json::from_slice(text).map_err(Fault::Json)?;
        let Header { charter, ref config, log_bytes, start_us, .. } = header;
        let start = Instant::from_micros(start_us);
        let refused = |error: &dyn std::fmt::Display| Fault::Header(error.to_string());
        let memory = vec![0; log_bytes.min(LOG_BYTES_MAX)].into_boxed_slice();
        let mut boot = quorate::Boot::recover(config.clone(), memory).map_err(|error| refused(&error))?;
        let entries = Entries::parse(&header.records).map_err(|error| refused(&error))?;
        let charter_item = match header.incarnation {
            Incarnation::FOUNDER => Recovered::Charter(charter),
            incarnation => Recovered::Joined(charter, incarnation),
        };
        let settled = header.settled.settled().ok_or_else(|| refused(&"who takes part cannot be read"))?;
        let items = [charter_item, Recovered::Settled(settled), Recovered::HardState(header.hard_state)].into_iter();
        let items = items.chain(header.lost.map(Recovered::LostSnapshot));
        let items = items.chain(header.snapshots.iter().copied().map(Recovered::Snapshot));
        let items = items.chain(header.committed.map(Recovered::DamagedSnapshot));
        let items = items.chain(header.stored.map(Recovered::Stored));
        for item in items.chain(entries.map(Recovered::Entry)).chain([Recovered::Mark(header.mark)]) {
            boot.take(item).map_err(|error| refused(&error))?;
        }
        let node = boot.start(start).map_err(|error| refused(&error))?;
        let recorder = Recorder::start(Vec::new(), charter, config.clone(), log_bytes, start, &node);
        let recorder = recorder.map_err(|error| refused(&error))?;
        let mut boot = Boot { node, founding: charter.founding, recorder, writes: 0, write: None };
        boot.compare(text)?;
        Ok(boot)
    }

    /// Takes a step once more, and draws as many effects as were drawn then.
    pub(super) fn step(&mut self, text: &[u8]) -> Result<(), Fault> {
        let event: Event = serde_json::from_slice(text).map_err(Fault::Json)?;
        let now = Instant::from_micros(event.now_us);
        let input = event.input.input(self.founding, self.node.seat(), &mut self.write)?;
        self.recorder.begin(&self.node, now, &input);
        let mut draws = event.effects.len() + usize::from(event.drained);
        let mut drawn = 0;
        let mut effects = self.node.step(now, input);
        if event.without_app {
            self.recorder.leave_app();
            effects = effects.without_app();
        }
        if let Some(answer) = effects.answer {
            draws = draws.saturating_sub(1);
            self.recorder.answer(answer);
        }
        for effect in effects.take(draws) {
            drawn += 1;
            self.recorder.draw(&effect);
            if let Effect::Persist(persist) = effect {
                self.writes += 1;
                self.write = Some((self.writes, persist.ticket));
            }
        }
        let written = match event.after {
            Some(_) => self.recorder.end(&self.node, drawn < draws),
            None => self.recorder.abandon(),
        };
        written.expect("memory takes everything");
        self.compare(text)
    }

    /// Holds what was written now to what was written then.
    fn compare(&mut self, then: &[u8]) -> Result<(), Fault> {
        let now = std::mem::take(self.recorder.output());
        let now = now.strip_suffix(b"\n").unwrap_or(&now);
        if now == then {
            return Ok(());
        }
        let tree = |text| serde_json::from_slice::<Tree>(text).map_err(Fault::Json);
        let (now, then) = (tree(now)?, tree(then)?);
        let difference = then.difference(&now).map(|(path, then, now)| Difference::new(&path, then, now));
        difference.map_or(Ok(()), |difference| Err(Fault::Difference(difference)))
    }
}
