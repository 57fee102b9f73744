use crate::draw::Draw;
use crate::follow::Follow;
use crate::snapshots::Snapshots;
use crate::step::Step;
use crate::{HardState, Index, Message, Piece, Seat, Snapshot};

/// What a follower still wants of a snapshot, within the window that it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pieces {
    pub(crate) of: Wanted,
    /// The first byte to send next.
    pub(crate) next: u64,
    /// How many bytes.
    pub(crate) left: u32,
    /// How many bytes of what was sent have to be sent again, before that.
    pub(crate) lost: u32,
    /// How far before `next` they start.
    pub(crate) back: u32,
}

impl Pieces {
    pub(crate) const NONE: Pieces = Pieces { of: Wanted::Nothing, next: 0, left: 0, lost: 0, back: 0 };

    /// Where the next piece starts, and how much may be sent from there on. None if nothing may, or less than a frame
    /// holds though the snapshot goes on: who keeps pieces in any order knows them by their length.
    pub(crate) fn due(&self, frame: u32, end: u64) -> Option<(u64, u32)> {
        if self.lost > 0 {
            return Some((self.next - u64::from(self.back), self.lost));
        }
        let is_whole = self.left >= frame || (self.left > 0 && self.next + u64::from(self.left) == end);
        is_whole.then_some((self.next, self.left))
    }

    /// So much of what is due is sent.
    pub(crate) fn advance(&mut self, length: u32) {
        if self.lost > 0 {
            self.lost -= length;
            self.back -= length;
        } else {
            self.next += u64::from(length);
            self.left -= length;
        }
    }

    /// There is a later snapshot.
    pub(crate) fn age(&mut self) {
        self.of = match self.of {
            Wanted::Latest => Wanted::Before,
            Wanted::Before | Wanted::Nothing => Wanted::Nothing,
        };
    }
}

/// Which of the two snapshots a follower wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Wanted {
    Nothing,
    Latest,
    Before,
}

impl Step<'_> {
    /// A follower wants pieces of a snapshot. What it is still owed of one that it no longer wants, or has, is owed no
    /// more.
    pub(crate) fn on_wants(&mut self, from: Seat, index: Index, check: u32, offset: u64, again: u32) {
        let window = self.state.settings.inflight_bytes_max as u64;
        let Snapshots { latest, before, .. } = &self.state.snapshots;
        let is_meant = |snapshot: &Snapshot| snapshot.index() == index && snapshot.check == check && index > Index(0);
        let (of, bytes) = if is_meant(latest) {
            (Wanted::Latest, latest.bytes)
        } else if is_meant(before) {
            (Wanted::Before, before.bytes)
        } else {
            let latest = latest.index();
            self.state.snapshots.urgent |= index > latest;
            self.peer(from).owed.offer = latest > Index(0);
            return;
        };
        // It has all of it, from an earlier boot: an offer tells it who took part by then.
        if offset >= bytes {
            self.peer(from).owed.offer = true;
            return;
        }
        self.state.lead.fetchers = self.state.lead.fetchers.and(from);
        let ahead = window.min(bytes - offset);
        let pieces = &mut self.peer(from).pieces;
        // Whoever was sent all of it and begins anew could not use it: another one may be sound.
        let is_spoilt = again == u32::MAX && offset == 0 && pieces.of == of && pieces.next >= bytes;
        // How much was sent of what it does not have. A question from further away was not this follower's, or not in this
        // fetch.
        let sent = u32::try_from(pieces.next.saturating_sub(offset)).ok();
        let (back, left) = match sent {
            Some(back) if again < u32::MAX && pieces.of == of => {
                (back, u64::from(pieces.left).saturating_sub(offset.saturating_sub(pieces.next)))
            }
            _ => (0, 0),
        };
        let left = left.max(ahead.saturating_sub(back.into()));
        let lost = ahead.min(back.min(again).into()) as u32;
        let next = offset + u64::from(back);
        *pieces = Pieces { of, next, left: u32::try_from(left).unwrap_or(u32::MAX), lost, back };
        self.state.snapshots.urgent |= is_spoilt;
    }
}

impl<'a> Draw<'a> {
    /// What the follower can have in place of entries that are forgotten.
    pub(crate) fn offer(&mut self, seat: Seat) -> Message<'a> {
        let peer = &mut self.peers[seat];
        peer.sent += 1;
        let HardState { term, .. } = self.state.hard;
        let Snapshots { latest, before, .. } = self.state.snapshots;
        let Follow { inherited, .. } = self.state.follow;
        let settled = self.state.configuration.settled(self.memory);
        Message::Offer { term, stamp: peer.sent, latest, before, inherited, settled }
    }

    /// The next piece of a snapshot, unless that would be faster than the configuration allows.
    pub(crate) fn piece(&mut self) -> Option<(Seat, Piece)> {
        let state = &mut *self.state;
        if state.lead.fetchers.is_empty() || !state.is_hard_durable() {
            return None;
        }
        if state.lead.piece_allowance == 0 || state.gives_way() {
            return None;
        }
        while let Some(seat) = state.lead.fetchers.next_from(state.sends.piece_turn) {
            let pieces = &mut self.peers[seat].pieces;
            let frame = u32::try_from(state.settings.entry_bytes_max).unwrap_or(u32::MAX);
            if let Some(snapshot) = state.snapshots.wanted(pieces.of)
                && let Some((offset, most)) = pieces.due(frame, snapshot.bytes)
            {
                let length = most.min(state.lead.piece_allowance).min(frame);
                pieces.advance(length);
                state.lead.piece_allowance -= length;
                state.sends.piece_turn = Seat(seat.0 + 1);
                return Some((
                    seat,
                    Piece { snapshot: *snapshot, offset, length: length as usize, term: state.hard.term },
                ));
            }
            state.lead.fetchers = state.lead.fetchers.without(seat);
        }
        None
    }
}

impl Snapshots {
    /// The snapshot that a follower wants.
    fn wanted(&self, of: Wanted) -> Option<&Snapshot> {
        match of {
            Wanted::Nothing => None,
            Wanted::Latest => Some(&self.latest),
            Wanted::Before => Some(&self.before),
        }
    }
}
