//! What outlives the process: the disk, the office, the files, the clock, and what people know.

use std::{cell::Cell, collections::BTreeMap, rc::Rc, sync::Arc};

use botswain_core::{
    Hash, RunId,
    engine::{
        Event,
        event::{Reply, RequestId},
        quarantine::{Quarantine, Resumed},
    },
    plan::Version,
    run::{
        Run,
        fact::{Fact, Resolution, What},
    },
    template::Renderer,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    asides,
    bots::Office,
    burden::{self, Capacities},
    clock::Clock,
    dice::Dice,
    inbox::Inbox,
    invariants,
    mutations::Mutation,
    store::Store,
    story::Story,
    tally::Tally,
    workflows::Files,
};

/// What outlives the process.
pub(crate) struct Outside {
    pub(crate) dice: Dice,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) office: Office,
    pub(crate) files: Files,
    pub(crate) inbox: Inbox,
    pub(crate) capacities: Capacities,
    /// That this instance was made from a backup.
    pub(crate) quarantine: Option<Quarantine>,
    /// Since when work was lost, when some was.
    lost_since: Option<Timestamp>,
    /// How much time has passed when the disk can be read again.
    blind: Cell<SignedDuration>,
    /// The answers that people were given.
    pub(crate) accepted: Vec<(RequestId, Reply)>,
    /// The run about which somebody decided.
    pub(crate) decided: BTreeMap<RequestId, RunId>,
    pub(crate) renderer: Rc<Renderer>,
    pub(crate) story: Story,
    pub(crate) mutation: Option<Mutation>,
    pub(crate) tally: Tally,
    pub(crate) calm: bool,
}

impl Outside {
    pub(crate) fn new(seed: u64, mutation: Option<Mutation>, told: bool) -> Outside {
        let dice = Dice::new(seed);
        let mut outside = Outside {
            clock: Clock::new(),
            store: Store::default(),
            office: Office::new(mutation),
            files: Files::default(),
            inbox: Inbox::default(),
            capacities: BTreeMap::new(),
            quarantine: None,
            lost_since: None,
            blind: Cell::default(),
            accepted: Vec::new(),
            decided: BTreeMap::new(),
            renderer: asides::renderer(),
            story: Story::new(told),
            mutation,
            tally: Tally::default(),
            calm: false,
            dice,
        };
        outside.rewrite_files();
        outside.draw_capacities();
        outside
    }

    pub(crate) fn rewrite_files(&mut self) {
        self.files.rewrite(&self.dice);
        for version in &self.files.current {
            self.story.tell(
                "file",
                &format_args!("{}\n{:?}", version.source, version.plan.steps),
            );
        }
    }

    pub(crate) fn draw_capacities(&mut self) {
        self.capacities = burden::draw(&self.capacities, &self.dice);
    }

    /// Makes the instance anew from a backup.
    pub(crate) fn restore(&mut self) {
        let lost = self.dice.place(self.store.length().min(40) + 1);
        let since = self.store.restore(lost);
        let now = self.clock.now();
        self.lost_since = since.into_iter().chain(self.lost_since).min();
        self.tally.add("restore");
        if lost > 0 {
            self.tally.add("lost facts");
        }
        self.office.restore(&self.store.disk);
        self.quarantine = Some(Quarantine {
            made: since.unwrap_or(now),
            restored: now,
            runs: self.store.disk.counters().run - self.store.gap(),
            resumed: None,
        });
        let kept = |(request, reply): &(RequestId, Reply)| invariants::kept(*request, reply, self);
        let accepted = self
            .accepted
            .iter()
            .filter(|it| kept(it))
            .cloned()
            .collect();
        self.accepted = accepted;
    }

    /// Somebody says from when on work was lost.
    pub(crate) fn resume(&mut self) -> Option<Event> {
        let mistaken = self.is(Mutation::BelieveBackup);
        let quarantine = self.quarantine.as_mut()?;
        let restored = quarantine.restored;
        let just_before = restored - SignedDuration::from_millis(1);
        let since = self.lost_since.filter(|_| !mistaken);
        quarantine.resumed = Some(Resumed {
            lost_since: since.map_or(restored, |since| since.min(just_before)),
            at: self.clock.now(),
            by: "ann".to_owned(),
        });
        self.tally.add("resume");
        Some(Event::Quarantine(Box::new(quarantine.clone())))
    }

    /// Whether nobody has said yet what the backup lacks.
    pub(crate) fn is_held(&self) -> bool {
        self.quarantine.as_ref().is_some_and(Quarantine::holds)
    }

    /// Time has passed for everybody.
    pub(crate) fn pass_to(&mut self, deadline: Timestamp) {
        self.clock.pass_to(deadline);
        self.office.pass_to(self.clock.elapsed());
    }

    pub(crate) fn jump(&mut self, deadline: Option<Timestamp>) {
        self.clock.jump(deadline, &self.dice);
        self.office.pass_to(self.clock.elapsed());
    }

    pub(crate) fn is(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    pub(crate) fn draws_a_kill(&self) -> bool {
        !self.calm && self.dice.once_in(200)
    }

    /// Whether what is not in a fact can be read or kept: now and then it cannot, and sometimes not
    /// for a while.
    pub(crate) fn is_readable(&self) -> bool {
        if self.calm {
            return true;
        }
        let elapsed = self.clock.elapsed();
        if elapsed < self.blind.get() {
            return false;
        }
        let readable = !self.dice.once_in(50);
        if !readable && self.dice.once_in(3) {
            let spell = SignedDuration::from_secs(self.dice.below(120) as i64);
            self.blind.set(elapsed + spell);
        }
        readable
    }

    pub(crate) fn version_of(&self, run: &RunId) -> Arc<Version> {
        let What::Created(created) = &self.store.disk.facts[run][0].what else {
            panic!("run {run} does not begin with its creation")
        };
        self.files.known[&created.version].clone()
    }

    /// The versions to which people have moved a run.
    pub(crate) fn newer(&self, facts: &[Fact]) -> Vec<(Hash, Arc<Version>)> {
        let upgraded = facts.iter().filter_map(|fact| match &fact.what {
            What::Resolved {
                resolution: Resolution::Upgrade { version },
                ..
            } => Some(version),
            _ => None,
        });
        upgraded
            .map(|hash| (hash.clone(), self.files.known[hash].clone()))
            .collect()
    }

    /// A run as it can be read.
    pub(crate) fn recover(&self, run: &RunId) -> Run {
        self.fold(run, &self.store.disk.facts[run])
    }

    pub(crate) fn fold(&self, run: &RunId, facts: &[Fact]) -> Run {
        let (version, newer) = (self.version_of(run), self.newer(facts));
        let folded = Run::recover(run.clone(), version, &newer, facts);
        folded.unwrap_or_else(|illegal| panic!("{illegal}"))
    }
}
