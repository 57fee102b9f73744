use quorate::{Seat, Seats};

use crate::{Fault, Header};

/// Over which line each member is reached, as seen from one station.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Routes<const SEATS: usize> {
    /// Of each seat its line or, in a ring, how many lines ahead it is.
    ways: [u8; SEATS],
    /// How many stations the ring joins; zero if there is none.
    ring: u8,
}

impl<const SEATS: usize> Routes<SEATS> {
    /// Line 0 leads to the seats of `lines[0]`, line 1 to those of `lines[1]`, and so on. In a mesh that is one seat
    /// each. A line that ends at a hub or a gateway leads to all that are behind it.
    pub fn lines(lines: &[Seats]) -> Routes<SEATS> {
        let mut ways = [NOWHERE; SEATS];
        for (line, seats) in (0..NOWHERE).zip(lines) {
            for seat in seats.iter() {
                if let Some(way) = ways.get_mut(usize::from(seat.0)) {
                    *way = line;
                }
            }
        }
        Routes { ways, ring: 0 }
    }

    /// A ring: line 0 leads from each station to the next one of `order`, and from the last to the first; line 1 the
    /// other way. A frame goes the shorter way round, and the other one when a wire on that way is cut. Three stations
    /// in a mesh are a ring. `None` if the station itself is not in the ring, or it joins fewer than two stations or
    /// more than 32.
    pub fn ring(me: Seat, order: &[Seat]) -> Option<Routes<SEATS>> {
        let stations = u8::try_from(order.len()).ok().filter(|stations| (2..=RING_MAX).contains(stations))?;
        let start = order.iter().position(|seat| *seat == me)?;
        let mut ways = [NOWHERE; SEATS];
        let (before, after) = order.split_at(start);
        for (ahead, seat) in (0..stations).zip(after.iter().chain(before)) {
            *ways.get_mut(usize::from(seat.0))? = ahead;
        }
        Some(Routes { ways, ring: stations })
    }

    /// Whether a frame can go another way when a wire is cut, so that the neighbours have to know that one is.
    pub(crate) fn is_ring(&self) -> bool {
        self.ring > 0
    }

    /// Where a frame of this station's own begins its way, and over how many more lines it may go.
    pub(crate) fn begin(&self, to: Seat, is_up: impl Fn(usize) -> bool) -> Option<(usize, u8)> {
        let way = *self.ways.get(usize::from(to.0)).filter(|way| **way != NOWHERE)?;
        if self.ring == 0 {
            return Some((usize::from(way), TREE_HOPS));
        }
        let shorter = usize::from(way > self.ring / 2);
        let line = if is_up(shorter) || !is_up(other(shorter)) { shorter } else { other(shorter) };
        Some((line, 2 * self.ring - 1))
    }

    /// Where a frame for somebody else goes on that came over `line`: one line at most, and one hop less is left to it.
    pub(crate) fn pass_on(
        &self,
        header: &Header,
        line: usize,
        is_up: impl Fn(usize) -> bool,
    ) -> Result<(usize, Header), Fault> {
        let hops = header.hops.checked_sub(1).ok_or(Fault::Hops)?;
        let header = Header { hops, ..*header };
        if self.ring == 0 {
            let way = header.to.seat().and_then(|seat| self.ways.get(usize::from(seat.0)));
            let way = way.map_or(usize::from(NOWHERE), |way| usize::from(*way));
            // What leads back to where it came from has no end.
            return if way == usize::from(NOWHERE) || way == line { Err(Fault::NoWay) } else { Ok((way, header)) };
        }
        if line > 1 {
            // From beside the ring: it begins its way here.
            let to = header.to.seat().ok_or(Fault::NoWay)?;
            return self.begin(to, is_up).map(|(line, _)| (line, header)).ok_or(Fault::NoWay);
        }
        if is_up(other(line)) {
            return Ok((other(line), header));
        }
        if header.turned { Err(Fault::NoWay) } else { Ok((line, Header { turned: true, ..header })) }
    }
}

/// The other line of a ring.
fn other(line: usize) -> usize {
    usize::from(line == 0)
}

const NOWHERE: u8 = u8::MAX;

/// A frame that turns round next to its destination has gone over nearly twice as many lines as there are.
const RING_MAX: u8 = Header::HOPS_MAX / 2 + 1;

/// How many lines a frame may go over beside its first where there is no ring.
const TREE_HOPS: u8 = 7;

#[cfg(test)]
mod tests {
    use super::*;

    fn header(to: u8, hops: u8) -> Header {
        Header { hops, turned: false, hears: true, to: Seat(to).into(), from: Seat(9).into() }
    }

    #[test]
    fn a_ring_goes_the_shorter_way_and_the_other_when_that_is_cut() {
        let order = [4, 0, 1, 2, 3].map(Seat);
        let routes = Routes::<5>::ring(Seat(0), &order).expect("a ring");
        let begin = |to, up: [bool; 2]| routes.begin(Seat(to), |line| up[line]).map(|(line, _)| line);
        assert_eq!([1, 2, 3, 4].map(|to| begin(to, [true; 2])), [Some(0), Some(0), Some(1), Some(1)]);
        assert_eq!([1, 2, 3, 4].map(|to| begin(to, [false, true])), [Some(1); 4]);
        assert_eq!([1, 2, 3, 4].map(|to| begin(to, [false; 2])), [Some(0), Some(0), Some(1), Some(1)]);
    }

    #[test]
    fn a_frame_turns_round_once_and_ends_with_its_hops() {
        let routes = Routes::<5>::ring(Seat(0), &[0, 1, 2, 3, 4].map(Seat)).expect("a ring");
        let onward = |header: Header, line, up: [bool; 2]| routes.pass_on(&header, line, |line| up[line]);
        assert_eq!(onward(header(2, 3), 1, [true; 2]), Ok((0, header(2, 2))));
        let turned = Header { turned: true, ..header(2, 2) };
        assert_eq!(onward(header(2, 3), 1, [false, true]), Ok((1, turned)));
        assert_eq!(onward(turned, 1, [false, true]), Err(Fault::NoWay));
        assert_eq!(onward(header(2, 0), 1, [true; 2]), Err(Fault::Hops));
    }

    #[test]
    fn a_table_sends_nothing_back() {
        let routes = Routes::<4>::lines(&[Seats::NONE.with(Seat(1)), Seats::NONE.with(Seat(2)).with(Seat(3))]);
        assert_eq!(routes.begin(Seat(3), |_| true), Some((1, TREE_HOPS)));
        assert_eq!(routes.begin(Seat(0), |_| true), None);
        assert_eq!(routes.pass_on(&header(3, 5), 0, |_| true), Ok((1, header(3, 4))));
        assert_eq!(routes.pass_on(&header(3, 5), 1, |_| true), Err(Fault::NoWay));
        assert_eq!(routes.pass_on(&header(9, 5), 1, |_| true), Err(Fault::NoWay));
    }

    #[test]
    fn what_is_no_ring_is_refused() {
        assert_eq!(Routes::<3>::ring(Seat(0), &[Seat(0)]), None);
        assert_eq!(Routes::<3>::ring(Seat(0), &[Seat(1), Seat(2)]), None);
        assert_eq!(Routes::<3>::ring(Seat(0), &[Seat(0), Seat(3)]), None);
    }
}
