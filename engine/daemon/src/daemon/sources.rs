//! Listens to what triggers wait for: one task for each folder that files or mails come into.
//!
//! In go the workflows as they are now; out come events for the loop. A source
//! that cannot be looked at is told to a person, once a day. It starts nothing
//! itself: what is told while nothing may start is told again later.

mod memory;

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use botswain_bot::{Around, Arrival, Memory, Source};
use botswain_bots::{file::Inbox, mail::Mailbox};
use botswain_core::{
    Fault, Payload,
    engine::event::{Happened, Happening, Reply},
    plan::On,
};
use indexmap::IndexMap;
use jiff::Timestamp;
use tokio::task::JoinHandle;

use self::memory::Remembered;
use super::Handle;

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
                && let Some(ear) = open(&handle, &place, &on)
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
        // What comes meanwhile stays where it is, and is found later.
        if handle.pauses.of(&version.plan.name).is_some() {
            continue;
        }
        for trigger in &version.plan.triggers {
            if let (On::Files(_) | On::Mail(_), Some(words)) = (&trigger.on, trigger.on.event()) {
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
    memory: Arc<Remembered>,
    source: S,
    /// What there is a run for, of what the source still tells.
    known: HashSet<String>,
}

/// The check has refused a pattern that cannot be read.
fn open(handle: &Handle, place: &Place, on: &On) -> Option<JoinHandle<()>> {
    match on {
        On::Files(files) => {
            let series = place.1.clone();
            Some(Ear::listening(
                handle,
                place,
                series,
                Inbox::new(files).ok()?,
            ))
        }
        On::Mail(mail) => {
            let series = mail.place();
            Some(Ear::listening(
                handle,
                place,
                series,
                Mailbox::new(mail).ok()?,
            ))
        }
        On::Schedule(_) | On::Every(_) | On::Webhook(_) | On::Finished(_) => None,
    }
}

impl<S: Source> Ear<S> {
    fn listening(handle: &Handle, place: &Place, series: String, source: S) -> JoinHandle<()> {
        let ear = Ear {
            handle: handle.clone(),
            place: place.clone(),
            memory: Arc::new(Remembered::new(handle, &place.0, series)),
            source,
            known: HashSet::new(),
        };
        tokio::spawn(ear.listen())
    }

    async fn listen(mut self) {
        loop {
            let around = self.around();
            match self.source.look(&around).await {
                Ok(arrivals) => self.tell_all(arrivals, &around).await,
                Err(fault) => self.cannot_look(fault).await,
            }
            tokio::time::sleep(self.source.pause()).await;
        }
    }

    fn around(&self) -> Around {
        let parts = &self.handle.parts;
        Around {
            roots: parts.roots(),
            artifacts: Arc::new(parts.kept.clone()),
            connections: parts.connections.clone(),
            memory: self.memory.clone(),
        }
    }

    async fn tell_all(&mut self, arrivals: Vec<Arrival>, around: &Around) {
        let there: HashSet<&str> = arrivals.iter().map(|it| it.key.as_str()).collect();
        self.known.retain(|key| there.contains(key.as_str()));
        for Arrival { key, data, fault } in arrivals {
            if self.known.contains(&key) {
                continue;
            }
            let values = data.into_iter();
            let data = values.map(|(name, value)| (name, Payload::Inline(value)));
            let happening = Happening {
                key: key.clone(),
                data: data.collect(),
            };
            if !self.memory.has_run(&key) && !self.tell(happening, fault).await {
                return;
            }
            if let Err(fault) = self.source.taken(&key, around).await {
                tracing::warn!(code = fault.code, "{}: {}", self.place.1, fault.message);
                continue;
            }
            self.known.insert(key);
        }
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
        if self.known.contains(&key) || self.memory.has_run(&key) {
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
