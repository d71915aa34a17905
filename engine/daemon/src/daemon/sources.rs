//! Listens to what triggers wait for: one task for each folder that files come into.
//!
//! In go the workflows as they are now; out come events for the loop. A source
//! that cannot be looked at is told to a person, once a day. It starts nothing
//! itself: what is told while nothing may start is told again later.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use botswain_bot::{Around, Arrival, Source};
use botswain_core::{
    Fault, Payload,
    engine::event::{Happened, Happening, Reply, claim_key},
    plan::On,
};
use indexmap::IndexMap;
use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::Handle;

/// How often a source is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How often it is seen which there are.
const FOLLOW: Duration = Duration::from_secs(2);

/// A workflow and its trigger, by its words.
type Place = (String, String);

/// For as long as the daemon lives.
pub(super) async fn listen(handle: Handle) {
    let mut ears: BTreeMap<Place, (On, JoinHandle<()>)> = BTreeMap::new();
    while !handle.messages.is_closed() {
        let wanted = wanted(&handle);
        ears.retain(|place, (on, ear)| {
            let stays = wanted.get(place) == Some(on);
            if !stays {
                ear.abort();
            }
            stays
        });
        for (place, on) in wanted {
            if !ears.contains_key(&place)
                && let Some(ear) = Ear::open(&handle, &place, &on)
            {
                ears.insert(place, (on, ear));
            }
        }
        tokio::time::sleep(FOLLOW).await;
    }
    ears.into_values().for_each(|(_, ear)| ear.abort());
}

fn wanted(handle: &Handle) -> BTreeMap<Place, On> {
    let mut wanted = BTreeMap::new();
    for version in handle.workflows() {
        for trigger in &version.plan.triggers {
            if let (On::Files(_), Some(words)) = (&trigger.on, trigger.on.event()) {
                let place = (version.plan.name.clone(), words);
                wanted.insert(place, trigger.on.clone());
            }
        }
    }
    wanted
}

/// Listens to one source.
struct Ear<S> {
    handle: Handle,
    place: Place,
    source: S,
    /// What there is a run for, of what the source still tells.
    known: HashSet<String>,
}

impl Ear<botswain_bots::file::Inbox> {
    fn open(handle: &Handle, place: &Place, on: &On) -> Option<JoinHandle<()>> {
        let On::Files(files) = on else { return None };
        // The check has refused a pattern that cannot be read.
        let source = botswain_bots::file::Inbox::new(files).ok()?;
        let ear = Ear {
            handle: handle.clone(),
            place: place.clone(),
            source,
            known: HashSet::new(),
        };
        Some(tokio::spawn(ear.listen()))
    }
}

impl<S: Source> Ear<S> {
    async fn listen(mut self) {
        loop {
            let around = self.around();
            match self.source.look(&around).await {
                Ok(arrivals) => self.tell_all(arrivals, &around).await,
                Err(fault) => self.cannot_look(fault).await,
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn around(&self) -> Around {
        let parts = &self.handle.parts;
        Around {
            roots: parts.roots(),
            artifacts: Arc::new(parts.kept.clone()),
            connections: parts.connections.clone(),
        }
    }

    async fn tell_all(&mut self, arrivals: Vec<Arrival>, around: &Around) {
        let there: HashSet<&str> = arrivals.iter().map(|it| it.key.as_str()).collect();
        self.known.retain(|key| there.contains(key.as_str()));
        for Arrival { key, data } in arrivals {
            if self.known.contains(&key) {
                continue;
            }
            let values = data.into_iter();
            let data = values.map(|(name, value)| (name, Payload::Inline(value)));
            let happening = Happening {
                key: key.clone(),
                data: data.collect(),
            };
            if !self.has_run(&key) && !self.tell(happening, None).await {
                return;
            }
            if let Err(fault) = self.source.taken(&key, around).await {
                tracing::warn!(code = fault.code, "{}: {}", self.place.1, fault.message);
                continue;
            }
            self.known.insert(key);
        }
    }

    /// Whether there is a run for it; what cannot be read is not known, and is asked again.
    fn has_run(&self, key: &str) -> bool {
        let claim = claim_key(&self.place.0, None, key);
        let held = self.handle.parts.store.claim(&claim);
        held.is_ok_and(|held| held.is_some())
    }

    /// Whether there is a run for it now.
    async fn tell(&self, happening: Happening, fault: Option<Fault>) -> bool {
        let (workflow, trigger) = self.place.clone();
        let key = happening.key.clone();
        let told = self.handle.happened(Happened {
            request: 0,
            workflow,
            trigger,
            at: Timestamp::now(),
            happening,
            fault,
        });
        match told.await {
            Ok(Reply::Started { run }) => {
                tracing::info!(%run, workflow = self.place.0, "starts for {key}");
                true
            }
            Ok(Reply::Refused { reason }) => {
                tracing::debug!(workflow = self.place.0, "{key} has to wait: {reason}");
                false
            }
            Ok(Reply::Resolved) | Err(_) => false,
        }
    }

    /// A person is told, once a day for each cause.
    async fn cannot_look(&mut self, fault: Fault) {
        let day = Timestamp::now()
            .to_zoned(self.handle.parts.timezone())
            .date();
        let key = format!("{} on {day}: {}", self.place.1, fault.code);
        if self.known.contains(&key) || self.has_run(&key) {
            return;
        }
        tracing::error!(code = fault.code, "{}: {}", self.place.1, fault.message);
        let happening = Happening {
            key: key.clone(),
            data: IndexMap::new(),
        };
        if self.tell(happening, Some(fault)).await {
            self.known.insert(key);
        }
    }
}
