use quorate_wire::client::KeySet;

use super::*;

fn id(number: u8) -> KeyId {
    KeyId::new(number).expect("it is below 16")
}

fn keyring(numbers: &[u8]) -> Keyring {
    let (first, others) = numbers.split_first().expect("there is one");
    let keyring = Keyring::new(id(*first), Key::new([*first; Key::BYTES]));
    others.iter().for_each(|number| install(&keyring, *number));
    keyring
}

fn install(keyring: &Keyring, number: u8) {
    keyring.install(id(number), Key::new([number; Key::BYTES])).expect("there is room");
}

#[test]
fn a_process_says_which_key_is_used_until_the_members_do() {
    let keys = keyring(&[1, 2, 3]);
    assert_eq!((keys.use_key(id(3)), keys.used(), keys.word()), (Ok(()), id(3), None));
    assert_eq!(keys.use_key(id(4)), Err(RingError::Unknown));
    keys.follow(Index(7), id(2));
    assert_eq!((keys.used(), keys.word()), (id(2), Some(id(2))));
    assert_eq!((keys.use_key(id(1)), keys.used()), (Ok(()), id(2)), "theirs holds");
    assert_eq!(keys.report(), KeyReport { held: KeySet(0b1110), used: id(2) });
}

#[test]
fn what_was_said_earlier_changes_nothing_however_late_it_is_heard() {
    let keys = keyring(&[1, 2, 3]);
    keys.follow(Index(7), id(2));
    keys.follow(Index(5), id(3));
    assert_eq!((keys.used(), keys.word()), (id(2), Some(id(2))));
    keys.follow(Index(8), id(3));
    assert_eq!(keys.used(), id(3));
}

#[test]
fn who_lacks_the_key_goes_on_under_the_one_that_is_used_and_changes_once_it_is_here() {
    let keys = keyring(&[1, 2]);
    keys.follow(Index(7), id(2));
    keys.follow(Index(8), id(3));
    assert_eq!((keys.used(), keys.word()), (id(2), Some(id(3))), "and not under the one before");
    install(&keys, 3);
    assert_eq!(keys.used(), id(3));
}

#[test]
fn a_keyring_in_which_the_word_is_gone_uses_what_it_is_told() {
    // It has heard of key 1, was away, and is brought what the others have now.
    let keys = keyring(&[1]);
    keys.follow(Index(7), id(1));
    assert_eq!(keys.remove(id(1)), Err(RingError::Used));
    install(&keys, 2);
    keys.use_key(id(2)).expect("it is here");
    assert_eq!((keys.used(), keys.remove(id(1)), keys.used()), (id(1), Ok(()), id(2)));
    keys.follow(Index(9), id(2));
    assert_eq!((keys.used(), keys.remove(id(2))), (id(2), Err(RingError::Used)));
}

#[test]
fn the_key_that_was_told_may_go_where_the_members_have_said_another_one() {
    let keys = keyring(&[1, 2]);
    keys.follow(Index(7), id(2));
    assert_eq!((keys.remove(id(1)), keys.used()), (Ok(()), id(2)));
    assert_eq!(keys.remove(id(2)), Err(RingError::Used), "nothing else is there");
}
