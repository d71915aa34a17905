//! A power cut at every sync of a run.

use std::sync::LazyLock;

use botswain_core::{RunId, run::fact::Fact};
use botswain_store::Store;
use botswain_testkit::disk::{Believed, Event, Journal, Platter};

use crate::{
    chance::{Chance, is_night, tell},
    errands::{Errand, Errands, Up, memory_dir, said},
    finish::finish,
    ledger::Ledger,
    promises::{Seen, broken, named},
};

const STEPS: usize = 50;

/// One run of the real daemon, from an empty folder to its end.
struct Voyage {
    journal: Journal,
    facts: Vec<Fact>,
}

static VOYAGE: LazyLock<Voyage> = LazyLock::new(Voyage::record);

impl Voyage {
    fn record() -> Voyage {
        let ledger = Ledger::open([]);
        let errands = Errands::new(STEPS, &ledger);
        let up = Up::start(&errands, errands.watched(&["up"]));
        let ran = errands.botswain(&["run", "errands"]);
        assert!(ran.status.success(), "{}", said(&ran));
        up.terminate();
        let journal = Journal::read(&errands.journal());
        let store = Store::open(&errands.path(".botswain/store")).unwrap();
        let facts = store.facts(&RunId::root(1)).unwrap();
        let voyage = Voyage { journal, facts };
        voyage.is_as_expected(&ledger);
        voyage
    }

    /// That the recorder sees what it is there for.
    fn is_as_expected(&self, ledger: &Ledger) {
        let mut seen = Seen::default();
        self.cuts(Believed::Every, |_, at| seen = at.clone());
        assert!(seen.accepted);
        assert_eq!(seen.facts, self.facts.len());
        assert_eq!(seen.effects, Errand::effects(STEPS));
        assert_eq!(ledger.entries().len(), seen.effects.len());
        assert!(ledger.entries().values().all(|times| *times == 1));
        assert!(self.facts.iter().any(|fact| !named(fact).is_empty()));
    }

    /// Shows the platter just before each sync ends, and at the end, with what the
    /// world had seen by then.
    fn cuts(&self, believed: Believed, mut look: impl FnMut(&Platter, &Seen)) {
        let (mut platter, mut seen) = (Platter::new(believed), Seen::default());
        for event in &self.journal.events {
            match event {
                Event::Out { data } => seen.take(data),
                Event::Synced { .. } => look(&platter, &seen),
                _ => (),
            }
            platter.apply(event);
        }
        look(&platter, &seen);
    }

    /// The promises that are broken by what is left at each cut.
    fn broken(&self, believed: Believed) -> Vec<String> {
        let mut found = Vec::new();
        let mut number = 0;
        self.cuts(believed, |platter, seen| {
            let dir = memory_dir();
            platter.durable(dir.path());
            if let Some(why) = broken(dir.path(), seen, &self.facts) {
                found.push(format!("cut {number}: {why}; {seen:?}"));
            }
            number += 1;
        });
        tell(&format!("{number} cuts, {} broken", found.len()));
        assert!(number > 2 * STEPS, "{number} cuts");
        found
    }
}

#[test]
fn nothing_told_is_lost_by_a_power_cut_at_any_sync() {
    let found = VOYAGE.broken(Believed::Every);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// That a test like the one above can fail.
#[test]
fn a_disk_that_lies_is_noticed() {
    for believed in [Believed::NoDataSync, Believed::NoFolderSync] {
        let found = VOYAGE.broken(believed);
        let lost = |why: &&String| why.contains("facts were told and");
        assert!(
            found.iter().any(|why| lost(&why)),
            "{believed:?}: {found:?}"
        );
    }
}

/// A disk may write what nobody asked it to, in any order.
#[test]
fn blocks_that_were_not_synced_do_no_harm() {
    let mut chance = Chance::new();
    let rounds = if is_night() { 100 } else { 1 };
    let mut found = Vec::new();
    let mut number = 0;
    VOYAGE.cuts(Believed::Every, |platter, seen| {
        for round in 0..rounds {
            let dir = memory_dir();
            platter.with_some_unsynced(dir.path(), &mut |limit| chance.below(limit));
            if let Some(why) = broken(dir.path(), seen, &VOYAGE.facts) {
                found.push(format!("cut {number}, round {round}: {why}; {seen:?}"));
            }
        }
        number += 1;
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_daemon_goes_on_from_a_power_cut_and_does_nothing_twice() {
    let mut chance = Chance::new();
    let mut images = Vec::new();
    VOYAGE.cuts(Believed::Every, |platter, seen| {
        let dir = memory_dir();
        platter.durable(dir.path());
        images.push((dir, seen.clone()));
    });
    let count = if is_night() { images.len() } else { 6 };
    let mut doubts = 0;
    for (dir, seen) in chance.some(images, count) {
        tell(&format!("{seen:?}"));
        let ledger = Ledger::open(seen.effects);
        let errands = Errands::at(dir, STEPS, &ledger);
        doubts += finish(&errands, &ledger, STEPS, seen.accepted);
    }
    tell(&format!("a person was asked {doubts} times"));
}
