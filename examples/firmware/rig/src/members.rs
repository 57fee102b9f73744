//! Who takes part, and how that is changed.

use std::time::Duration;

use crate::rig::ANSWER;
use crate::{Failure, Rig};

impl Rig {
    /// Waits until one of the machines leads, and says whose votes count.
    ///
    /// # Errors
    /// None does within this time.
    pub fn voters(&mut self, limit: Duration) -> Result<Vec<usize>, Failure> {
        self.until(limit, Rig::present_voters)
    }

    /// Makes a machine a new one, which holds nothing, and adds it to the members.
    ///
    /// # Errors
    /// It is a member, cannot be started, or is not added within this time.
    pub fn add(&mut self, number: usize, limit: Duration) -> Result<(), Failure> {
        if self.voters(limit)?.contains(&number) {
            return Err(Failure::new(format!("{number} is a member: it comes back by itself if it is erased")));
        }
        self.erase(number)?;
        self.until(limit, |rig| {
            if rig.present_voters()?.contains(&number) {
                return Ok(());
            }
            // Whichever of these is not due is refused.
            let _ = rig.change("add", number);
            let _ = rig.change("promote", number);
            Err(Failure::new(format!("{number} is brought in line still")))
        })
    }

    /// Removes a machine from the members, and waits until it has been told. One that has nothing of the cluster, as it was
    /// erased, hears nothing: that it is no member, it says itself.
    ///
    /// # Errors
    /// It is none of them, or this is not done within this time.
    pub fn remove(&mut self, number: usize, limit: Duration) -> Result<(), Failure> {
        if !self.voters(limit)?.contains(&number) {
            return Err(Failure::new(format!("{number} is not among the members")));
        }
        self.until(limit, |rig| {
            // A leader takes a change back if too few of those that are to go on answer.
            if rig.present_voters()?.contains(&number) {
                rig.change("remove", number)?;
                return Err(Failure::new(format!("{number} takes part still")));
            }
            match rig.running().contains(&number) && !rig.is_outside(number) {
                true => Err(Failure::new(format!("{number} was not told yet that it takes part no longer"))),
                false => Ok(()),
            }
        })?;
        self.machine(number)?.dismiss();
        Ok(())
    }

    /// Whether a machine says that it is no member.
    fn is_outside(&mut self, number: usize) -> bool {
        let report = self.ask(number, "status").and_then(|pending| pending.wait(ANSWER));
        report.is_ok_and(|report| report.starts_with("no member"))
    }

    /// Has whoever leads take up a change.
    fn change(&mut self, verb: &str, number: usize) -> Result<(), Failure> {
        let asked = self.spokesman(number)?;
        self.ask(asked, &format!("{verb} {number}"))?.wait(ANSWER).map(drop)
    }

    /// Who is told of changes: a host, for it asks the leader whoever that is, or the leader.
    fn spokesman(&mut self, but: usize) -> Result<usize, Failure> {
        let hosts = self.running().into_iter().filter(|number| *number != but && self.is_host(*number));
        let host = hosts.min();
        host.map_or_else(|| self.present_leader().map(|(leader, _)| leader), Ok)
    }

    /// Whose votes count by what the leader says now, if no change is under way.
    fn present_voters(&mut self) -> Result<Vec<usize>, Failure> {
        let (_, report) = self.present_leader()?;
        let numbers = report.split(", ").find_map(|part| part.strip_prefix("voters "));
        let numbers = numbers.ok_or_else(|| Failure::new("the leader does not say who votes"))?;
        let numbers: Result<_, _> = numbers.split(' ').map(str::parse).collect();
        numbers.map_err(|_| Failure::new("a change is under way"))
    }
}
