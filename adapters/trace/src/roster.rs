use quorate::{Incarnation, Index, KeyId, Least, Members, Occupant, Roster, Seat, Settled};
use serde::{Deserialize, Serialize};

/// A configuration that is committed, to be read by people, and to be made again from its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledView {
    /// The index of the entry that made it; zero for that of the founding.
    pub since: Index,
    /// Who takes part.
    pub roster: RosterView,
}

/// Who takes part, to be read by people, and to be made again from its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterView {
    members: Members,
    least: Least,
    key: Option<KeyId>,
    occupants: Vec<OccupantView>,
    #[serde(with = "hex::serde")]
    bytes: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct OccupantView {
    seat: Seat,
    incarnation: Incarnation,
    #[serde(with = "hex::serde")]
    address: Vec<u8>,
}

impl SettledView {
    /// Shows a configuration.
    pub fn of(settled: Settled<'_>) -> SettledView {
        SettledView { since: settled.since, roster: RosterView::of(settled.roster) }
    }

    /// The configuration, made from the bytes alone; `None` if they are not a roster.
    pub fn settled(&self) -> Option<Settled<'_>> {
        Some(Settled { since: self.since, roster: Roster::parse(&self.roster.bytes)? })
    }
}

impl RosterView {
    /// Shows a roster.
    pub fn of(roster: Roster<'_>) -> RosterView {
        let occupants = roster.occupants().map(|(seat, Occupant { incarnation, address })| OccupantView {
            seat,
            incarnation,
            address: address.to_vec(),
        });
        RosterView {
            members: roster.members(),
            least: roster.least(),
            key: roster.key(),
            occupants: occupants.collect(),
            bytes: roster.bytes().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use quorate::{Features, Seats};

    use super::*;

    #[test]
    fn a_configuration_is_shown_in_parts_and_comes_back_from_its_bytes() {
        let members = Members { learners: Seats(2), ..Members::of(Seats(1)) };
        let occupants = [
            Occupant { incarnation: Incarnation::FOUNDER, address: &[127, 0, 0, 1] },
            Occupant { incarnation: Incarnation(3), address: &[] },
        ];
        let mut room = [0; 64];
        let roster = Roster::write(
            &mut room,
            members,
            Least { log_bytes: 1024, election_micros: 250_000, features: Features::OWN },
            KeyId::new(2),
            |seat| occupants[usize::from(seat.0)],
        );
        let settled = Settled { since: Index(7), roster: roster.expect("it is sound") };
        let text = serde_json::to_string(&SettledView::of(settled)).expect("it is JSON");
        let parts = concat!(
            r#"{"since":7,"roster":{"members":{"voters":1,"outgoing":0,"replaced":0,"learners":2,"witnesses":0},"#,
            r#""least":{"log_bytes":1024,"election_micros":250000,"features":1},"key":2,"occupants":[{"seat":0,"incarnation":0,"address":"7f000001"},"#,
            r#"{"seat":1,"incarnation":3,"address":""}],"#,
        );
        assert!(text.starts_with(parts), "{text}");
        let view: SettledView = serde_json::from_str(&text).expect("it was written so");
        assert_eq!(view.settled(), Some(settled));
    }

    #[test]
    fn bytes_that_are_no_roster_give_no_configuration() {
        let bytes = vec![0; 28];
        let (members, least, occupants) = (Members::default(), Least::default(), Vec::new());
        let roster = RosterView { members, least, key: None, occupants, bytes };
        assert_eq!(SettledView { since: Index(0), roster }.settled(), None);
    }
}
