use std::panic::catch_unwind;

use quorate_serial::Wiring;
use quorate_tests::boards::{Report, Setting, World};
use quorate_tests::seeds;

/// Microseconds of trouble before the calm.
const TROUBLE: u64 = 10_000_000;

#[test]
fn boards_agree_whatever_happens_to_three_of_them() {
    run_seeds(3, "three");
}

#[test]
fn boards_agree_whatever_happens_to_a_ring_of_five() {
    run_seeds(5, "five");
}

#[test]
fn quiet_boards_answer_every_press() {
    for wiring in [Wiring::Mesh, Wiring::Ring] {
        let setting = Setting { pause_max: 20_000, ..Setting::new(1, 3, wiring, 115_200) };
        let Report { answered, applied, boots, lives } = World::new(setting).story(5_000_000).expect("all is well");
        assert_eq!((answered, boots, lives), (applied, 3, 0));
        assert!(answered > 100, "{answered} presses in five seconds");
    }
}

/// `QUORATE_SEEDS=0..1000` runs others than the usual ones.
fn run_seeds(boards: u8, name: &str) {
    let text = std::env::var("QUORATE_SEEDS").unwrap_or_else(|_| "0..8".into());
    let seeds = seeds::range(&text).expect("QUORATE_SEEDS says which");
    let (mut answered, mut boots, mut lives, mut sealed) = (0, 0, 0, 0);
    for seed in seeds {
        let setting = Setting::troubled(seed, boards);
        let told = catch_unwind(|| World::new(setting).story(TROUBLE)).unwrap_or_else(|_| Err("it panicked".into()));
        let report = told.unwrap_or_else(|why| {
            let again = format!("QUORATE_SEEDS={seed}..{} cargo test -p quorate-tests --test boards {name}", seed + 1);
            panic!("{why}\n{setting:?}\nOnce more: {again}")
        });
        answered += report.answered;
        boots += report.boots;
        lives += report.lives;
        sealed += u32::from(setting.seals.is_some());
    }
    println!(
        "{boards} boards: {answered} presses answered, {boots} starts, {lives} later lives, {sealed} worlds sealed"
    );
}
