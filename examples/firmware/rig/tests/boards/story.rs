use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use lamps::CLUSTER;
use rig::{Failure, Firmware, Journal, Pending, Rig, Setting};

/// For as long as a very slow machine may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(180);

const BAUD: u32 = 115_200;

/// The packages of the firmwares.
pub(crate) const BOARD: &str = "board";
pub(crate) const EMBASSY: &str = "embassy";

/// Three machines, and how often their counter must have been raised by now.
pub(crate) struct Story {
    pub(crate) rig: Rig,
    /// What the boards run.
    pub(crate) firmware: &'static str,
    /// Acknowledged: each of these counts.
    done: u32,
    /// Without an answer: each of these may count.
    unknown: u32,
}

impl Story {
    pub(crate) fn of_boards() -> Story {
        Story::of(BOARD)
    }

    pub(crate) fn of_boards_on_embassy() -> Story {
        Story::of(EMBASSY)
    }

    fn of(firmware: &'static str) -> Story {
        let built = Firmware::build(firmware).expect("the firmware");
        let setting = Setting { firmware: built, baud: BAUD, cluster: CLUSTER, plain: false };
        let rig = Rig::mesh(&setting, None, Journal::new(false)).expect("three boards start");
        Story { rig, firmware, done: 0, unknown: 0 }
    }

    /// Three boards of this cluster, with what is kept in `directory`.
    pub(crate) fn of_kept_boards(cluster: u64, directory: &Path) -> Story {
        let setting =
            Setting { firmware: Firmware::build(BOARD).expect("the firmware"), baud: BAUD, cluster, plain: false };
        let rig = Rig::mesh(&setting, Some(directory), Journal::new(false)).expect("three boards start");
        Story { rig, firmware: BOARD, done: 0, unknown: 0 }
    }

    /// Machine 1 is a board, 2 and 3 are processes of this host.
    pub(crate) fn of_board_and_hosts() -> Story {
        Story::mixed(CLUSTER, None)
    }

    /// The same of this cluster, with what is kept in `directory`.
    pub(crate) fn of_kept_board_and_hosts(cluster: u64, directory: &Path) -> Story {
        Story::mixed(cluster, Some(directory))
    }

    fn mixed(cluster: u64, directory: Option<&Path>) -> Story {
        let setting =
            Setting { firmware: Firmware::build(BOARD).expect("the firmware"), baud: BAUD, cluster, plain: false };
        let program = Path::new(env!("CARGO_BIN_EXE_rig"));
        let rig = Rig::mixed(&setting, program, directory, Journal::new(false)).expect("a board and two hosts start");
        Story { rig, firmware: BOARD, done: 0, unknown: 0 }
    }

    /// The machines begin with a counter that was raised so often.
    pub(crate) fn expect_counted(&mut self, times: u32) {
        self.done = times;
    }

    /// What a machine answers. It has to.
    #[track_caller]
    pub(crate) fn ask(&mut self, machine: usize, order: &str) -> String {
        self.try_ask(machine, order).unwrap_or_else(|failure| panic!("{machine}, '{order}': {failure}"))
    }

    pub(crate) fn try_ask(&mut self, machine: usize, order: &str) -> Result<String, Failure> {
        self.rig.ask(machine, order)?.wait(LIMIT)
    }

    /// Raises the counter at a machine that may fail meanwhile.
    pub(crate) fn count(&mut self, machine: usize) {
        match self.try_ask(machine, "press register 0 add 1") {
            Ok(_) => self.done += 1,
            Err(_) => self.unknown += 1,
        }
    }

    /// Lets a machine raise the counter so often, while the story goes on.
    pub(crate) fn begin_counting(&mut self, machine: usize, times: u32) -> Counting {
        let pending = self.rig.ask(machine, &format!("repeat {times}")).expect("the machine runs");
        Counting { pending, times }
    }

    #[track_caller]
    pub(crate) fn end_counting(&mut self, counting: Counting) {
        counting.pending.wait(LIMIT).expect("the commands are done");
        self.done += counting.times;
    }

    /// The lamps of all machines that run agree, and what was acknowledged was done, and done once.
    #[track_caller]
    pub(crate) fn check(&mut self) -> String {
        let lamps = self.rig.agreement(LIMIT).unwrap_or_else(|failure| panic!("{failure}\n{}", self.log()));
        let counter: u32 = lamps.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a counter");
        let (least, most) = (self.done, self.done + self.unknown);
        assert!((least..=most).contains(&counter), "{counter} is not from {least} to {most}\n{}", self.log());
        lamps
    }

    #[track_caller]
    pub(crate) fn leader(&mut self) -> usize {
        self.rig.leader(LIMIT).unwrap_or_else(|failure| panic!("{failure}\n{}", self.log()))
    }

    /// Waits until this holds.
    #[track_caller]
    pub(crate) fn wait(&mut self, what: &str, mut holds: impl FnMut(&mut Story) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            assert!(begun.elapsed() < LIMIT, "in vain: {what}\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until a board that was erased takes part again, and all know that.
    #[track_caller]
    pub(crate) fn wait_until_it_is_in(&mut self, board: usize) {
        self.wait("it is a member", |story| {
            let status = story.try_ask(board, "status").unwrap_or_default();
            let is_in = ["leader", "follower"].iter().any(|role| status.starts_with(role));
            is_in && !status.contains("a change is under way")
        });
    }

    pub(crate) fn log(&mut self) -> String {
        self.rig.log(60, None).unwrap_or_default()
    }
}

/// A machine that raises the counter.
pub(crate) struct Counting {
    pending: Pending,
    times: u32,
}

/// The two other machines.
pub(crate) fn others(machine: usize) -> [usize; 2] {
    [machine % 3 + 1, (machine + 1) % 3 + 1]
}
