use quorate::{Index, Role, Session};

use super::World;
use crate::history::{self, Operation, Outcome};
use crate::simulator::client::{Answer, Wish};
use crate::simulator::event::What;
use crate::simulator::machine::{Machine, Waiting};
use crate::simulator::oracle::Violation;
use crate::simulator::{Fault, Faults, Schedule};

/// After so many answers in calm a client has no wish left.
pub(super) const CALM_ANSWERS: u32 = 4;

impl World {
    /// A client sends its wish to somebody, and asks again if no answer comes.
    pub(super) fn ask(&mut self, client: usize) {
        let asker = &mut self.clients[client];
        asker.attempt += 1;
        let Some(wish) = asker.wish else { return };
        let (waiting, session) = (Waiting { client, attempt: asker.attempt, since: self.now }, asker.session());
        let machine = asker.target;
        if !self.faults.happens(&mut self.rng, Fault::Loss) {
            let delay = self.rng.u64(50..2_000);
            self.push(delay, What::Request { machine, waiting, session, wish });
        }
        if self.faults.happens(&mut self.rng, Fault::Replay) {
            self.replay(What::Request { machine, waiting, session, wish });
        }
        // A phase is short, and calm is over when everyone has found somebody who answers.
        let is_hasty = self.schedule == Schedule::Phases || self.faults == Faults::NONE;
        let patience = if is_hasty { 2_000..30_000 } else { 100_000..600_000 };
        let patience = self.rng.u64(patience);
        self.push(patience, What::Retry { waiting });
    }

    /// Keeps a request, and sends one that was kept long ago once more.
    fn replay(&mut self, request: What) {
        const KEPT: usize = 64;
        let place = self.rng.usize(..KEPT);
        if let Some(kept) = self.requests.get_mut(place) {
            let old = std::mem::replace(kept, request);
            self.tally.count(Fault::Replay);
            let delay = self.rng.u64(50..5_000);
            self.push(delay, old);
        } else if self.requests.len() < KEPT {
            self.requests.push(request);
        }
    }

    /// No answer came: it asks again, elsewhere. Or it stops, and starts without knowing what it has asked for.
    pub(super) fn retry(&mut self, waiting: Waiting) {
        if self.clients[waiting.client].attempt != waiting.attempt {
            return;
        }
        if self.faults.happens(&mut self.rng, Fault::Restart) {
            self.tally.count(Fault::Restart);
            self.open(waiting.client, Index(0));
        }
        let target = self.guess();
        self.clients[waiting.client].target = target;
        self.ask(waiting.client);
    }

    /// Anyone, or somebody who believes to lead: there may be several.
    fn guess(&mut self) -> usize {
        let leads = |machine: &Machine| machine.node().is_some_and(|node| node.role() == Role::Leader);
        let leaders: Vec<_> = (0..self.machines.len()).filter(|machine| leads(&self.machines[*machine])).collect();
        let knows = self.schedule == Schedule::Phases && self.rng.bool() && !leaders.is_empty();
        if knows { leaders[self.rng.usize(..leaders.len())] } else { self.rng.usize(..self.machines.len()) }
    }

    pub(super) fn take_answer(&mut self, waiting: Waiting, answer: Answer) -> Result<(), Violation> {
        let client = &mut self.clients[waiting.client];
        if waiting.attempt < client.first_attempt {
            return Ok(());
        }
        match answer {
            Answer::Done { index, value } | Answer::Value { index, value } => {
                self.oracle.on_answer(client.wish, answer)?;
                if matches!(answer, Answer::Done { .. }) {
                    self.oracle.answered = self.oracle.answered.max(index);
                }
                if let Some(event) = client.event.take() {
                    self.history.finish(event, self.now, Outcome::Ok(told(client.wish, value)));
                }
                self.go_on(waiting.client);
            }
            // What is not later makes way for what it has asked for since.
            Answer::Opened(epoch) if epoch > client.session.epoch => {
                client.session = Session { epoch, ..client.session() };
                self.oracle.answered = self.oracle.answered.max(epoch);
                self.go_on(waiting.client);
            }
            Answer::Held(epoch) if epoch > client.session.epoch => {
                client.open(epoch);
                self.ask(waiting.client);
            }
            Answer::Mismatch | Answer::Lost => {
                if let Some(event) = client.event.filter(|_| answer == Answer::Mismatch) {
                    self.history.finish(event, self.now, Outcome::Fail);
                }
                self.answered += 1;
                client.calm_answers += u32::from(self.faults == Faults::NONE);
                let epoch = client.session.epoch;
                self.open(waiting.client, epoch);
                self.ask(waiting.client);
            }
            Answer::Elsewhere(hint) if waiting.attempt == client.attempt => {
                client.target = hint.unwrap_or_else(|| self.rng.usize(..self.machines.len()));
                if hint.is_some() {
                    self.ask(waiting.client);
                }
            }
            Answer::Elsewhere(_) | Answer::Unknown | Answer::Opened(_) | Answer::Held(_) => {}
        }
        Ok(())
    }

    /// A client's wish came true: it has another one, or is content.
    fn go_on(&mut self, place: usize) {
        self.answered += 1;
        let client = &mut self.clients[place];
        client.calm_answers += u32::from(self.faults == Faults::NONE);
        if client.calm_answers >= CALM_ANSWERS {
            client.wish = None;
            return;
        }
        let restarts = self.faults.happens(&mut self.rng, Fault::Restart);
        if restarts {
            self.tally.count(Fault::Restart);
        }
        let is_copy = restarts && self.rng.bool();
        self.clients[place].choose(&mut self.rng, self.oracle.answered, is_copy);
        // Now and then it goes elsewhere, and may meet a leader who does not know yet that another leads.
        if self.rng.u8(..4) == 0 {
            self.clients[place].target = self.guess();
        }
        if restarts && !is_copy {
            self.open(place, Index(0));
        }
        self.begin(place);
        self.ask(place);
    }

    /// A client asks for a session; what became of its wish, it will not hear.
    fn open(&mut self, place: usize, instead_of: Index) {
        let client = &mut self.clients[place];
        client.event = None;
        client.open(instead_of);
    }

    fn begin(&mut self, client: usize) {
        let asker = &mut self.clients[client];
        let (key, operation) = match asker.wish {
            Some(Wish::Read(key)) => (key, Operation::Get),
            Some(Wish::Write(write)) => (write.key, Operation::Put(write.value.to_string())),
            Some(Wish::Open) | None => return,
        };
        asker.event = Some(self.history.begin(asker.session.client, self.now, &format!("r{key}"), operation));
    }
}

fn told(wish: Option<Wish>, value: Option<u32>) -> history::Answer {
    match wish {
        Some(Wish::Read(_)) => history::Answer::Value(value.map(|value| value.to_string())),
        _ => history::Answer::Done,
    }
}
