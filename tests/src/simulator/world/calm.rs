use quorate::{Index, Role, Seat, Seats};

use super::World;
use super::asking::CALM_ANSWERS;
use crate::simulator::Node;
use crate::simulator::event::What;
use crate::simulator::fault::Faults;
use crate::simulator::oracle::{Violation, names};
use crate::simulator::shape::ELECTION_MICROS;
use crate::stage::show;

/// Within so many election time-outs of calm all stores are complete: a cluster that was heard of is taken for gone
/// after six and a half.
const FOUNDING_TIMEOUTS: u64 = 12;
/// Within so many more there is a leader.
const LEADER_TIMEOUTS: u64 = 10;
/// Within so many more, all are in line, and every client has been answered a few times. Snapshots are sent as slowly
/// as is allowed, and each follower may need two: what it had begun with, and what came meanwhile.
const LINE_TIMEOUTS: u64 = 10;
const SNAPSHOTS: u64 = 2;
/// Within so many more, each has taken a snapshot of its own.
const SNAPSHOT_TIMEOUTS: u64 = 2;
/// Indices by which nodes in line may differ while commands come in.
const LAG_MAX: u64 = 16;

impl World {
    /// Nothing goes wrong any longer: a leader must come, all must get in line, and everyone who waits gets an answer.
    pub(super) fn calm(&mut self) -> Result<(), Violation> {
        self.note(|| "calm".into());
        let calm_since = self.now;
        self.faults = Faults::NONE;
        self.network.heal();
        for machine in 0..self.machines.len() {
            let computer = &mut self.machines[machine];
            computer.clock.mend(self.now);
            (computer.away_until, computer.paused_until, computer.slow) = (0, 0, 0);
            self.push(0, What::Wake { machine });
            self.push(0, What::Start { machine });
            self.set_alarm(machine);
        }
        self.finish_keys();
        let founded_by = self.now + FOUNDING_TIMEOUTS * ELECTION_MICROS;
        while !self.machines.iter().all(|machine| !machine.is_there() || machine.node().is_some()) {
            self.turn()?;
            if self.now > founded_by {
                return Err(self.stuck(self.now, "once faults stop, every store becomes complete"));
            }
        }
        let since = self.now;
        let leader_by = since + LEADER_TIMEOUTS * ELECTION_MICROS;
        while self.leader().is_none() {
            self.turn()?;
            if self.now > leader_by {
                return Err(self.stuck(since, "once faults stop, a leader comes within ten election time-outs"));
            }
        }
        let line_by = self.now
            + LINE_TIMEOUTS * ELECTION_MICROS
            + SNAPSHOTS * self.shape.snapshot_micros()
            + self.shape.catch_up_micros(self.oracle.applied());
        while !(self.events.is_multiple_of(16) && self.is_in_line(since)) {
            self.turn()?;
            if self.now > line_by {
                return Err(self.stuck(since, "soon after, all are in line and all who wait are answered"));
            }
        }
        for machine in &self.machines {
            machine.driver.iter().try_for_each(|driver| self.oracle.check_state(machine.seat, driver.replica()))?;
        }
        self.take_snapshots()?;
        self.try_links(calm_since)?;
        self.hand_over()?;
        self.look_closely()
    }

    /// And the leader to let another lead, if there is one that may.
    fn hand_over(&mut self) -> Result<(), Violation> {
        let Some(leader) = self.leader().map(|leader| usize::from(leader.seat().0)) else { return Ok(()) };
        self.hand_leadership_over(leader, None)?;
        while self.machines[leader].hands_over_since.is_some() {
            self.turn()?;
        }
        let leads = self.machines[leader].node().is_some_and(|node| node.role() == Role::Leader);
        let voters = self.leader().map_or(Seats::NONE, |leader| leader.members().voters);
        let others = self.machines.iter().filter(|other| other.node().is_some() && voters.contains(other.seat));
        if !leads || others.count() < 2 {
            return Ok(());
        }
        Err(self.stuck(self.now, "once faults stop, leadership can be handed over"))
    }

    /// At last an operator asks every node for a snapshot, whatever became of those before.
    fn take_snapshots(&mut self) -> Result<(), Violation> {
        let by = self.now + SNAPSHOT_TIMEOUTS * ELECTION_MICROS;
        let mut left: Vec<_> = (0..self.machines.len()).collect();
        loop {
            left.retain(|machine| {
                let computer = &self.machines[*machine];
                computer.node().is_some_and(Node::is_member) && computer.disk.covered() < computer.applied
            });
            if left.is_empty() {
                return Ok(());
            }
            for machine in &left {
                self.ask_for_snapshot(*machine)?;
            }
            self.turn()?;
            if self.now > by {
                let story = format!("nodes {left:?}");
                return Err(Violation { law: "once faults stop, every node takes a snapshot", story });
            }
        }
    }

    fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.machines.iter().filter_map(|machine| machine.node())
    }

    /// A leader whom a majority of all members follows.
    pub(super) fn leader(&self) -> Option<&Node> {
        let follows = |leader: Seat, node: &Node| node.leader() == Some(leader);
        self.nodes().filter(|node| node.role() == Role::Leader).find(|leader| {
            let of_term = self.nodes().filter(|node| node.term() == leader.term());
            let following = of_term.filter(|node| follows(leader.seat(), node)).map(quorate::Node::seat);
            leader.members().is_quorum(following.collect())
        })
    }

    fn is_in_line(&self, since: u64) -> bool {
        let Some(leader) = self.leader() else { return false };
        let is_near = |node: &Node| node.term() == leader.term() && node.applied().0 + LAG_MAX >= leader.last().index.0;
        let last = leader.last().index;
        let is_answered = self.machines.iter().all(|machine| machine.waiting_since(since, last) == 0)
            && self.clients.iter().all(|client| client.calm_answers >= CALM_ANSWERS);
        // An entry that would have added it may be gone everywhere but there: it waits to be added.
        let is_named =
            |node: &&Node| names(&leader.roster().1, node.identity()) || names(&node.settled().roster, node.identity());
        self.nodes().filter(is_named).all(is_near) && is_answered && self.is_settled()
    }

    fn stuck(&self, since: u64, law: &'static str) -> Violation {
        let story = self.machines.iter().map(|machine| match machine.node() {
            Some(node) => {
                let (base, applied, last) = (node.base().index.0, node.applied().0, node.last().index.0);
                let room = node.log_room();
                format!(
                    "{} {}, applied {applied} of {base}..{last}, room {room}, fetches {:?}",
                    machine.seat.0,
                    show::node(node),
                    node.fetching()
                )
            }
            None => match &machine.prospect {
                Some(prospect) => format!("{} is not complete: {:?}", machine.seat.0, prospect.obstacle()),
                None => format!("{} is down", machine.seat.0),
            },
        });
        let last = self.leader().map_or(Index(0), |leader| leader.last().index);
        let waiting = self.machines.iter().map(|machine| machine.waiting_since(since, last)).sum::<usize>();
        let unanswered =
            self.clients.iter().filter(|client| client.calm_answers < CALM_ANSWERS).map(|client| client.session.client);
        let waiting = format!("{waiting} wait, clients {:?} have no answer", unanswered.collect::<Vec<_>>());
        Violation { law, story: story.chain([waiting]).collect::<Vec<_>>().join("; ") }
    }
}
