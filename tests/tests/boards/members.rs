//! How boards come and go: one that lost its flash, one that is new, one that is no longer wanted.

use quorate::{Change, Dismissal, Incarnation, Members, Node, Seat, Seats, Unchanged};
use quorate_serial::Wiring;
use quorate_tests::boards::{Setting, World};
use quorate_wire::client::{ReplyBody, RequestBody};

/// Boards that press ten times a second or so.
fn setting(seed: u64, boards: u8, wiring: Wiring) -> Setting {
    Setting { log_bytes: 1024, pause_max: 200_000, ..Setting::new(seed, boards, wiring, 115_200) }
}

fn election(setting: &Setting) -> u64 {
    setting.pace().election.as_micros() as u64
}

fn members(world: &mut World) -> Members {
    let leader = world.leader().expect("somebody leads");
    world.members(leader).expect("it is a member")
}

fn life(world: &mut World, board: usize) -> Incarnation {
    world.station(board).expect("it has power").node().expect("it has a node").identity().incarnation
}

fn is_member(world: &mut World, board: usize) -> bool {
    world.station(board).and_then(|station| station.node()).is_some_and(Node::is_member)
}

/// Waits until this is so.
#[track_caller]
fn wait(world: &mut World, setting: &Setting, what: &str, is_so: impl Fn(&mut World) -> bool) {
    for _ in 0..60 {
        if is_so(world) {
            return;
        }
        world.run(election(setting)).expect("nothing is wrong");
    }
    panic!("it does not come to this: {what}");
}

/// The board is asked until it has done this.
#[track_caller]
fn change(world: &mut World, setting: &Setting, change: Change<'_>) {
    for _ in 0..60 {
        match world.change(change) {
            Ok(()) => return,
            Err(_) => world.run(election(setting)).expect("nothing is wrong"),
        }
    }
    panic!("nobody takes up {change:?}");
}

#[test]
fn boards_that_lose_their_flash_one_after_the_other_come_back_by_themselves() {
    for wiring in [Wiring::Mesh, Wiring::Ring] {
        let setting = setting(1, 3, wiring);
        let mut world = World::new(setting);
        world.run(10 * election(&setting)).expect("nothing is wrong");
        assert!(world.answered() > 0);
        for round in 0..6 {
            let board = round % 3;
            let before = life(&mut world, board);
            world.erase_flash(board);
            world.run(election(&setting) / 2).expect("nothing is wrong");
            let is_back = |world: &mut World| {
                let all = Members::of(Seats::first(3));
                is_member(world, board)
                    && (0..3).all(|board| world.station(board).and_then(|it| Some(it.node()?.members())) == Some(all))
            };
            wait(&mut world, &setting, "it is a member again", is_back);
            assert_ne!(life(&mut world, board), before);
            let answered = world.answered();
            // It counts: with it, one of the others can be missed.
            let away = (board + 1) % 3;
            world.stop(away);
            world.run(6 * election(&setting)).expect("nothing is wrong");
            assert!(world.answered() > answered + 5, "the board that came back has a vote");
            world.start(away, Seats::first(3), false);
            world.run(6 * election(&setting)).expect("nothing is wrong");
        }
    }
}

#[test]
fn a_board_without_its_flash_is_no_help_where_it_would_be_the_majority() {
    let setting = setting(2, 3, Wiring::Mesh);
    let mut world = World::new(setting);
    world.run(10 * election(&setting)).expect("nothing is wrong");
    world.stop(2);
    world.run(6 * election(&setting)).expect("nothing is wrong");
    world.erase_flash(1);
    world.run(election(&setting)).expect("nothing is wrong");
    let before = world.answered();
    world.run(20 * election(&setting)).expect("nothing is wrong");
    assert_eq!((world.answered(), world.leader()), (before, None), "one of three is no majority");
    world.start(2, Seats::first(3), false);
    wait(&mut world, &setting, "all are back", |world| (0..3).all(|board| is_member(world, board)));
    world.run(10 * election(&setting)).expect("nothing is wrong");
    assert!(world.answered() > before);
}

/// Three boards, and a fourth one that is plugged in later.
fn three_of_four(seed: u64, wiring: Wiring) -> (World, Setting) {
    let setting = setting(seed, 4, wiring);
    let mut world = World::new(setting);
    (0..4).for_each(|board| world.stop(board));
    (0..3).for_each(|board| world.start(board, Seats::first(3), false));
    world.run(20 * election(&setting)).expect("nothing is wrong");
    assert!(world.answered() > 0);
    (world, setting)
}

const NEW: Seat = Seat(3);
const ADD: Change<'static> = Change::Add { seat: NEW, address: &[] };

#[test]
fn a_fresh_board_waits_to_be_added_and_an_old_one_leaves() {
    for wiring in [Wiring::Mesh, Wiring::Ring] {
        let (mut world, setting) = three_of_four(3, wiring);
        let unheard = Unchanged::Unheard(Seats::NONE.with(NEW));
        let refused = world.change(ADD).expect_err("nobody is there").expect("a reason");
        assert_eq!(refused, quorate_wire::client::Reason::Unchanged(unheard));

        world.start(3, Seats::first(4), true);
        let waits = |world: &mut World| world.station(3).is_some_and(|station| station.node().is_some());
        wait(&mut world, &setting, "it has found its cluster", waits);
        world.run(10 * election(&setting)).expect("nothing is wrong");
        assert!(!is_member(&mut world, 3), "it waits");
        assert_eq!(members(&mut world), Members::of(Seats::first(3)));
        let answered = world.answered();
        world.run(5 * election(&setting)).expect("nothing is wrong");
        assert!(world.answered() > answered, "it disturbs nobody");

        change(&mut world, &setting, ADD);
        wait(&mut world, &setting, "it learns", |world| members(world).learners == Seats::NONE.with(NEW));
        change(&mut world, &setting, Change::Promote { seat: NEW });
        wait(&mut world, &setting, "it votes", |world| members(world) == Members::of(Seats::first(4)));

        let leaves = world.leader().expect("somebody leads");
        let seat = Seat(leaves as u8);
        change(&mut world, &setting, Change::Remove { seat });
        wait(&mut world, &setting, "it is told", |world| world.dismissed(leaves) == Some(Dismissal::Removed));
        let left = Seats::first(4).without(seat);
        wait(&mut world, &setting, "they go on", |world| world.leader().is_some());
        assert_eq!(members(&mut world), Members::of(left));
        let answered = world.answered();
        world.run(10 * election(&setting)).expect("nothing is wrong");
        assert!(world.answered() > answered + 5);
        // It is told again each time that it starts.
        world.start(leaves, Seats::first(3), false);
        wait(&mut world, &setting, "it is told again", |world| world.station(leaves).is_none());
        assert_eq!(world.dismissed(leaves), Some(Dismissal::Removed));

        // The new one is as good as the others: its flash may be lost, too.
        let before = life(&mut world, 3);
        world.erase_flash(3);
        wait(&mut world, &setting, "it is back", |world| is_member(world, 3));
        assert_ne!(life(&mut world, 3), before);
    }
}

#[test]
fn a_board_that_starts_again_knows_who_takes_part_though_its_log_has_forgotten_it() {
    let (mut world, setting) = three_of_four(4, Wiring::Mesh);
    world.start(3, Seats::first(4), true);
    change(&mut world, &setting, ADD);
    change(&mut world, &setting, Change::Promote { seat: NEW });
    wait(&mut world, &setting, "it votes", |world| members(world) == Members::of(Seats::first(4)));
    let is_forgotten = |world: &mut World, board: usize| {
        let node = world.station(board).expect("it has power").node().expect("a member");
        node.roster().0 <= node.base().index
    };
    for _ in 0..100 {
        if (0..4).all(|board| is_forgotten(&mut world, board)) {
            break;
        }
        world.run(election(&setting)).expect("nothing is wrong");
    }
    assert!((0..4).all(|board| is_forgotten(&mut world, board)), "snapshots have taken its place");
    (0..4).for_each(|board| world.stop(board));
    for board in 0..4 {
        world.start(board, Seats::first(4), board == 3);
        world.run(1_000).expect("nothing is wrong");
        let node = world.station(board).expect("it has power").node().expect("a member");
        assert_eq!(node.members(), Members::of(Seats::first(4)));
        world.stop(board);
    }
}

#[test]
fn leadership_is_handed_over_at_the_wish_of_a_guest() {
    let setting = setting(5, 3, Wiring::Mesh);
    let mut world = World::new(setting);
    world.run(10 * election(&setting)).expect("nothing is wrong");
    let leader = world.leader().expect("somebody leads");
    let next = (leader + 1) % 3;
    let transfer = RequestBody::Transfer { to: Some(Seat(next as u8)) };
    assert_eq!(world.ask(leader, transfer, |body| body == ReplyBody::Taken), Some(true));
    wait(&mut world, &setting, "the other one leads", |world| world.leader() == Some(next));
}
