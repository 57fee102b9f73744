use std::io::{self, Write};

use quorate::{Answer, Charter, Config, Effect, Founding, Identity, Input, Instant, Node, Refusal, Refusals, Seat};
use quorate_wire::{Envelope, FRAME_MAX, MEMBER_OVERHEAD_MAX, encode};
use serde::Serialize;

use crate::effect::EffectView;
use crate::header::Header;
use crate::input::InputView;
use crate::state::State;

/// Writes down each step of one node, a line a step.
///
/// Tell it of a step before and after ([`begin`](Recorder::begin), [`end`](Recorder::end)), of its answer
/// ([`answer`](Recorder::answer)), and of each effect that is drawn ([`draw`](Recorder::draw)). It only looks on: nothing
/// that it does reaches the node. A step that never ends, because the program panics or gives up in the middle, is
/// written when the recorder is dropped.
pub struct Recorder<W: Write> {
    out: W,
    founding: Founding,
    me: Identity,
    events: u64,
    /// How many writes were drawn. The node counts alike, and has one under way at a time.
    writes: u64,
    refusals: Refusals,
    /// The line under way; empty between steps.
    line: Vec<u8>,
    effects: u64,
    without_app: bool,
    frame: Box<[u8]>,
}

impl<W: Write> Recorder<W> {
    /// Writes the header of a node that was started at `start` and has not taken a step yet.
    ///
    /// # Errors
    /// The header cannot be written, or the node may send messages that no frame holds.
    pub fn start<C, B: AsRef<[u8]>, const SEATS: usize>(
        mut out: W,
        charter: Charter,
        config: Config,
        log_bytes: usize,
        start: Instant,
        node: &Node<C, B, SEATS>,
    ) -> io::Result<Recorder<W>> {
        if config.entry_bytes_max > FRAME_MAX - MEMBER_OVERHEAD_MAX {
            let what = "messages of this size have no frame: lower entry_bytes_max";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        let (founding, me) = (charter.founding, node.identity());
        serde_json::to_writer(&mut out, &Header::of(charter, config, log_bytes, start, node))?;
        out.write_all(b"\n")?;
        let (refusals, frame) = (Refusals::default(), vec![0; FRAME_MAX].into());
        Ok(Recorder {
            out,
            founding,
            me,
            events: 0,
            writes: 0,
            refusals,
            line: Vec::new(),
            effects: 0,
            without_app: false,
            frame,
        })
    }

    /// Opens the line of a step that the node is about to take.
    pub fn begin<C, B: AsRef<[u8]>, const SEATS: usize, V: Serialize>(
        &mut self,
        node: &Node<C, B, SEATS>,
        now: Instant,
        input: &Input<'_, V>,
    ) {
        self.events += 1;
        self.effects = 0;
        self.without_app = false;
        self.refusals = node.refusals();
        let frame = match *input {
            Input::Receive { from, ref message } => {
                let envelope = envelope(self.founding, from, self.me.seat);
                encode(&mut self.frame, &envelope, message).expect("it came in a frame")
            }
            _ => &[],
        };
        let line = &mut self.line;
        field(line, "{\"n\":", &self.events);
        field(line, ",\"now_us\":", &now.as_micros());
        field(line, ",\"input\":", &InputView::of(input, self.writes, frame));
        field(line, ",\"before\":", &State::of(node));
        line.extend_from_slice(b",\"effects\":[");
    }

    /// Notes that the effects of the step under way are drawn without those for the app.
    pub fn leave_app(&mut self) {
        self.without_app = true;
    }

    /// Adds the answer of the step under way, in front of its effects.
    pub fn answer(&mut self, answer: Answer) {
        self.effects += 1;
        field(&mut self.line, "", &EffectView::of_answer(answer));
    }

    /// Adds an effect of the step under way.
    pub fn draw<V>(&mut self, effect: &Effect<'_, V>) {
        self.writes += u64::from(matches!(effect, Effect::Persist(_)));
        let frame = match *effect {
            Effect::Send { to, ref message } => {
                let envelope = envelope(self.founding, self.me, to);
                encode(&mut self.frame, &envelope, message).expect("the core packs messages for a frame's length")
            }
            _ => &[],
        };
        let separator = if self.effects == 0 { "" } else { "," };
        self.effects += 1;
        field(&mut self.line, separator, &EffectView::of(effect, self.writes, frame));
    }

    /// Closes the line of a step. `drained` says whether effects were drawn until there were none: to look for one more
    /// and find none moves the node on as well.
    ///
    /// # Errors
    /// The line cannot be written.
    pub fn end<C, B: AsRef<[u8]>, const SEATS: usize>(
        &mut self,
        node: &Node<C, B, SEATS>,
        drained: bool,
    ) -> io::Result<()> {
        let now = node.refusals();
        let refused = Refusal::ALL.into_iter().find(|reason| now.count(*reason) > self.refusals.count(*reason));
        self.close(drained, refused, Some(State::of(node)))
    }

    /// Closes the line of a step of which no more will be known: what the node was like after it is left open.
    ///
    /// # Errors
    /// The line cannot be written.
    pub fn abandon(&mut self) -> io::Result<()> {
        self.close(false, None, None)
    }

    /// Where the lines go.
    pub fn output(&mut self) -> &mut W {
        &mut self.out
    }

    fn close(&mut self, drained: bool, refused: Option<Refusal>, after: Option<State>) -> io::Result<()> {
        field(&mut self.line, "],\"drained\":", &drained);
        if self.without_app {
            field(&mut self.line, ",\"without_app\":", &true);
        }
        if let Some(refused) = refused {
            field(&mut self.line, ",\"refused\":", &refused.name());
        }
        field(&mut self.line, ",\"after\":", &after);
        self.line.extend_from_slice(b"}\n");
        let written = self.out.write_all(&self.line);
        self.line.clear();
        written
    }
}

impl<W: Write> Drop for Recorder<W> {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            let _ = self.abandon();
        }
    }
}

fn envelope(founding: Founding, from: Identity, to: Seat) -> Envelope {
    Envelope { founding, from: from.seat, to, incarnation: from.incarnation }
}

fn field(line: &mut Vec<u8>, before: &str, value: &impl Serialize) {
    line.extend_from_slice(before.as_bytes());
    serde_json::to_writer(line, value).expect("memory takes everything, and these values are JSON");
}
