use std::io::{self, BufRead, IsTerminal};
use std::thread;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use smol::channel::{Receiver, Sender, bounded};

/// What standard input gives.
#[derive(Debug)]
pub(crate) enum Line {
    Text(String),
    /// This line is no text.
    Unreadable(String),
    /// Standard input has ended, or Ctrl-C or Ctrl-D was typed.
    End,
}

/// The lines of standard input: typed at a prompt if it is a terminal.
///
/// They are read by a thread of their own, one whenever one is wanted, so that no prompt stands before the answer to
/// the line before.
pub(crate) struct Lines {
    wanted: Sender<()>,
    lines: Receiver<Line>,
    /// Put back as it was, even if the thread is still reading.
    terminal: Terminal,
}

impl Lines {
    pub(crate) fn start() -> Lines {
        let (wanted, wishes) = bounded(1);
        let (sender, lines) = bounded(1);
        let terminal = Terminal::save();
        let is_terminal = terminal.0.is_some();
        thread::spawn(move || match is_terminal {
            true => type_lines(&wishes, &sender),
            false => read_lines(&wishes, &sender),
        });
        Lines { wanted, lines, terminal }
    }

    /// Whether somebody types them.
    pub(crate) fn are_typed(&self) -> bool {
        self.terminal.0.is_some()
    }

    pub(crate) async fn next(&self) -> Line {
        let _ = self.wanted.send(()).await;
        self.lines.recv().await.unwrap_or(Line::End)
    }
}

fn read_lines(wishes: &Receiver<()>, lines: &Sender<Line>) {
    let mut input = io::stdin().lock();
    while wishes.recv_blocking().is_ok() {
        let mut bytes = Vec::new();
        let line = match input.read_until(b'\n', &mut bytes) {
            Ok(0) => Line::End,
            Ok(_) => {
                String::from_utf8(bytes).map_or_else(|_| Line::Unreadable("not UTF-8 text".to_owned()), Line::Text)
            }
            Err(error) => Line::Unreadable(error.to_string()),
        };
        if lines.send_blocking(line).is_err() {
            return;
        }
    }
}

fn type_lines(wishes: &Receiver<()>, lines: &Sender<Line>) {
    let Ok(mut editor) = DefaultEditor::new() else {
        return read_lines(wishes, lines);
    };
    while wishes.recv_blocking().is_ok() {
        let line = match editor.readline("quorate> ") {
            Ok(text) => {
                let _ = editor.add_history_entry(&text);
                Line::Text(text)
            }
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => Line::End,
            Err(error) => Line::Unreadable(error.to_string()),
        };
        if lines.send_blocking(line).is_err() {
            return;
        }
    }
}

/// How the terminal was, if standard input is one.
struct Terminal(Option<Termios>);

impl Terminal {
    fn save() -> Terminal {
        let input = io::stdin();
        Terminal(input.is_terminal().then(|| tcgetattr(&input).ok()).flatten())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}
