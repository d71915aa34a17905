//! How it stands with connections and limits, and what runs wait for.

use std::collections::BTreeMap;

use botswain_core::{
    RunId,
    engine::capacity::{BreakerView, PoolView, Resource},
};
use jiff::Timestamp;

use super::{ConnectionView, RunView};
use crate::{instance::Config, tested::Tested};

/// Those of the file, by name, connections first.
pub fn connections(pools: &[PoolView], config: &Config, tested: &Tested) -> Vec<ConnectionView> {
    let view = |pool: &PoolView| {
        let (kind, tested) = match &pool.resource {
            Resource::Connection(name) => {
                (config.connections.get(name)?.kind.clone(), tested.of(name))
            }
            Resource::Limit(name) => (config.limits.get(name).map(|_| "limit".to_owned())?, None),
        };
        Some(ConnectionView {
            name: pool.resource.name().to_owned(),
            kind,
            sessions: pool.sessions,
            used: pool.used,
            waiting: pool.waiting.len(),
            per_minute: pool.per_minute,
            started: pool.started,
            breaker: pool.breaker.clone(),
            tested,
        })
    };
    pools.iter().filter_map(view).collect()
}

/// Which runs wait for a place, and of what.
pub struct Waits {
    pools: Vec<PoolView>,
    /// Places in `pools`.
    runs: BTreeMap<RunId, usize>,
    now: Timestamp,
}

impl Waits {
    pub fn new(pools: Vec<PoolView>, now: Timestamp) -> Waits {
        let mut runs = BTreeMap::new();
        for (at, pool) in pools.iter().enumerate() {
            runs.extend(pool.waiting.iter().map(|(run, _)| (run.clone(), at)));
        }
        Waits { pools, runs, now }
    }

    /// Says in a run's `why` what it or its items wait for, and how long at least.
    pub fn explain(&self, run: &mut RunView) {
        if run.state.has_ended() {
            return;
        }
        if let Some(pool) = self.runs.get(&run.id).map(|at| &self.pools[*at]) {
            run.why = Some(format!(
                "waits for {}: {}",
                pool.resource,
                self.reason(pool)
            ));
            run.until = None;
        } else if let Some(items) = self.items(&run.id) {
            run.why = Some(match run.why.take() {
                Some(why) => format!("{why}; {items}"),
                None => items,
            });
        }
    }

    /// `4 wait for connection `office`: …`
    fn items(&self, run: &RunId) -> Option<String> {
        let prefix = format!("{run}.");
        let below = self.runs.range(run.clone()..);
        let below = below
            .skip_while(|(it, _)| *it == run)
            .take_while(|(it, _)| it.as_str().starts_with(&prefix));
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for (_, at) in below {
            *counts.entry(*at).or_default() += 1;
        }
        let words = counts.into_iter().map(|(at, count)| {
            let (pool, wait) = (&self.pools[at], if count == 1 { "waits" } else { "wait" });
            format!(
                "{count} {wait} for {}: {}",
                pool.resource,
                self.reason(pool)
            )
        });
        let words: Vec<String> = words.collect();
        (!words.is_empty()).then(|| words.join("; "))
    }

    fn reason(&self, pool: &PoolView) -> String {
        if let Some(BreakerView::Open {
            faults,
            fault,
            next_probe,
            ..
        }) = &pool.breaker
        {
            let next = match next_probe {
                Some(at) => format!("next probe {}", self.ahead(*at)),
                None => "it is being tried".to_owned(),
            };
            let code = &fault.code;
            return format!("its breaker is open after {faults} × {code}; {next}");
        }
        match (pool.until, pool.per_minute, pool.sessions) {
            (Some(until), Some(most), _) => format!(
                "{most} have started within a minute; the next one may {}",
                self.ahead(until)
            ),
            (_, _, Some(1)) => "it is in use".to_owned(),
            (_, _, Some(sessions)) => format!("all {sessions} sessions are in use"),
            (_, _, None) => "its turn comes".to_owned(),
        }
    }

    /// `in 12 s`, `in 5 min`: whoever reads it may be in another zone than the daemon.
    fn ahead(&self, at: Timestamp) -> String {
        match at.duration_since(self.now).as_secs() {
            ..=0 => "now".to_owned(),
            seconds @ 1..100 => format!("in {seconds} s"),
            seconds => format!("in {} min", (seconds + 30) / 60),
        }
    }
}
