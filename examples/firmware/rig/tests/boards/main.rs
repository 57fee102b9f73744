//! Stories of emulated boards, one after the other. They wait for what has to happen, for as long as a slow machine may
//! take, and never for a moment in time.
//!
//! Without QEMU or the target they are shown as ignored, but where CI runs they fail.

mod failures;
mod lines;
mod members;
mod mixed;
mod power;
mod rescue;
mod stack;
mod story;
mod together;

use std::env;

use libtest_mimic::{Arguments, Trial};
use rig::{find_emulator, has_target};

use crate::story::Story;

type Tell = fn(Story);

/// Stories of three boards.
const BOARDS: &[(&str, Tell)] = &[
    ("one_of_three_boards_leads", together::one_leads),
    ("a_button_pressed_on_any_board_lights_the_lamp_on_all", together::any_button),
    ("a_thousand_commands_are_done_once_each", together::thousand),
    ("a_button_that_is_no_button_is_refused", together::refused),
    ("two_boards_go_on_without_the_third_and_bring_it_in_line", failures::killed),
    ("all_boards_find_their_flash_again", failures::all_killed),
    ("a_board_that_is_reset_joins_again", failures::reset),
    ("a_board_that_panics_reports_and_joins_again", failures::panicked),
    ("power_cut_in_the_middle_of_a_write_loses_nothing", power::cut_in_write),
    ("power_cut_in_the_middle_of_a_snapshot_loses_nothing", power::cut_in_snapshot),
    ("noise_on_every_wire_garbles_nothing", lines::noise),
    ("a_cut_wire_is_gone_round", lines::cut),
    ("a_board_that_is_cut_off_joins_again", lines::cut_off),
    ("a_board_whose_flash_is_erased_comes_back_by_itself", members::erased),
    ("a_board_is_removed_and_another_one_is_added_in_its_place", members::replaced),
    ("a_board_that_was_just_erased_is_removed", members::erased_and_removed),
];

/// Stories of one board and two processes of this host.
const MIXED: &[(&str, Tell)] = &[
    ("a_board_and_two_hosts_do_the_same_commands", mixed::same_commands),
    ("a_board_and_one_host_are_a_majority", mixed::one_host_dead),
    ("two_hosts_go_on_without_the_board_and_bring_it_in_line", mixed::board_dead),
    ("noise_between_board_and_gateway_garbles_nothing", mixed::noise),
    ("a_board_and_a_host_are_erased_removed_and_added", mixed::members),
    ("a_host_that_was_just_erased_is_removed", members::erased_and_removed),
];

/// Stories of a cluster whose majority is gone for good, and of the one that is made of a survivor.
const RESCUES: &[(&str, fn())] = &[
    ("a_boards_flash_goes_on_as_a_new_cluster", rescue::boards),
    ("a_board_and_two_hosts_go_on_as_a_new_cluster", rescue::board_and_hosts),
];

/// Stories of three boards on embassy's executor.
const EMBASSY: &[(&str, Tell)] = &[
    ("a_button_pressed_on_any_board_on_embassy_lights_the_lamp_on_all", together::any_button),
    ("a_thousand_commands_are_done_once_each_on_embassy", together::thousand),
    ("all_boards_find_their_flash_again_on_embassy", failures::all_killed),
];

fn main() {
    let mut arguments = Arguments::from_args();
    // Three emulators are enough for a small machine.
    arguments.test_threads.get_or_insert(1);
    let missing = find_emulator().err().map(|failure| failure.to_string());
    let missing = missing.or_else(|| (!has_target()).then(|| "the target thumbv7m-none-eabi is missing".into()));
    let is_ci = env::var_os("CI").is_some();
    if let Some(missing) = &missing {
        eprintln!("{}: {missing}", if is_ci { "error" } else { "skipped" });
    }
    let boards = BOARDS.iter().map(|&(name, tell)| trial(name, move || tell(Story::of_boards())));
    let mixed = MIXED.iter().map(|&(name, tell)| trial(name, move || tell(Story::of_board_and_hosts())));
    let rescues = RESCUES.iter().map(|&(name, tell)| trial(name, tell));
    let is_ignored = missing.is_some() && !is_ci;
    let embassy = EMBASSY.iter().map(|&(name, tell)| trial(name, move || tell(Story::of_boards_on_embassy())));
    let trials =
        boards.chain(mixed).chain(rescues).chain(embassy).map(|trial| trial.with_ignored_flag(is_ignored)).collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(name: &str, tell: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        tell();
        Ok(())
    })
}
