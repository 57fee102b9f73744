use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use quorate::{Index, Position};
use quorate_driver::{self as driver, FRONT_BYTES};

use crate::{App, ServeError};

/// For how many clients' sessions there is room.
pub(crate) const CLIENTS: usize = 1024;

/// All that is replicated.
pub(crate) type Replica<A> = driver::Replica<Guarded<A>, CLIENTS>;

/// Who has a session, and what was answered last.
type Ledger = driver::Ledger<Vec<u8>, CLIENTS>;

/// An application whose panics end the node with word of where they came from.
pub(crate) struct Guarded<A>(pub(crate) A);

impl<A: App> driver::App for Guarded<A> {
    type Command = A::Command;
    type Answer = Vec<u8>;
    type Error = ServeError;

    fn apply(&mut self, index: Index, command: driver::View<'_, Self>) -> Result<Vec<u8>, ServeError> {
        catch_unwind(AssertUnwindSafe(|| self.0.apply(index, command))).map_err(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or(panic.downcast_ref::<&str>().copied());
            ServeError::Apply { index, message: text.unwrap_or("it did not say why").to_owned() }
        })
    }

    fn digest(&self) -> u64 {
        self.0.digest()
    }
}

/// A state as it was, to be written.
pub(crate) type Frozen = Box<dyn FnOnce(&mut dyn Write) -> io::Result<()> + Send>;

/// Makes a state of what was written.
pub(crate) type Thaw<A> = Box<dyn FnOnce(&mut dyn Read) -> io::Result<State<A>> + Send>;

/// What a snapshot holds, and a replica consists of.
pub(crate) struct State<A> {
    ledger: Box<Ledger>,
    app: A,
}

/// All of it as it is now, ready to be written on another thread.
pub(crate) fn freeze<A: App>(replica: &Replica<A>) -> Frozen {
    let (ledger, app) = (Box::new(replica.ledger().clone()), replica.app().0.snapshot());
    Box::new(move |out| {
        let mut front = vec![0; ledger.bytes()];
        let length = ledger.write(&mut front).ok_or_else(|| io::Error::other("its sessions cannot be written"))?;
        out.write_all(&front[..length])?;
        app(out)
    })
}

/// What makes a state of what was written of one, on another thread.
pub(crate) fn thaw<A: App>(app: &A) -> Thaw<A> {
    let restore = app.restore();
    Box::new(|from| State::read(restore, from))
}

/// Puts a state that was written at this position in the place of this one, and returns what was here.
pub(crate) fn replace<A: App>(replica: &mut Replica<A>, position: Position, state: State<A>) -> A {
    let State { ledger, app } = state;
    replica.restore(position, *ledger, |guarded| std::mem::replace(&mut guarded.0, app))
}

/// Reads the state in a node's snapshot, as a node does that starts from it, and counts the clients that have a session
/// there.
///
/// # Errors
/// The bytes cannot be read, or this program or its application cannot make anything of them.
pub fn restore<A: App>(app: &A, snapshot: &mut dyn Read) -> io::Result<(A, usize)> {
    let State { ledger, app } = State::read(app.restore(), snapshot)?;
    Ok((app, ledger.clients()))
}

impl<A: App> State<A> {
    /// Nothing is applied yet. At most so many clients have a session at a time.
    ///
    /// # Errors
    /// There is not room for as many, or it is nobody.
    pub(crate) fn new(app: A, clients: usize) -> Result<State<A>, ServeError> {
        let ledger = Ledger::for_clients(clients).ok_or(ServeError::Clients { wanted: clients })?;
        Ok(State { ledger: Box::new(ledger), app })
    }

    /// The application.
    pub(crate) fn app(&self) -> &A {
        &self.app
    }

    /// A replica that has applied all up to this position.
    pub(crate) fn into_replica(self, applied: Position) -> Replica<A> {
        Replica::new(Guarded(self.app), *self.ledger, applied)
    }

    /// Reads what was written: what is the library's own, then the application's.
    fn read(restore: impl FnOnce(&mut dyn Read) -> io::Result<A>, from: &mut dyn Read) -> io::Result<State<A>> {
        Ok(State { ledger: read_ledger(from)?, app: restore(from)? })
    }
}

/// Reads what stands before the application's own bytes. It is large: no caller has it on its stack.
fn read_ledger(from: &mut dyn Read) -> io::Result<Box<Ledger>> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let mut front = [0; FRONT_BYTES];
    from.read_exact(&mut front)?;
    let length = Ledger::length(&front).map_err(invalid)?;
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes)?;
    Ledger::read(&bytes).map(Box::new).map_err(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Brittle;

    impl App for Brittle {
        type Command = u32;

        fn apply(&mut self, _: Index, command: u32) -> Vec<u8> {
            panic!("{command} cannot be done")
        }

        fn query(&self, _: &[u8]) -> Vec<u8> {
            Vec::new()
        }

        fn snapshot(&self) -> impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static {
            |_| Ok(())
        }

        fn restore(&self) -> impl FnOnce(&mut dyn Read) -> io::Result<Brittle> + Send + 'static {
            |_| Ok(Brittle)
        }

        fn digest(&self) -> u64 {
            0
        }
    }

    #[test]
    fn a_panic_of_the_application_is_an_error_that_names_the_command() {
        let failed = driver::App::apply(&mut Guarded(Brittle), Index(1), 7).err();
        let Some(ServeError::Apply { index: Index(1), message }) = failed else { panic!("{failed:?}") };
        assert_eq!(message, "7 cannot be done");
    }
}
