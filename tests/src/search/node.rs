use quorate::{Boot, Charter, Config, Features, Founding, Identity, Incarnation, Instant, Least, Recovered};

use super::disk::Disk;
use super::{LOG_BYTES, SEATS, Setting};

/// The most bytes of entries in a message.
const FRAME: usize = 60;
/// The same where entries say who takes part.
const FRAME_WITH_MEMBERS: usize = 120;

pub(crate) type Node = quorate::Node<String, Memory, SEATS>;

/// A log's memory, as large as the setting says.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Memory {
    bytes: [u8; LOG_BYTES],
    length: usize,
}

impl AsRef<[u8]> for Memory {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl AsMut<[u8]> for Memory {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.length]
    }
}

/// A node that starts from what its disk holds, and has forgotten time.
pub(crate) fn boot(identity: Identity, setting: &Setting, life: u64, disk: &Disk) -> Node {
    // A small window of bytes and small frames, so that a few entries need more than one.
    let entry_bytes_max = if setting.members_change() { FRAME_WITH_MEMBERS } else { FRAME };
    let config = Config {
        entry_bytes_max,
        inflight_messages_max: if setting.folds_stamps() { u32::MAX } else { 8 },
        inflight_bytes_max: entry_bytes_max * 2,
        // Nothing to say in acks: whether one was heard would tell states apart that behave alike.
        features: Features::NONE,
        ..Config::new(identity.seat, life)
    };
    let memory = Memory { bytes: [0; LOG_BYTES], length: setting.log_bytes };
    let mut boot = Boot::recover(config, memory).expect("the search's configuration is sound");
    let least = Least { log_bytes: setting.log_bytes as u32, election_micros: 250_000, features: Features::NONE };
    let charter = Charter { founding: Founding(1), members: setting.founders(), least };
    let origin = match identity.incarnation {
        Incarnation::FOUNDER => Recovered::Charter(charter),
        incarnation => Recovered::Joined(charter, incarnation),
    };
    let base = disk.base().map(Recovered::Snapshot);
    let lost = disk.is_lost.then_some(Recovered::LostSnapshot(disk.log.base));
    let items = [base, lost, disk.stored().map(Recovered::Stored), Some(Recovered::HardState(disk.log.hard_state))];
    let entries = disk.log.entries().map(Recovered::Entry);
    let last = [disk.log.settled().map(Recovered::Settled), Some(Recovered::Mark(disk.log.last_mark()))];
    let items = [Some(origin)].into_iter().chain(items).flatten().chain(entries).chain(last.into_iter().flatten());
    items.for_each(|item| boot.take(item).expect("the disk's log is whole"));
    let mut node = boot.start(Instant::START).expect("the disk's log is whole");
    node.forget_time();
    node
}
