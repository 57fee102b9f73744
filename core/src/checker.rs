use crate::state::Write;
use crate::{HardState, Instant, Members, Node, Refusals, Seat, Seats};

/// What a model checker needs beside `Clone + Eq + Hash`, so that states that behave alike are equal.
impl<C, B, const SEATS: usize> Node<C, B, SEATS> {
    /// Lets time start anew, with every timer as if it had just been wound, and forgets numbers that only tell past from
    /// present.
    ///
    /// What is left of time is whether a leader is heard. The next heartbeat is due after a heartbeat interval, the end of a
    /// transfer after an election time-out, an election and a leader's count of its followers after two. A checker that
    /// lets each of them come at any moment sees all that a clock and a random seed could do, and more: a leader whose count
    /// comes then has heard nobody.
    pub fn forget_time(&mut self) {
        let state = &mut self.state;
        let hears = state.hears_leader();
        state.leader_heard = state.leader_heard.filter(|_| hears).map(|_| Instant::START);
        state.now = Instant::START;
        state.random = 0;
        state.election_due = Instant::START.after(2 * state.election_micros);
        state.quorum_due = state.election_due;
        state.heartbeat_due = state.next_heartbeat();
        if let Some(transfer) = &mut state.transfer {
            transfer.until = Instant::START.after(state.election_micros);
        }
        state.writes = u64::from(state.write.is_some());
        state.write = state.write.map(|write| Write { number: 1, since: Instant::START, ..write });
        state.refusals = Refusals::default();
        state.turn = Seat(0);
        state.snapshot_again = Instant::START;
        state.piece_turn = Seat(0);
        state.piece_due = Instant::START;
        self.peers.iter_mut().for_each(|peer| peer.heard = Instant::START);
    }

    /// The node as it would be if the members had other seats: a checker folds states that differ in names alone.
    ///
    /// # Panics
    /// `names` leads out of the node's seats.
    pub fn rename(&mut self, names: impl Fn(Seat) -> Seat) {
        let seats = |seats: Seats| seats.iter().map(&names).collect::<Seats>();
        let hard_state = |hard: HardState| HardState { vote: hard.vote.map(&names), ..hard };
        let state = &mut self.state;
        let Members { voters, outgoing, learners, witnesses } = state.config.members;
        state.config.members = Members {
            voters: seats(voters),
            outgoing: seats(outgoing),
            learners: seats(learners),
            witnesses: seats(witnesses),
        };
        state.config.identity.seat = names(state.config.identity.seat);
        state.hard = hard_state(state.hard);
        state.hard_durable = hard_state(state.hard_durable);
        state.write = state.write.map(|write| Write { hard: hard_state(write.hard), ..write });
        state.leader = state.leader.map(&names);
        state.votes = seats(state.votes);
        state.answered = seats(state.answered);
        state.attention = seats(state.attention);
        state.fetchers = seats(state.fetchers);
        state.turn = names(state.turn);
        if let Some(transfer) = &mut state.transfer {
            transfer.to = names(transfer.to);
        }
        let before = self.peers.clone();
        for (seat, peer) in before.into_iter().enumerate() {
            self.peers[usize::from(names(Seat(seat as u8)).0)] = peer;
        }
    }
}
