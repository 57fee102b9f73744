use super::rules::Flaw;
use super::state::Store;

/// What the disk holds when one part more of a write is durable, the parts in order: snapshot, the cut of the log, each
/// entry, mark (rule 6). Nothing if there is no more to write.
pub(crate) fn next_part(disk: &Store, memory: &Store, flaw: Flaw) -> Option<Store> {
    let marked = (disk.mark != memory.mark).then_some(Store { mark: memory.mark, ..*disk });
    if flaw == Flaw::MarkBeforeLog && marked.is_some() {
        return marked;
    }
    if disk.base < memory.base {
        return Some(install(disk, memory));
    }
    next_of_log(disk, memory, flaw).or(marked)
}

/// A snapshot takes the place of a log that lacks its last entry; recovery sees to that.
fn install(disk: &Store, memory: &Store) -> Store {
    let base = memory.base;
    let holds = disk.log.term_at(base) == memory.log.term_at(base);
    let log = if holds { disk.log } else { memory.log.front(base) };
    Store { log, base, ..*disk }
}

fn next_of_log(disk: &Store, memory: &Store, flaw: Flaw) -> Option<Store> {
    let meeting = disk.log.meeting(memory.log);
    if meeting < disk.log.len() {
        let is_written = flaw != Flaw::TailComesBack || meeting < memory.log.len();
        return is_written.then(|| {
            let forgets = matches!(flaw, Flaw::CutForgetsMark | Flaw::DeepCutForgetsMark);
            let mark = if forgets { memory.mark.min(disk.mark) } else { disk.mark };
            Store { log: disk.log.front(meeting), mark, ..*disk }
        });
    }
    (meeting < memory.log.len()).then(|| Store { log: memory.log.front(meeting + 1), ..*disk })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::log::Log;

    fn parts(mut disk: Store, memory: Store, flaw: Flaw) -> Vec<(u8, u32, u8)> {
        let mut parts = Vec::new();
        while let Some(next) = next_part(&disk, &memory, flaw) {
            disk = next;
            parts.push((disk.base, disk.log.0, disk.mark));
        }
        parts
    }

    #[test]
    fn a_write_has_its_parts_in_order() {
        let disk = Store { log: Log(0x221), base: 0, mark: 2 };
        let memory = Store { log: Log(0x331), base: 1, mark: 3 };
        let expected = [(1, 0x221, 2), (1, 0x1, 2), (1, 0x31, 2), (1, 0x331, 2), (1, 0x331, 3)];
        assert_eq!(parts(disk, memory, Flaw::None), expected);
        assert_eq!(parts(disk, memory, Flaw::MarkBeforeLog)[0], (0, 0x221, 3));
    }

    #[test]
    fn a_snapshot_voids_what_conflicts_with_it() {
        let disk = Store { log: Log(0x222), base: 0, mark: 2 };
        let memory = Store { log: Log(0x31), base: 2, mark: 2 };
        assert_eq!(parts(disk, memory, Flaw::None), [(2, 0x31, 2)]);
    }
}
