use quorate::{
    Answer, Change, Identity, Input, Instant, Message, Node, Position, Receive, Rejection, Round, Seat, Snapshot,
    Snapshotted, Tick, Ticket, Transfer,
};
use quorate_wire::client::{Reason, ReplyBody};

use crate::desk::{Desk, Left};
use crate::{App, Host, Replica, View};

/// A node, the state that it replicates, and who waits for what: all that a member is but its links and its disk.
///
/// Whoever has an event loop hands it what comes ([`receive`](Driver::receive), [`request`](Driver::request),
/// [`persisted`](Driver::persisted), [`snapshotted`](Driver::snapshotted)) and lets it [`act`](Driver::act) after each
/// of these, or after some of them, and when the node's [`deadline`](Node::deadline) has come. What has to be done, it
/// has its [`Host`] do.
///
/// `B` is the memory of the log, `SEATS` the most members, `CLIENTS` how many clients have a session at a time, as on
/// all members.
pub struct Driver<H: Host<CLIENTS>, B, const SEATS: usize, const CLIENTS: usize> {
    pub(crate) node: Node<<H::App as App>::Command, B, SEATS>,
    pub(crate) desk: Desk<H, CLIENTS>,
    left: Left,
}

impl<H, B, const SEATS: usize, const CLIENTS: usize> Driver<H, B, SEATS, CLIENTS>
where
    H: Host<CLIENTS>,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    /// A node that was just started, and the state that it starts from: that of its latest snapshot, or none.
    #[inline(always)]
    pub fn new(node: Node<<H::App as App>::Command, B, SEATS>, replica: Replica<H::App, CLIENTS>) -> Self {
        Driver { node, desk: Desk::new(replica), left: Left::default() }
    }

    /// Takes in a message of another member. Its effects are drawn when the driver next acts; but what follows from a
    /// piece of a snapshot is done now, for the node does not keep it.
    ///
    /// # Errors
    /// The host's.
    pub fn receive(
        &mut self,
        host: &mut H,
        now: Instant,
        from: Identity,
        message: Message<'_>,
    ) -> Result<(), H::Error> {
        let input: Input<'_, ()> = Input::Receive { from, message };
        host.begin(&self.node, now, &input);
        let members = self.node.members();
        let effects = self.node.step(now, Receive { from, message });
        if !matches!(message, Message::Piece { .. }) {
            drop(effects);
            host.end(&self.node, false);
            return Ok(());
        }
        self.left = self.desk.carry_out(host, effects, members, true)?;
        match self.finish(host) {
            Some(ticket) => {
                self.persisted(host, now, ticket);
                self.act(host, now)
            }
            None => Ok(()),
        }
    }

    /// The write of this ticket is durable. What follows is drawn when the driver next acts.
    pub fn persisted(&mut self, host: &mut H, now: Instant, ticket: Ticket) {
        let input: Input<'_, View<'_, H::App>> = Input::Persisted(ticket);
        host.begin(&self.node, now, &input);
        drop(self.node.step(now, input));
        host.end(&self.node, false);
    }

    /// Does what is due at this time, and what follows from all that was taken in.
    ///
    /// # Errors
    /// The host's, or the application's.
    pub fn act(&mut self, host: &mut H, now: Instant) -> Result<(), H::Error> {
        loop {
            host.begin(&self.node, now, &Input::Tick::<()>);
            let members = self.node.members();
            self.left = self.desk.carry_out(host, self.node.step(now, Tick), members, false)?;
            match self.finish(host) {
                Some(ticket) => self.persisted(host, now, ticket),
                None => return Ok(()),
            }
        }
    }

    /// A step is over. The ticket of what it made durable at once, of which the node has to be told.
    fn finish(&mut self, host: &mut H) -> Option<Ticket> {
        host.end(&self.node, !self.left.is_behind && !self.left.is_held);
        self.left.written.take()
    }

    /// A snapshot of the state is durable, and the log knows of it.
    ///
    /// # Errors
    /// The node can make nothing of it: it may be removed.
    pub fn snapshotted(&mut self, host: &mut H, now: Instant, snapshot: Snapshot) -> Result<(), Rejection> {
        host.begin(&self.node, now, &Input::Snapshotted::<()>(snapshot));
        let answer = self.node.step(now, Snapshotted(snapshot)).answer;
        self.end_refused(host, answer)
    }

    /// Hands leadership over: see [`Transfer`].
    ///
    /// # Errors
    /// Nothing was done.
    pub fn transfer(&mut self, host: &mut H, now: Instant, to: Option<Seat>) -> Result<(), Rejection> {
        host.begin(&self.node, now, &Input::Transfer::<()> { to });
        let answer = self.node.step(now, Transfer { to }).answer;
        if answer.is_ok() {
            self.desk.hands_over = Some(to);
        }
        self.end_refused(host, answer)
    }

    /// Changes who takes part: see [`Change`].
    ///
    /// # Errors
    /// Nothing was done.
    pub fn change(&mut self, host: &mut H, now: Instant, change: Change<'_>) -> Result<(), Rejection> {
        host.begin(&self.node, now, &Input::Change::<()>(change));
        let answer = self.node.step(now, change).answer;
        self.end_refused(host, answer)
    }

    fn end_refused(&mut self, host: &mut H, answer: Result<(), Rejection>) -> Result<(), Rejection> {
        if let Err(rejection) = answer {
            host.answer(Answer::Reject(rejection));
        }
        host.end(&self.node, false);
        answer
    }

    /// Takes no more from clients: they are told that the node stops. Those that wait still get their answer.
    pub fn close(&mut self) {
        self.desk.is_closed = true;
    }

    /// Whether nothing more is taken from clients.
    pub fn is_closed(&self) -> bool {
        self.desk.is_closed
    }

    /// Tells those that wait to ask elsewhere: what becomes of a command, nobody here will know.
    pub fn dismiss(&mut self, host: &mut H) {
        while let Some(asker) = self.desk.commands.pop() {
            host.reply(asker, ReplyBody::Unknown);
        }
        while let Some(asker) = self.desk.reads.pop() {
            host.reply(asker, ReplyBody::Refused(Reason::Stopping));
        }
    }

    /// The node.
    pub fn node(&self) -> &Node<<H::App as App>::Command, B, SEATS> {
        &self.node
    }

    /// What is applied.
    pub fn replica(&self) -> &Replica<H::App, CLIENTS> {
        &self.desk.replica
    }

    /// The same, to put a state in its place that was [restored](Host::restore) elsewhere.
    pub fn replica_mut(&mut self) -> &mut Replica<H::App, CLIENTS> {
        &mut self.desk.replica
    }

    /// Whether effects were left when the driver last acted, because the host had no room for them.
    pub fn is_behind(&self) -> bool {
        self.left.is_behind
    }

    /// Whether a write was left when the driver last acted, because it was not to begin yet.
    pub fn is_held(&self) -> bool {
        self.left.is_held
    }

    /// Whether a transfer was taken up that has not failed: somebody else leads by now, or may soon.
    pub fn hands_over(&self) -> bool {
        self.desk.hands_over.is_some()
    }

    /// The commands that this node has taken as a leader and not applied yet: where they stand, and who waits.
    pub fn commands(&self) -> impl Iterator<Item = (Position, H::Asker)> {
        self.desk.commands.iter()
    }

    /// The reads that wait for their round, and who waits for them.
    pub fn reads(&self) -> impl Iterator<Item = (Round, H::Asker)> {
        self.desk.reads.iter()
    }
}
