extern crate std;

use std::string::ToString;

use crate::{Answer, Command, Lamps, Machines, ParseError, STATE_BYTES_MAX};

#[track_caller]
fn apply(lamps: &mut Lamps, command: &str) -> Answer {
    lamps.apply(command.parse().expect("a command"))
}

#[test]
fn a_lamp_is_switched_and_toggled() {
    let mut lamps = Lamps::default();
    assert_eq!(apply(&mut lamps, "lamp 15"), Answer::Lamp { lamp: 15, on: true });
    assert_eq!(apply(&mut lamps, "lamp 0 on"), Answer::Lamp { lamp: 0, on: true });
    assert_eq!(apply(&mut lamps, "lamp 0 on"), Answer::Lamp { lamp: 0, on: true });
    assert_eq!(lamps.to_string(), "#..............# 0 0 0 0");
    assert_eq!(apply(&mut lamps, "lamp 15"), Answer::Lamp { lamp: 15, on: false });
    assert_eq!(apply(&mut lamps, "lamp 0 off"), Answer::Lamp { lamp: 0, on: false });
    assert_eq!(lamps, Lamps::default());
}

#[test]
fn a_register_is_written_and_added_to() {
    let mut lamps = Lamps::default();
    assert_eq!(apply(&mut lamps, "register 3 write 4294967295"), Answer::Register { register: 3, value: u32::MAX });
    assert_eq!(apply(&mut lamps, "register 3 add 8"), Answer::Register { register: 3, value: 7 });
    assert_eq!(lamps.registers(), [0, 0, 0, 7]);
}

#[test]
fn what_is_not_there_changes_nothing() {
    let mut lamps = Lamps::default();
    assert_eq!(lamps.apply(Command::Toggle { lamp: 16 }), Answer::NoSuch);
    assert_eq!(lamps.apply(Command::Switch { lamp: 255, on: true }), Answer::NoSuch);
    assert_eq!(lamps.apply(Command::Add { register: 4, amount: 1 }), Answer::NoSuch);
    assert!(!lamps.is_on(16));
    assert_eq!(lamps, Lamps::default());
}

#[test]
fn a_state_is_read_as_it_was_written() {
    let mut lamps = Lamps::default();
    for lamp in 0..16 {
        lamps.apply(Command::Toggle { lamp });
    }
    for register in 0..4 {
        lamps.apply(Command::Write { register, value: u32::MAX });
    }
    let mut room = [0; STATE_BYTES_MAX];
    let bytes = lamps.write(&mut room);
    assert_eq!(bytes.len(), STATE_BYTES_MAX, "this is the longest state");
    assert_eq!(Lamps::read(bytes), Some(lamps));
    assert_eq!(Lamps::read(&bytes[..bytes.len() - 1]), None);
    assert_eq!(Lamps::read(&[bytes, &[0]].concat()), None);
}

#[test]
fn an_answer_is_read_as_it_was_written() {
    for answer in [
        Answer::Lamp { lamp: 255, on: true },
        Answer::Register { register: 255, value: u32::MAX },
        Answer::Register { register: 0, value: 0 },
        Answer::NoSuch,
    ] {
        assert_eq!(Answer::from_bytes(&answer.to_bytes()), Some(answer));
    }
    assert_eq!(Answer::from_bytes(&[]), None);
}

#[test]
fn a_text_that_is_no_command_is_told_why() {
    let error = |text: &str| text.parse::<Command>().expect_err("not a command");
    assert_eq!(error(""), ParseError::Command);
    assert_eq!(error("lamp 16"), ParseError::Lamp);
    assert_eq!(error("lamp x on"), ParseError::Lamp);
    assert_eq!(error("lamp 1 up"), ParseError::OnOff);
    assert_eq!(error("lamp 1 on on"), ParseError::Rest);
    assert_eq!(error("register 4 add 1"), ParseError::Register);
    assert_eq!(error("register 1"), ParseError::AddWrite);
    assert_eq!(error("register 1 add -1"), ParseError::Value);
    assert_eq!(error("register 1 add"), ParseError::Value);
    assert_eq!(error("lamp 17").to_string(), "a lamp has a number from 0 to 15");
}

#[test]
fn machines_are_counted_from_one() {
    assert_eq!(Machines { voters: 0b101, is_settled: true }.to_string(), "voters 1 3");
    let changing = Machines { voters: 0b10, is_settled: false };
    assert_eq!(changing.to_string(), "voters 2 as a change is under way");
}
