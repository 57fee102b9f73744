use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;

use crate::interrupt::is_interrupted;
use crate::order::{Line, Order, words};
use crate::{Failure, Rig};

/// Lines of standard input, one order each, until it ends, an order says so, or Ctrl-C is pressed.
pub struct Prompt {
    rig: Rig,
    is_terminal: bool,
}

impl Prompt {
    /// A prompt for this rig.
    pub fn new(rig: Rig) -> Prompt {
        Prompt { rig, is_terminal: io::stdin().is_terminal() }
    }

    /// Carries the lines out, and then stops the rig. Whether all of them could be.
    pub fn run(mut self) -> bool {
        let lines = read_lines();
        let mut all_done = true;
        for number in 1.. {
            if self.is_terminal {
                print!("rig> ");
                let _ = io::stdout().flush();
            }
            let Some(line) = next(&lines) else { break };
            match self.carry_out(&line) {
                Ok(Some(text)) => println!("{text}"),
                Ok(None) => break,
                Err(failure) if self.is_terminal => eprintln!("error: {failure}"),
                Err(failure) => {
                    eprintln!("error: line {number}, '{line}': {failure}");
                    all_done = false;
                }
            }
        }
        all_done && !is_interrupted()
    }

    /// What to show, or nothing if all is to end.
    fn carry_out(&mut self, line: &str) -> Result<Option<String>, Failure> {
        let words: Vec<&str> = line.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
        if words.is_empty() {
            return Ok(Some(String::new()));
        }
        match Line::try_parse_from(words) {
            Ok(Line { order: Order::Quit }) => Ok(None),
            Ok(Line { order }) => self.obey(order).map(Some),
            Err(error) if error.use_stderr() => Err(Failure::new(plain(&error.to_string()))),
            Err(help) => Ok(Some(help.to_string())),
        }
    }

    fn obey(&mut self, order: Order) -> Result<String, Failure> {
        let rig = &mut self.rig;
        match order {
            Order::Press { machine, command } => {
                rig.ask(machine, &format!("press {}", command.join(" ")))?.wait(ANSWER)
            }
            Order::Repeat { count, machine } => self.repeat(count, machine),
            Order::Lamps => rig.agreement(AGREEMENT),
            Order::Status => {
                let machines = rig.ask_all("status").into_iter().map(|(name, report)| match report {
                    Ok(report) => format!("{name}: {report}"),
                    Err(failure) => failure.to_string(),
                });
                Ok(machines.chain(rig.wires()).collect::<Vec<_>>().join("\n"))
            }
            Order::Stack => {
                let depths = rig.ask_all("stack").into_iter();
                let depths = depths.map(|(name, depth)| depth.map(|depth| format!("{name}: {depth}")));
                Ok(depths.filter_map(Result::ok).collect::<Vec<_>>().join("\n"))
            }
            Order::Kill { machine } => rig.kill(machine).map(|()| format!("{machine} is off")),
            Order::Reset { machine } => rig.reset(machine).map(|()| format!("{machine} starts anew")),
            Order::CutPower { machine, after } => match words(&after).map_err(Failure::new)? {
                None => rig.kill(machine).map(|()| format!("{machine} is off")),
                Some(words) => rig.ask(machine, &format!("cut {words}"))?.wait(ANSWER),
            },
            Order::Start { machine } => rig.start(machine).map(|()| format!("{machine} is on")),
            Order::Erase { machine } => rig.erase(machine).map(|()| format!("{machine} is on, and holds nothing")),
            Order::Add { machine } => rig.add(machine, AGREEMENT).map(|()| format!("{machine} is a member")),
            Order::Remove { machine } => {
                rig.remove(machine, AGREEMENT).map(|()| format!("{machine} is no member any longer"))
            }
            Order::Cut { a, b } => rig.wire(a, b).map(|wire| {
                wire.cut();
                format!("nothing comes through between {a} and {b}")
            }),
            Order::Garble { a, b, bytes } => rig.wire(a, b).map(|wire| {
                wire.garble(bytes);
                format!("one byte in {bytes} between {a} and {b} is wrong")
            }),
            Order::Mend { a, b } => rig.wire(a, b).map(|wire| {
                wire.mend();
                format!("the wire between {a} and {b} is sound")
            }),
            Order::Panic { machine } => rig.ask(machine, "panic")?.wait(ANSWER),
            Order::Log { machine } => rig.log(LOG_LINES, machine),
            Order::Quit => unreachable!("it ends the prompt"),
        }
    }

    fn repeat(&mut self, count: u32, machine: Option<usize>) -> Result<String, Failure> {
        let machines = machine.map_or_else(|| self.rig.running(), |machine| vec![machine]);
        let begun = Instant::now();
        let shares = shares(count, machines.len() as u32);
        let asked =
            machines.iter().zip(shares).map(|(machine, share)| self.rig.ask(*machine, &format!("repeat {share}")));
        let asked: Vec<_> = asked.collect::<Result<_, _>>()?;
        for pending in asked {
            pending.wait(REPEATS)?;
        }
        let seconds = begun.elapsed().as_secs_f64();
        Ok(format!("{count} commands in {seconds:.1} s: {:.0} in a second", f64::from(count) / seconds))
    }
}

/// Divides a number as evenly as it goes.
fn shares(count: u32, among: u32) -> impl Iterator<Item = u32> {
    (0..among).map(move |place| count / among + u32::from(place < count % among)).filter(|share| *share > 0)
}

/// What clap says, without what only fits a command line.
fn plain(text: &str) -> String {
    let lines = text.trim_start_matches("error: ").lines().map(str::trim).filter(|line| !line.is_empty());
    lines.take_while(|line| !line.starts_with("For more information")).collect::<Vec<_>>().join(" ") + "; try 'help'"
}

/// Standard input is read beside, so that Ctrl-C is heard while no line comes.
fn read_lines() -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || io::stdin().lock().lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    lines
}

fn next(lines: &Receiver<String>) -> Option<String> {
    while !is_interrupted() {
        match lines.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => return Some(line),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
    None
}

/// For how long a command may take: a few elections.
const ANSWER: Duration = Duration::from_secs(30);

/// For how long machines may differ that are still told of the last commands.
const AGREEMENT: Duration = Duration::from_secs(30);

const REPEATS: Duration = Duration::from_secs(600);

const LOG_LINES: usize = 40;
