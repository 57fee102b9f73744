use super::{What, World};
use crate::history::{self, Operation, Outcome};
use crate::simulator::client::{Answer, Wish};
use crate::simulator::machine::Waiting;

impl World {
    /// A client sends its wish to somebody, and asks again if no answer comes.
    pub(super) fn ask(&mut self, client: usize) {
        let asker = &mut self.clients[client];
        asker.attempt += 1;
        let Some(wish) = asker.wish else { return };
        let (waiting, session) = (Waiting { client, attempt: asker.attempt }, asker.session());
        let machine = asker.target;
        if !self.faults.happens(&mut self.rng, self.faults.lose) {
            let delay = self.rng.u64(50..2_000);
            self.push(delay, What::Request { machine, waiting, session, wish });
        }
        let patience = self.rng.u64(100_000..600_000);
        self.push(patience, What::Retry { waiting });
    }

    pub(super) fn take_answer(&mut self, waiting: Waiting, answer: Answer) {
        let client = &mut self.clients[waiting.client];
        if waiting.attempt < client.first_attempt {
            return;
        }
        match answer {
            Answer::Done { index, value } => {
                self.answered += 1;
                if !matches!(client.wish, Some(Wish::Read(_))) {
                    self.oracle.answered = self.oracle.answered.max(index);
                }
                if let Some(event) = client.event.take() {
                    self.history.finish(event, self.now, Outcome::Ok(told(client.wish, value)));
                }
                client.choose(&mut self.rng, self.oracle.answered);
                self.begin(waiting.client);
                self.ask(waiting.client);
            }
            Answer::Elsewhere(hint) if waiting.attempt == client.attempt => {
                client.target = hint.unwrap_or_else(|| self.rng.usize(..self.machines.len()));
                if hint.is_some() {
                    self.ask(waiting.client);
                }
            }
            Answer::Elsewhere(_) | Answer::Outdated => {}
        }
    }

    fn begin(&mut self, client: usize) {
        let asker = &mut self.clients[client];
        let (key, operation) = match asker.wish {
            Some(Wish::Read(key)) => (key, Operation::Get),
            Some(Wish::Write(write)) => (write.key, Operation::Put(write.value.to_string())),
            Some(Wish::Open) | None => return,
        };
        if self.setting.history {
            asker.event = Some(self.history.begin(asker.number, self.now, &format!("r{key}"), operation));
        }
    }
}

fn told(wish: Option<Wish>, value: Option<u32>) -> history::Answer {
    match wish {
        Some(Wish::Read(_)) => history::Answer::Value(value.map(|value| value.to_string())),
        _ => history::Answer::Done,
    }
}
