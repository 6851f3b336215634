//! Whose document is next.

use std::collections::{HashMap, VecDeque};

use super::Asker;
use crate::ids::GuildId;

/// A document that waits.
pub(super) struct Job {
    /// Who waits for it.
    pub(super) asker: Asker,
    /// Works on it.
    pub(super) run: Box<dyn FnOnce() + Send>,
}

/// A document in the queue.
struct Waiting {
    job: Job,
    /// Somebody waits for it, rather than the program itself.
    is_asked: bool,
}

/// Documents that wait, and how many of each server are under way.
pub(super) struct Queue {
    threads: usize,
    /// Servers of which something waits: whoever was served last stands last.
    waiting: VecDeque<(GuildId, VecDeque<Waiting>)>,
    under_way: HashMap<GuildId, usize>,
    closed: bool,
}

impl Queue {
    pub(super) fn new(threads: usize) -> Self {
        Self {
            threads,
            waiting: VecDeque::new(),
            under_way: HashMap::new(),
            closed: false,
        }
    }

    /// Adds a document. With `bound` somebody waits for it: then it is added if no more of that kind wait
    /// than that, over all servers, and of this one. The program's own work takes nobody's place.
    pub(super) fn push(&mut self, owner: GuildId, job: Job, bound: Option<(usize, usize)>) -> bool {
        if let Some((most, most_of_one)) = bound {
            self.forget_abandoned();
            let asked = |jobs: &VecDeque<Waiting>| jobs.iter().filter(|one| one.is_asked).count();
            let all: usize = self.waiting.iter().map(|(_, jobs)| asked(jobs)).sum();
            let of_one = self.of(owner).map_or(0, |jobs| asked(jobs));
            if all >= most || of_one >= most_of_one {
                return false;
            }
        }
        let is_asked = bound.is_some();
        let waiting = Waiting { job, is_asked };
        match self.of(owner) {
            Some(jobs) => jobs.push_back(waiting),
            None => self.waiting.push_back((owner, VecDeque::from([waiting]))),
        }
        true
    }

    fn of(&mut self, owner: GuildId) -> Option<&mut VecDeque<Waiting>> {
        let found = self.waiting.iter_mut().find(|(guild, _)| *guild == owner);
        found.map(|(_, jobs)| jobs)
    }

    /// Whoever gave up waiting keeps nobody else from it.
    fn forget_abandoned(&mut self) {
        for (_, jobs) in &mut self.waiting {
            jobs.retain(|one| !one.job.asker.is_gone());
        }
        self.waiting.retain(|(_, jobs)| !jobs.is_empty());
    }

    /// The next document for a thread that is free; `None`: there is none that it may take.
    pub(super) fn take(&mut self) -> Option<(GuildId, Job)> {
        self.forget_abandoned();
        let under_way = |owner: &GuildId| self.under_way.get(owner).copied().unwrap_or(0);
        // One thread is left to the others.
        let share = self.threads.saturating_sub(1).max(1);
        let open = self.waiting.iter().enumerate();
        let open = open.filter(|(_, (owner, _))| under_way(owner) < share);
        let (at, _) = open.min_by_key(|(_, (owner, _))| under_way(owner))?;
        let (owner, mut jobs) = self.waiting.remove(at)?;
        // Of one server's, what somebody waits for goes first.
        let first = jobs.iter().position(|one| one.is_asked).unwrap_or(0);
        let Waiting { job, .. } = jobs.remove(first)?;
        if !jobs.is_empty() {
            self.waiting.push_back((owner, jobs));
        }
        *self.under_way.entry(owner).or_default() += 1;
        Some((owner, job))
    }

    /// A document of this server is done.
    pub(super) fn ended(&mut self, owner: GuildId) {
        if let Some(count) = self.under_way.get_mut(&owner) {
            *count -= 1;
            if *count == 0 {
                self.under_way.remove(&owner);
            }
        }
    }

    /// No thread is to wait for more.
    pub(super) fn close(&mut self) {
        self.closed = true;
        self.waiting.clear();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }
}
