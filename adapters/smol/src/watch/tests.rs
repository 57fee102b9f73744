use quorate::Features;

use super::*;

/// Node 1 of three, watched.
struct Stage {
    watch: Watch,
    now: Instant,
    leader: Option<Seat>,
    progress: [Progress; 2],
    is_full: bool,
}

fn stage() -> Stage {
    let follower = |seat| Progress {
        features: Features::OWN,
        seat: Seat(seat),
        matched: Index(5000),
        next: Index(5001),
        probing: false,
        heard: Instant::START,
        standing: Standing::Follows,
    };
    Stage {
        watch: Watch::new(Duration::from_millis(250), None),
        now: Instant::START,
        leader: Some(Seat(1)),
        progress: [follower(2), follower(3)],
        is_full: false,
    }
}

impl Stage {
    /// What is told at so many milliseconds.
    fn at(&mut self, millis: u64) -> Vec<String> {
        self.now = Instant::from_millis(millis);
        let sight = Sight {
            leader: self.leader,
            leads: self.leader == Some(Seat(1)),
            others: [Seat(2), Seat(3)].into_iter().collect(),
            commit: Index(5000),
            is_full: self.is_full,
            snapshot: None,
            refusals: Refusals::default(),
            progress: &self.progress,
        };
        let events = self.watch.look(self.now, &sight);
        events.iter().map(|event| format!("{event:?}")).collect()
    }

    fn third(&mut self, standing: Standing) {
        self.progress[1].standing = standing;
    }
}

#[track_caller]
fn tells(told: &[String], parts: &[&str]) {
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(parts.iter().all(|part| told[0].contains(part)), "{told:?}");
}

#[test]
fn nothing_is_told_of_a_cluster_that_goes_on() {
    let mut stage = stage();
    assert!((0..200_000).step_by(50).all(|millis| stage.at(millis).is_empty()));
}

#[test]
fn a_node_says_for_whom_it_waits_and_again_each_minute() {
    let mut stage = stage();
    stage.leader = None;
    assert!(stage.at(0).is_empty() && stage.at(999).is_empty(), "an election may take that long");
    stage.watch.hear(Seat(2), Instant::from_millis(900));
    assert_eq!(stage.watch.due(), Some(Instant::from_millis(1000)));
    tells(&stage.at(1000), &["Leaderless { since: 1s, heard: Seats(4), silent: Seats(8) }"]);
    assert_eq!(stage.watch.due(), Some(Instant::from_millis(61_000)));
    assert!(stage.at(60_999).is_empty());
    tells(&stage.at(61_000), &["since: 61s, heard: Seats(0), silent: Seats(12)"]);
    stage.leader = Some(Seat(2));
    assert!(stage.at(61_050).is_empty());
    assert_eq!(stage.watch.due(), None);
    stage.leader = None;
    assert!(stage.at(62_000).is_empty() && stage.at(62_900).is_empty(), "it is counted anew");
    tells(&stage.at(63_000), &["since: 1s"]);
}

#[test]
fn a_leader_says_whom_it_lost_again_each_minute_and_who_is_back() {
    let mut stage = stage();
    stage.third(Standing::Silent);
    tells(&stage.at(250), &["Follower { seat: Seat(3), following: NotAtAll, since: 250ms }"]);
    assert!(stage.at(300).is_empty() && stage.at(60_000).is_empty());
    tells(&stage.at(60_250), &["NotAtAll, since: 60.25s"]);
    stage.third(Standing::Follows);
    tells(&stage.at(61_000), &["Follower { seat: Seat(3), following: Well, since: 61s }"]);
    assert!(stage.at(200_000).is_empty());
}

#[test]
fn what_passes_in_a_moment_is_not_told() {
    let mut stage = stage();
    stage.third(Standing::Seeks);
    assert!(stage.at(0).is_empty() && stage.at(900).is_empty());
    stage.third(Standing::Follows);
    assert!(stage.at(950).is_empty(), "nothing was told that would be over");
    stage.progress[1].matched = Index(5000 - 1024);
    assert!(stage.at(1000).is_empty());
    tells(&stage.at(2000), &["Behind { entries: 1024 }, since: 1s"]);
    stage.progress[1].matched = Index(5000 - 1023);
    tells(&stage.at(2050), &["following: Well, since: 1.05s"]);
}

#[test]
fn a_snapshot_on_its_way_is_told_at_once() {
    let mut stage = stage();
    stage.third(Standing::Fetches);
    tells(&stage.at(0), &["BySnapshot { snapshot: None }"]);
    stage.third(Standing::TooSmall);
    tells(&stage.at(0), &["TooSmall { snapshot: None }"]);
    stage.third(Standing::Fetches);
    stage.at(0);
    stage.third(Standing::Follows);
    tells(&stage.at(400), &["following: Well, since: 400ms"]);
}

#[test]
fn a_refusal_is_told_with_its_reason_and_once() {
    let mut stage = stage();
    stage.third(Standing::Refused(quorate::Refusal::Forgotten));
    tells(&stage.at(0), &["MessageRefused { seat: Seat(3), reason: Forgotten }"]);
    assert!(stage.at(500).is_empty(), "no more were refused since");
    stage.third(Standing::Refused(quorate::Refusal::Incarnation));
    assert!(stage.at(900).is_empty(), "reasons that change with each frame do not fill the log");
    tells(&stage.at(1000), &["reason: Incarnation"]);
    stage.third(Standing::Follows);
    tells(&stage.at(1100), &["following: Well, since: 1.1s"]);
}

#[test]
fn a_follower_knows_of_refusals_alone() {
    let mut stage = stage();
    stage.leader = Some(Seat(2));
    stage.third(Standing::Silent);
    assert!(stage.at(0).is_empty() && stage.at(5000).is_empty());
    stage.third(Standing::Refused(quorate::Refusal::SecondLeader));
    tells(&stage.at(6000), &["reason: SecondLeader"]);
}

#[test]
fn a_full_log_is_told_if_it_lasts_and_when_it_is_over() {
    let mut stage = stage();
    stage.is_full = true;
    assert!(stage.at(0).is_empty() && stage.at(950).is_empty());
    tells(&stage.at(1000), &["LogFull { since: 1s }"]);
    assert!(stage.at(2000).is_empty());
    tells(&stage.at(61_000), &["LogFull { since: 61s }"]);
    stage.is_full = false;
    tells(&stage.at(61_050), &["LogHasRoom"]);
    stage.is_full = true;
    assert!(stage.at(61_100).is_empty());
    stage.is_full = false;
    assert!(stage.at(61_200).is_empty(), "nothing was told of it");
}

#[test]
fn frames_that_are_dropped_do_not_fill_the_log() {
    let mut watch = stage().watch;
    let at = Instant::from_millis;
    let from = ([127, 0, 0, 1], 7101).into();
    let mut is_told = |reason, millis| watch.dropped_frame((&[], from), reason, false, at(millis)).is_some();
    assert!(is_told(DecodeError::Cluster, 0) && is_told(DecodeError::Checksum, 1));
    assert!(!is_told(DecodeError::Cluster, 59_999));
    assert!(is_told(DecodeError::Cluster, 60_000));
    assert!(watch.is_new_failure(at(0)) && !watch.is_new_failure(at(100)));
}
