use quorate::{Effect, Identity, Input, Message, Refusal, Seat};
use quorate_wire::Envelope;

use super::play::{FOUNDING, MANY};
use super::{Letter, Stage, show};
use crate::simulator::records::Batch;

impl Stage {
    pub(super) fn receive(&mut self, letter: &Letter, told: &mut String) {
        let (from, message) =
            quorate_wire::decode(&letter.frame, FOUNDING, Seat(letter.to)).expect("the stage's frames are whole");
        self.act(letter.to, Input::Receive { from, message }, told);
    }

    /// Gives a node an input and notes what it wants done, which only the answer to a client need not wait for.
    pub(super) fn act(&mut self, name: u8, input: Input<'_, String>, told: &mut String) {
        let Some(actor) = self.actors.get_mut(&name) else { panic!("there is no node {name}") };
        let Some(node) = &mut actor.node else { return };
        let me = node.identity();
        let drawn = if actor.held { 0 } else { MANY };
        let effects = node.step(actor.now, input);
        if let Some(answer) = effects.answer {
            told.push_str(&show::answer(name, answer));
            told.push('\n');
        }
        for effect in effects.take(drawn) {
            told.push_str(&show::effect(name, &effect));
            told.push('\n');
            match effect {
                Effect::Persist(write) => {
                    let batch = Batch::of(&write);
                    actor.write = Some((write.ticket, batch));
                }
                Effect::Send { to, message } => self.letters.push(letter(me, to, &message)),
                Effect::SendPiece { to, piece } => {
                    let state = actor.disk.state(piece.snapshot).expect("a node sends what it has");
                    let bytes = &state.as_bytes()[piece.offset as usize..][..piece.length];
                    self.letters.push(letter(me, to, &piece.message(bytes)));
                }
                Effect::Store { snapshot, offset, bytes } => {
                    actor.disk.store(snapshot, offset, bytes);
                    let may_be_ahead = !actor.config.pieces_in_order;
                    assert!(may_be_ahead || actor.disk.is_in_order(), "a piece follows what is stored");
                }
                Effect::Restore { snapshot } => {
                    actor.state = actor
                        .disk
                        .state(snapshot)
                        .expect("what is restored is durable")
                        .trim_end_matches('.')
                        .to_owned();
                }
                Effect::Apply(apply) => {
                    let word = apply.command().expect("the stage's commands are words");
                    word.iter().for_each(|word| actor.state.push_str(&format!("{} ", word.trim_end_matches('.'))));
                }
                _ => {}
            }
        }
        node.check_invariants().expect("a node keeps its invariants");
        let now = node.refusals();
        for reason in Refusal::ALL.into_iter().filter(|reason| now.count(*reason) > actor.refusals.count(*reason)) {
            told.push_str(&format!("{name}: refuses, {}\n", reason.name()));
        }
        actor.refusals = now;
    }
}

fn letter(from: Identity, to: Seat, message: &Message<'_>) -> Letter {
    let envelope = Envelope { founding: FOUNDING, from: from.seat, to, incarnation: from.incarnation };
    let mut buffer = [0; 1200];
    let frame = quorate_wire::encode(&mut buffer, &envelope, message).expect("a frame holds every message").to_vec();
    Letter { from: from.seat.0, to: to.0, frame }
}
