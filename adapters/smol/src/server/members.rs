use std::net::SocketAddr;

use quorate::{Change, Index, Rejection, Seat, Seats, Unchanged};

use quorate_driver::{Heir, Outlook};

use super::Server;
use crate::{App, Event, ServeError, address};

/// Members whose addresses the leader cannot write down, as long as the configuration is this one.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    since: Index,
    seats: Seats,
}

impl<A: App, F: FnMut(&Event)> Server<A, F> {
    /// A message of this seat came from there.
    pub(super) fn see(&mut self, seat: Seat, from: SocketAddr) {
        let (node, now) = (self.driver.node(), self.clock.now());
        if Seat::new(seat.0).is_none() || seat == node.seat() {
            return;
        }
        self.watch.hear(seat, now);
        let is_stranger = !node.members().all().contains(seat);
        let other = self.machine.link.directory.see(seat, from);
        if node.is_established() && self.watch.is_new_asker(seat, is_stranger, now) {
            (self.on_event)(&Event::Asks { seat, address: from });
        }
        if let Some(other) = other
            && self.watch.is_new_pair(seat, now)
        {
            (self.on_event)(&Event::TwoPlaces { seat, places: [from, other] });
        }
    }

    /// Writes down where a member is reached, if the members do not know it and this leader does: one at a time, so that
    /// every store knows all of them soon. A cluster in which nothing was ever done has an empty log.
    pub(super) fn write_addresses(&mut self) {
        let node = self.driver.node();
        let (since, roster) = node.roster();
        let is_used = since > Index(0) || self.driver.replica().ledger().clients() > 0;
        if !node.is_established() || node.is_changing() || !is_used || node.is_full() {
            return;
        }
        let left = &mut self.unwritten;
        if left.since != since {
            *left = Unwritten { since, seats: Seats::NONE };
        }
        let unwritten = self.machine.link.directory.unwritten(roster);
        let next = unwritten.into_iter().find(|(seat, _)| !left.seats.contains(*seat));
        let Some((seat, place)) = next else { return };
        let change = Change::Move { seat, address: &address::bytes(place) };
        let moved = self.driver.change(&mut self.machine, self.clock.now(), change);
        if let Err(Rejection::Unchanged(Unchanged::AddressInUse(_) | Unchanged::TooLarge)) = moved {
            left.seats = left.seats.with(seat);
        }
    }

    /// Whether this node hands over from now on to a member that is preferred to it, and fit to lead.
    pub(super) fn prefers_another(&mut self) -> bool {
        let now = self.clock.now();
        if self.machine.link.config().preferred.is_empty() || !self.is_to_look(now) {
            return false;
        }
        let outlook = Outlook::of(self.driver.node());
        let Some(Heir { seat, fit_for }) = self.preference.look(now, &outlook) else { return false };
        let is_begun = self.driver.transfer(&mut self.machine, now, Some(seat)).is_ok();
        if is_begun {
            (self.on_event)(&Event::HandsOver { to: seat, fit_for });
        }
        is_begun
    }

    /// Says that the members do not name this node, if that lasts.
    pub(super) fn tell_outside(&mut self) {
        let node = self.driver.node();
        if let Some(since) = self.watch.stands_outside(self.clock.now(), node.is_member()) {
            let (seat, address) = (node.seat(), self.machine.link.directory.of(node.seat()));
            (self.on_event)(&Event::Outside { has_seat: node.members().all().contains(seat), address, since });
        }
    }

    /// Asks the stores that this node was told of, while it knows no leader.
    pub(super) fn ask_contact(&mut self) {
        let (node, machine) = (self.driver.node(), &mut self.machine);
        if node.leader().is_some() {
            return;
        }
        if let Some(question) = machine.contact.question(self.clock.now(), &machine.charter) {
            machine.contact.addresses.iter().for_each(|address| machine.link.ask_at(*address, &question));
        }
    }

    /// The node ends with this error. Those who wait at one that is no member any longer are told to ask elsewhere.
    pub(super) fn end(&mut self, error: ServeError) -> ServeError {
        if let ServeError::Dismissed(_) = error {
            self.report();
            self.driver.dismiss(&mut self.machine);
        }
        error
    }
}
