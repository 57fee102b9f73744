use std::collections::BTreeSet;

use super::*;

/// A file of two sectors, durable with its name.
fn settled(seed: u64) -> (Memory, Handle, PathBuf) {
    let mut memory = Memory::new(seed);
    let path = Path::new(DIRECTORY).join("file");
    let file = memory.create(&path).unwrap();
    memory.write(&file, 0, &[0; 1024]).unwrap();
    memory.sync_all(&file).unwrap();
    let directory = memory.open_directory(Path::new(DIRECTORY)).unwrap();
    memory.sync_all(&directory).unwrap();
    (memory, file, path)
}

/// For each sector, whether it is new, old, or new up to some byte, after each of many power cuts.
fn left_by_cuts(after: impl Fn(&mut Memory, &Handle)) -> BTreeSet<String> {
    let left = |seed| {
        let (mut memory, file, path) = settled(seed);
        memory.write(&file, 0, &[1; 1024]).unwrap();
        after(&mut memory, &file);
        memory.cut_power();
        let sector = |bytes: &[u8]| match bytes.iter().filter(|byte| **byte == 1).count() {
            0 => "old ",
            512 => "new ",
            count if bytes[count - 1] == 1 => "torn ",
            _ => "mixed ",
        };
        memory.read(&path).unwrap().chunks(512).map(sector).collect::<String>()
    };
    (0..300).map(left).collect()
}

#[test]
fn what_is_not_synced_arrives_in_any_part() {
    let all: Vec<_> =
        ["new", "old", "torn"].iter().flat_map(|a| ["new", "old", "torn"].map(|b| format!("{a} {b} "))).collect();
    assert_eq!(left_by_cuts(|_, _| {}), all.iter().cloned().collect());
    let failed = |memory: &mut Memory, file: &Handle| {
        memory.expect(Some(Trouble::Failure(0)));
        memory.sync(file).unwrap_err();
    };
    assert_eq!(left_by_cuts(failed), all.into_iter().collect());
}

#[test]
fn what_is_synced_stays() {
    assert_eq!(left_by_cuts(|memory, file| memory.sync(file).unwrap()), BTreeSet::from(["new new ".to_owned()]));
}

#[test]
fn a_sync_after_one_that_failed_makes_nothing_durable() {
    let left = |seed| {
        let (mut memory, file, path) = settled(seed);
        memory.write(&file, 0, &[1; 1024]).unwrap();
        memory.expect(Some(Trouble::Failure(0)));
        memory.sync(&file).unwrap_err();
        memory.expect(None);
        let directory = memory.open_directory(Path::new(DIRECTORY)).unwrap();
        memory.lock(&directory).unwrap();
        assert_eq!(memory.read(&path).unwrap(), [1; 1024]);
        memory.sync(&file).unwrap();
        memory.cut_power();
        memory.read(&path).unwrap()
    };
    assert!((0..100).map(left).any(|bytes| bytes == [0; 1024]));
}

#[test]
fn a_length_and_a_name_are_durable_after_a_sync_of_their_own() {
    let lengths = (0..100).map(|seed| {
        let (mut memory, file, path) = settled(seed);
        memory.write(&file, 1024, &[1; 512]).unwrap();
        memory.sync(&file).unwrap();
        memory.cut_power();
        memory.read(&path).unwrap().len()
    });
    assert!(lengths.collect::<BTreeSet<_>>().is_superset(&BTreeSet::from([1024, 1536])));

    let names = (0..100).map(|seed| {
        let (mut memory, _, path) = settled(seed);
        let (new, newer) = (path.with_file_name("new"), path.with_file_name("newer"));
        memory.rename(&path, &new).unwrap();
        memory.rename(&new, &newer).unwrap();
        memory.cut_power();
        memory.list(Path::new(DIRECTORY)).unwrap()
    });
    assert_eq!(names.collect::<BTreeSet<_>>().len(), 3);
}

#[test]
fn a_directory_is_locked_as_long_as_its_handle_lives() {
    let (mut memory, ..) = settled(1);
    let one = memory.open_directory(Path::new(DIRECTORY)).unwrap();
    let other = memory.open_directory(Path::new(DIRECTORY)).unwrap();
    memory.lock(&one).unwrap();
    assert_eq!(memory.lock(&other).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    drop(one);
    memory.lock(&other).unwrap();
}

#[test]
fn a_full_device_takes_what_needs_no_room() {
    let (mut memory, file, _) = settled(1);
    memory.expect(Some(Trouble::Full));
    memory.write(&file, 512, &[1; 512]).unwrap();
    memory.sync(&file).unwrap();
    assert_eq!(memory.write(&file, 1024, &[1]).unwrap_err().kind(), io::ErrorKind::StorageFull);
}

#[test]
fn rot_flips_one_bit_for_good() {
    let (memory, _, path) = settled(1);
    let (place, byte) = memory.rot().unwrap();
    memory.cut_power();
    let flipped = memory.clone().read(&path).unwrap()[byte];
    assert_eq!((place, flipped.count_ones()), (path, 1));
}
