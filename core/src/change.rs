use serde::{Deserialize, Serialize};

use crate::configuration::Configuration;
use crate::log::SLOT;
use crate::peer::{Peer, seats_of};
use crate::roster::Occupant;
use crate::step::Step;
use crate::{
    ConfigError, Features, Incarnation, KeyId, Kind, Least, Members, RECORD_OVERHEAD, Rejection, Roster, Seat, Seats,
    Settled,
};

/// An operator wants other members, at the leader. One change is made at a time.
///
/// A change of voters goes through a joint phase, in which a majority of both the old and the new ones is needed
/// (section 6); it ends by itself. What has become of a change is seen in [`Node::roster`](crate::Node::roster).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Change<'a> {
    /// A store that is there, has this seat, and is none of the members becomes a learner.
    Add {
        /// Its seat.
        seat: Seat,
        /// Where others reach it.
        address: &'a [u8],
    },
    /// A learner becomes a voter, once it has caught up. It gives up with an
    /// [`Effect::ChangeFailed`](crate::Effect::ChangeFailed), or when leadership ends.
    Promote {
        /// Its seat.
        seat: Seat,
    },
    /// A member is none any longer. It may be the leader itself, which then makes way. A majority of the voters that stay
    /// has to answer first: it gives up after an election time-out with a
    /// [`Effect::ChangeFailed`](crate::Effect::ChangeFailed), or when leadership ends.
    Remove {
        /// Its seat.
        seat: Seat,
    },
    /// A member is reached elsewhere from now on.
    Move {
        /// Its seat.
        seat: Seat,
        /// Where.
        address: &'a [u8],
    },
    /// These features are on from now on, for good, once that is [known to be committed](crate::Node::features). Every
    /// member has to have said in this reign that its build knows them. What is on stays on.
    Enable {
        /// Which.
        features: Features,
    },
    /// The members seal what they say under this key from now on, each once that is [known to be
    /// committed](crate::Node::key) there. Only its number is known here: whether they have it, whoever says so looks before.
    UseKey {
        /// Which.
        key: KeyId,
    },
}

/// Why the members stay as they are. Nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Unchanged {
    /// The leader does not know yet all that was committed before it, or is about to make way: ask again in a moment.
    NotEstablished,
    /// Another change is under way, or not known to be committed.
    UnderWay,
    /// The seat is no member's; or, to be promoted, no learner's.
    Unknown,
    /// The seat is a member's already.
    Known,
    /// There is room for fewer seats.
    NoSeat,
    /// Another member has this address.
    AddressInUse(Seat),
    /// These have not been heard for an election time-out, and without them there would be no majority; or it is the
    /// store that is to be added.
    Unheard(Seats),
    /// The last voter stays.
    LastVoter,
    /// The learner has not caught up, however often it was given time.
    TooSlow,
    /// The members, with their addresses and lives that are all drawn one day, fit into no entry, or not twice into the
    /// smallest log; or an address is too long.
    TooLarge,
    /// These have not said that their builds know the features that are to be switched on.
    Outdated(Seats),
}

impl From<Unchanged> for Rejection {
    fn from(reason: Unchanged) -> Self {
        Rejection::Unchanged(reason)
    }
}

/// Who holds a seat that changes hands or place.
#[derive(Clone, Copy)]
pub(crate) struct Changed<'a> {
    seat: Seat,
    incarnation: Incarnation,
    /// Where it is from now on, if not where it was.
    address: Option<&'a [u8]>,
}

impl Step<'_> {
    /// Begins a change.
    pub(crate) fn change(&mut self, change: &Change<'_>) -> Result<(), Rejection> {
        if !self.state.is_leader() {
            return Err(Rejection::NotLeader { leader: self.state.follow.leader });
        }
        if self.state.endings.reign {
            return Err(Rejection::InTransfer);
        }
        self.may_change()?;
        if self.state.lead.plan.is_some() {
            return Err(Unchanged::UnderWay.into());
        }
        let mut members = self.state.configuration.members;
        let Members { voters, learners, .. } = members;
        let changed = match *change {
            Change::Add { seat, address } => {
                self.check_address(seat, address)?;
                let incarnation = self.newcomer(seat)?;
                members.learners = learners.and(seat);
                Some(Changed { seat, incarnation, address: Some(address) })
            }
            Change::Promote { seat } if learners.contains(seat) => {
                self.plan(seat);
                return Ok(());
            }
            Change::Remove { seat } if learners.contains(seat) => {
                members.learners = learners.without(seat);
                None
            }
            Change::Remove { seat } if voters.contains(seat) => {
                if voters.without(seat).is_empty() {
                    return Err(Unchanged::LastVoter.into());
                }
                self.plan(seat);
                self.owe_heartbeats();
                return Ok(());
            }
            Change::Move { seat, address } if members.all().contains(seat) => {
                self.check_address(seat, address)?;
                let Occupant { incarnation, .. } = self.settled().roster.occupant(seat).unwrap_or_default();
                Some(Changed { seat, incarnation, address: Some(address) })
            }
            Change::Enable { features } => return self.enable(features),
            Change::UseKey { key } => return self.use_key(key),
            Change::Promote { .. } | Change::Remove { .. } | Change::Move { .. } => {
                return Err(Unchanged::Unknown.into());
            }
        };
        self.append_members(members, changed)
    }

    /// Switches features on that every member knows, itself included. A life that the members do not name yet speaks for
    /// no other.
    fn enable(&mut self, features: Features) -> Result<(), Rejection> {
        let Configuration { members, reborn, .. } = self.state.configuration;
        let know = seats_of(self.peers, |peer| peer.features.contains(features));
        let is_known_here = self.state.settings.features.contains(features);
        let me = if is_known_here { self.state.me() } else { Seats::NONE };
        let lacking = Seats(members.all().0 & !(know.union(me).0 & !reborn.0));
        if !lacking.is_empty() {
            return Err(Unchanged::Outdated(lacking).into());
        }
        if self.state.configuration.features.contains(features) {
            return Ok(());
        }
        self.append_roster(members, features, None, None)
    }

    /// Has all members seal under this key.
    fn use_key(&mut self, key: KeyId) -> Result<(), Rejection> {
        if self.settled().roster.key() == Some(key) {
            return Ok(());
        }
        self.append_roster(self.state.configuration.members, Features::NONE, Some(key), None)
    }

    /// Whether this leader may append a change now: nobody is to take over, who would need that entry too, its reign is
    /// established, and the last change is committed.
    pub(crate) fn may_change(&self) -> Result<(), Rejection> {
        let configuration = &self.state.configuration;
        if self.state.lead.transfer.is_some() {
            return Err(Rejection::InTransfer);
        }
        if !self.state.is_established() || !self.state.may_rule() {
            return Err(Unchanged::NotEstablished.into());
        }
        if configuration.is_pending() || configuration.members.is_joint() {
            return Err(Unchanged::UnderWay.into());
        }
        Ok(())
    }

    fn check_address(&self, seat: Seat, address: &[u8]) -> Result<(), Unchanged> {
        if address.len() > Roster::ADDRESS_MAX {
            return Err(Unchanged::TooLarge);
        }
        let mut others = self.roster().occupants().filter(|(other, _)| *other != seat);
        // Byte by byte: nothing else here would bring the comparison of memory into a firmware.
        match others.find(|(_, occupant)| !address.is_empty() && occupant.address.iter().eq(address)) {
            Some((other, _)) => Err(Unchanged::AddressInUse(other)),
            None => Ok(()),
        }
    }

    /// Which store asks to be added in this seat.
    fn newcomer(&self, seat: Seat) -> Result<Incarnation, Unchanged> {
        if self.state.configuration.members.all().contains(seat) {
            return Err(Unchanged::Known);
        }
        let peer = self.peers.get(usize::from(seat.0)).ok_or(Unchanged::NoSeat)?;
        let is_there = self.state.timers.is_recent(peer.heard);
        let is_drawn = peer.incarnation != Incarnation::FOUNDER;
        if is_there && is_drawn && peer.is_met() {
            Ok(peer.incarnation)
        } else {
            Err(Unchanged::Unheard(Seats::NONE.and(seat)))
        }
    }

    /// Who has answered within an election time-out.
    pub(crate) fn heard(&self) -> Seats {
        seats_of(self.peers, |peer| self.state.timers.is_recent(peer.heard))
    }

    /// Whether those who have answered, in the lives that are named, are a majority of these voters with the leader.
    pub(crate) fn are_present(&self, voters: Seats, answered: Seats) -> Result<(), Unchanged> {
        let present = Seats(answered.union(self.state.me()).0 & !self.state.configuration.reborn.0);
        if voters.has_majority(present) { Ok(()) } else { Err(Unchanged::Unheard(Seats(voters.0 & !present.0))) }
    }

    /// A store that is there takes the place of one that is lost, in the same seat: it has answered this leader just now.
    pub(crate) fn replace_life(&mut self, seat: Seat) {
        let Members { voters, learners, .. } = self.state.configuration.members;
        if self.may_change().is_err() || self.are_present(voters, self.heard()).is_err() {
            return;
        }
        let replaced = Seats::NONE.and(seat);
        let joint = Members { outgoing: voters, replaced, learners, ..Members::of(voters) };
        let members = if voters.contains(seat) { joint } else { self.state.configuration.members };
        let Peer { incarnation, features, .. } = self.peers[seat];
        // A store that could not keep who takes part would count all the same.
        if !features.contains(self.state.configuration.features) {
            return;
        }
        // Without room for it, the next answer tries again.
        let _ = self.append_members(members, Some(Changed { seat, incarnation, address: None }));
    }

    pub(crate) fn append_members(&mut self, members: Members, changed: Option<Changed<'_>>) -> Result<(), Rejection> {
        self.append_roster(members, Features::NONE, None, changed)
    }

    /// Appends a configuration in which all but this seat is as in the one that is settled, these features are on beside
    /// what is on already, and another key is used if one is named. It is in force at once.
    fn append_roster(
        &mut self,
        members: Members,
        features: Features,
        key: Option<KeyId>,
        changed: Option<Changed<'_>>,
    ) -> Result<(), Rejection> {
        let limit = self.state.settings.entry_bytes_max.min(self.longest_record());
        let payload_max = limit.saturating_sub(Roster::MARGIN).min(self.memory.len());
        let room = self.room();
        let Settled { roster, .. } = self.state.configuration.settled(self.memory);
        let least = roster.least();
        let least = Least { features: least.features.with(features), ..least };
        let key = key.or(roster.key());
        let occupant = |seat| {
            let before = roster.occupant(seat).unwrap_or_default();
            match changed {
                Some(Changed { seat: changed, incarnation, address }) if changed == seat => {
                    Occupant { incarnation, address: address.unwrap_or(before.address) }
                }
                _ => before,
            }
        };
        // What ends a joint phase, or takes it back, has to fit in as well: it is no longer.
        let entries = if members.is_joint() { 2 } else { 1 };
        let log_bytes = self.state.configuration.log_bytes;
        let taken = |entries, length| entries * (length + RECORD_OVERHEAD + SLOT);
        // Who makes it longer leaves room for the two that replace the last founder's store one day.
        let grows = changed.is_some_and(|changed| changed.address.is_some());
        let founders = members.all().iter().filter(|seat| occupant(*seat).incarnation == Incarnation::FOUNDER).count();
        let lasts = |length| {
            let longest = length + founders * size_of::<Incarnation>();
            longest <= payload_max && taken(2, longest) <= log_bytes
        };
        let written = self
            .log
            .payload_room(payload_max, room)
            .map(|room| Roster::write(room, members, least, key, occupant).map(|written| written.bytes().len()));
        let would_fit = match written {
            Some(Ok(length)) if grows && !lasts(length) => false,
            Some(Ok(length)) if taken(entries, length) <= room => {
                self.log.seal(self.state.hard.term, Kind::Members, length);
                self.note(self.log.span.last.index, true);
                self.state.attend_all();
                return Ok(());
            }
            Some(Ok(length)) => taken(entries, length) <= log_bytes,
            None | Some(Err(ConfigError::RosterTooLong { .. })) => room < taken(1, payload_max),
            Some(Err(_)) => false,
        };
        self.state.snapshots.urgent |= would_fit;
        Err(if would_fit { Rejection::Full } else { Unchanged::TooLarge.into() })
    }
}
