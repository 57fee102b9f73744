use quorate::{Charter, Founding, Identity, Instant, Message, Seat, founding};
use quorate_wire::seal::{self, Form, Side};
use quorate_wire::{Class, Envelope, FoundingEnvelope};

use super::{Order, World};
use crate::simulator::CLUSTER;
use crate::simulator::event::What;
use crate::simulator::machine::Machine;
use crate::simulator::network::{Kind, kind, kind_of_hello};
use crate::simulator::oracle::Violation;
use crate::simulator::sealing::{FRAME_MAX, Said, side};

impl World {
    /// A message to another member is to be put on the network. It is lost if it is to be sealed and there is no session yet.
    pub(super) fn say(&mut self, machine: usize, to: Seat, message: &Message<'_>) -> Result<(), Violation> {
        if let Some(frame) = self.frame(machine, to, message)? {
            self.acting.orders.push(Order::Send(to, kind(message), frame));
        }
        Ok(())
    }

    pub(super) fn frame(
        &mut self,
        machine: usize,
        to: Seat,
        message: &Message<'_>,
    ) -> Result<Option<Vec<u8>>, Violation> {
        let computer = &mut self.machines[machine];
        let (me, founding) = (computer.identity(), founding_of(computer));
        let plain = plain(founding, me, to, message);
        let Some(sealing) = &mut computer.sealing else { return Ok(Some(plain)) };
        let frame = sealing.encode(&side(founding, me), to, message);
        let Some(frame) = frame else {
            self.tally.links.unsealed += 1;
            self.miss(me.seat, to);
            self.note(|| format!("{machine}: has no session with {} for it", to.0));
            return Ok(None);
        };
        self.tally.links.sealed += 1;
        self.oracle.on_sealed(&self.machines[machine], plain, &frame)?;
        Ok(Some(frame))
    }

    /// The frame of a founding's message.
    pub(super) fn frame_of_founding(
        &mut self,
        machine: usize,
        to: Seat,
        message: &founding::Message,
    ) -> Result<Vec<u8>, Violation> {
        let computer = &mut self.machines[machine];
        let envelope = FoundingEnvelope { cluster: CLUSTER, from: computer.seat, to };
        let plain = plain_founding(&envelope, message);
        let Some(sealing) = &mut computer.sealing else { return Ok(plain) };
        let frame = sealing.encode_founding(&envelope, message);
        self.oracle.on_sealed(&self.machines[machine], plain, &frame)?;
        Ok(frame)
    }

    /// A frame is of the cluster that a node is part of, or of a founding, or it is dropped. Whatever wakes the driver of a
    /// store that is not complete, it looks at its clock.
    pub(super) fn take_frame(&mut self, to: Seat, bytes: Vec<u8>) -> Result<(), Violation> {
        let machine = usize::from(to.0);
        if self.machines[machine].sealing.is_some() {
            return self.take_sealed(machine, bytes);
        }
        match (Class::of(&bytes), self.machines[machine].disk.charter()) {
            (Ok(Class::Member), Some(Charter { founding, .. })) => {
                let Ok((from, message)) = quorate_wire::decode(&bytes, founding, to) else { return Ok(()) };
                self.take_message(machine, from, message)
            }
            (Ok(Class::Founding), _) => {
                let Ok((from, message)) = quorate_wire::decode_founding(&bytes, CLUSTER, to) else { return Ok(()) };
                self.take_word(machine, from, message)
            }
            _ => self.consult(machine, founding::Input::Tick),
        }
    }

    /// The same, where nothing is taken that is not sealed.
    fn take_sealed(&mut self, machine: usize, frame: Vec<u8>) -> Result<(), Violation> {
        let computer = &self.machines[machine];
        if !computer.is_up() {
            return Ok(());
        }
        match (Form::of(&frame), computer.node().is_some()) {
            (Ok(Form::Hello), true) => self.hear(machine, &frame),
            (Ok(Form::Sealed(Class::Member)), true) => self.open_sealed(machine, frame),
            (Ok(Form::Sealed(Class::Founding)), _) => self.open_founding(machine, frame),
            _ => self.consult(machine, founding::Input::Tick),
        }
    }

    fn hear(&mut self, machine: usize, frame: &[u8]) -> Result<(), Violation> {
        let computer = &mut self.machines[machine];
        let (now, side) = (computer.clock.read(self.now), side_of(computer));
        let Some(sealing) = &mut computer.sealing else { return Ok(()) };
        let Ok(hello) = seal::decode_hello(frame, &side, &sealing.keys.ring) else { return Ok(()) };
        let answer = sealing.hear(&side, &hello, now);
        self.note(|| format!("{machine} <- {}: {:?}", hello.from.seat.0, hello.word));
        self.oracle.on_heard(&self.machines[machine], &hello, frame)?;
        answer.into_iter().for_each(|said| self.say_hello(machine, said));
        self.greet(machine);
        self.set_alarm(machine);
        Ok(())
    }

    fn open_sealed(&mut self, machine: usize, mut frame: Vec<u8>) -> Result<(), Violation> {
        match self.opened(machine, &mut frame)? {
            Some((from, message)) => self.take_message(machine, from, message),
            None => {
                self.greet(machine);
                self.set_alarm(machine);
                Ok(())
            }
        }
    }

    /// Whether a frame opens. What is in it is not taken.
    pub(super) fn try_open(&mut self, machine: usize, mut frame: Vec<u8>) -> Result<bool, Violation> {
        self.opened(machine, &mut frame).map(|opened| opened.is_some())
    }

    /// Who has sealed a frame, and what is in it, if it opens.
    fn opened<'f>(
        &mut self,
        machine: usize,
        frame: &'f mut [u8],
    ) -> Result<Option<(Identity, Message<'f>)>, Violation> {
        let sealed = frame.to_vec();
        let computer = &mut self.machines[machine];
        let (now, side) = (computer.clock.read(self.now), side_of(computer));
        let Some(sealing) = &mut computer.sealing else { return Ok(None) };
        let opened = sealing.decode(&side, frame, now);
        let (from, message) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                self.tally.links.closed += 1;
                seal::sender(&sealed, &side).into_iter().for_each(|from| self.miss(from, side.me.seat));
                self.note(|| format!("{machine} drops a sealed frame: {error}"));
                return Ok(None);
            }
        };
        self.tally.links.opened += 1;
        let plain = plain(side.founding, from, side.me.seat, &message);
        self.oracle.on_opened(&self.machines[machine], from, &plain, &sealed)?;
        Ok(Some((from, message)))
    }

    /// What this life says in the name of its seat is not refused.
    pub(super) fn accept(&mut self, machine: usize, from: Identity, now: Instant) {
        self.machines[machine].sealing.iter_mut().for_each(|sealing| sealing.accept(from, now));
    }

    fn open_founding(&mut self, machine: usize, mut frame: Vec<u8>) -> Result<(), Violation> {
        let sealed = frame.clone();
        let computer = &self.machines[machine];
        let Some(sealing) = &computer.sealing else { return Ok(()) };
        let Ok((from, message)) = sealing.decode_founding(&mut frame, computer.seat) else { return Ok(()) };
        let envelope = FoundingEnvelope { cluster: CLUSTER, from, to: computer.seat };
        self.oracle.on_opened_founding(computer, &plain_founding(&envelope, &message), &sealed)?;
        self.take_word(machine, from, message)
    }

    /// A node says what there is to say to others to come to sessions with them.
    pub(super) fn greet(&mut self, machine: usize) {
        let computer = &mut self.machines[machine];
        let Some(node) = computer.node() else { return };
        let others = node.members().all().without(node.seat());
        let (now, side) = (computer.clock.read(self.now), side_of(computer));
        let Some(sealing) = &mut computer.sealing else { return };
        let said = sealing.speak(&side, now, others);
        said.into_iter().for_each(|said| self.say_hello(machine, said));
    }

    fn say_hello(&mut self, machine: usize, (hello, frame): Said) {
        self.tally.links.hellos += 1;
        self.note(|| format!("{machine} -> {}: {:?} under key {}", hello.to.0, hello.word, hello.key.number()));
        self.oracle.on_hello(&self.machines[machine], &hello, &frame);
        self.put(machine, hello.to, kind_of_hello(&hello.word), &frame);
    }

    /// A message was lost, though nothing went wrong with the network.
    fn miss(&mut self, from: Seat, to: Seat) {
        self.missed += u64::from(self.watched.contains(from) && self.watched.contains(to));
    }

    /// Puts a frame on the network. Whoever hears it may send others.
    pub(super) fn put(&mut self, machine: usize, to: Seat, kind: Kind, frame: &[u8]) {
        // A frame that has changed on the way may say to be of a seat that nobody has.
        if usize::from(to.0) >= self.machines.len() {
            return;
        }
        let (rng, faults, tally) = (&mut self.rng, &self.faults, &mut self.tally);
        let from = self.machines[machine].seat;
        let mut deliveries = self.network.send(rng, faults, tally, self.now, (from, to), (kind, frame));
        if let Some(attacker) = &mut self.attacker {
            deliveries.extend(attacker.hear(faults, tally, self.machines.len(), (from, to), frame));
        }
        for (to, delay, bytes) in deliveries {
            self.push(delay, What::Frame { to, bytes });
        }
    }
}

/// Whether a frame says that it is a Hello.
pub(super) fn is_hello(frame: &[u8]) -> bool {
    matches!(Form::of(frame), Ok(Form::Hello))
}

fn founding_of(machine: &Machine) -> Founding {
    machine.disk.charter().expect("a node runs on a store that is complete").founding
}

fn side_of(machine: &Machine) -> Side {
    side(founding_of(machine), machine.identity())
}

fn plain(
    founding: Founding,
    Identity { seat: from, incarnation }: Identity,
    to: Seat,
    message: &Message<'_>,
) -> Vec<u8> {
    let envelope = Envelope { founding, from, to, incarnation };
    let mut buffer = [0; FRAME_MAX];
    quorate_wire::encode(&mut buffer, &envelope, message).expect("every message fits into a frame").to_vec()
}

fn plain_founding(envelope: &FoundingEnvelope, message: &founding::Message) -> Vec<u8> {
    let mut buffer = [0; 256];
    quorate_wire::encode_founding(&mut buffer, envelope, message).expect("every message fits into a frame").to_vec()
}
