//! What keeps the store well while the daemon runs: backups, retention, the end of a quarantine.

use std::{collections::BTreeMap, path::Path, time::Duration};

use botswain_core::engine::{
    Event,
    quarantine::{Quarantine, Resumed},
};
use botswain_store::{
    AppendError,
    backup::{self, Label, Manifest},
    prune::{self, Freed},
};
use jiff::{SignedDuration, Timestamp};

use super::{Handle, parts::Parts};
use crate::{
    audit::{self, Audit},
    history, pauses, proposals,
};

/// How often finished runs are looked over.
const EVERY: Duration = Duration::from_secs(3600);
/// How many started runs one look removes at most; the next look goes on.
const MOST: u64 = 10_000;

/// What a backup holds of the small files beside the store.
#[derive(Debug)]
pub struct Beside {
    pauses: String,
    versions: String,
    proposals: String,
}

impl Handle {
    /// The small files as they are now.
    pub fn beside(&self) -> Beside {
        Beside {
            pauses: self.pauses.text(),
            versions: self.history.text(),
            proposals: self.proposals.text(),
        }
    }
}

impl Parts {
    /// Makes a backup in a folder that is empty or not there.
    pub fn backup(
        &self,
        to: &Path,
        beside: Beside,
        audit: &Audit,
    ) -> Result<Manifest, backup::Error> {
        let unreadable = |source| backup::Error::Io {
            path: self.instance.private().audit(),
            source,
        };
        let audit = audit.copied().map_err(unreadable)?;
        let label = Label {
            name: self.config().name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            made: Timestamp::now(),
            beside: BTreeMap::from([
                (pauses::BESIDE.to_owned(), beside.pauses),
                (history::BESIDE.to_owned(), beside.versions),
                (proposals::BESIDE.to_owned(), beside.proposals),
                (audit::BESIDE.to_owned(), audit.head),
            ]),
            files: audit.files,
        };
        self.store.backup(&self.kept.0, to, label)
    }

    /// Removes the months of the audit that `retention:` does not keep; none when it says nothing.
    pub fn prune_audit(&self, audit: &Audit) -> std::io::Result<u64> {
        let config = self.config();
        let kept = config.retention.as_ref().and_then(|it| it.audit);
        match kept.and_then(|kept| before(kept.0)) {
            Some(then) => audit.prune(then),
            None => Ok(0),
        }
    }

    /// Removes finished runs that are older than `retention:` says; none when it says nothing.
    pub fn prune(&self, most: u64) -> Result<Freed, prune::Error> {
        let config = self.config();
        let kept = config.retention.as_ref().and_then(|it| it.runs);
        match kept.and_then(|kept| before(kept.0)) {
            Some(then) => self.store.prune(&self.kept.0, then, most),
            None => Ok(Freed::default()),
        }
    }
}

/// So many milliseconds ago.
fn before(millis: u64) -> Option<Timestamp> {
    let age = SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX));
    Timestamp::now().checked_sub(age).ok()
}

impl Handle {
    /// Ends a quarantine: durable first, then the engine goes by it.
    pub async fn resume(
        &self,
        quarantine: Quarantine,
        lost_since: Timestamp,
        by: String,
        now: Timestamp,
    ) -> Result<Quarantine, AppendError> {
        let resumed = Resumed {
            lost_since,
            at: now,
            by,
        };
        let quarantine = Quarantine {
            resumed: Some(resumed),
            ..quarantine
        };
        let (parts, written) = (self.parts.clone(), quarantine.clone());
        let writing = tokio::task::spawn_blocking(move || parts.store.set_quarantine(&written));
        let failed = |err: tokio::task::JoinError| Err(AppendError::Final(err.to_string()));
        writing.await.unwrap_or_else(failed)?;
        self.tell(Event::Quarantine(Box::new(quarantine.clone())));
        Ok(quarantine)
    }
}

/// Prunes once an hour, for as long as the daemon lives.
pub(super) async fn prune_hourly(handle: Handle) {
    let mut hours = tokio::time::interval(EVERY);
    hours.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !handle.messages.is_closed() {
        hours.tick().await;
        let (parts, audit) = (handle.parts.clone(), handle.audit.clone());
        let of_audit = tokio::task::spawn_blocking(move || parts.prune_audit(&audit)).await;
        if let Ok(Err(error)) = of_audit {
            tracing::error!("the audit could not be pruned: {error}");
        }
        let parts = handle.parts.clone();
        let pruned = tokio::task::spawn_blocking(move || parts.prune(MOST)).await;
        match pruned {
            Ok(Ok(freed)) if freed.runs > 0 => tracing::info!(
                runs = freed.runs,
                artifacts = freed.artifacts,
                bytes = freed.artifact_bytes,
                "pruned what `retention:` does not keep"
            ),
            Ok(Ok(_)) => (),
            Ok(Err(error)) => tracing::error!("runs could not be pruned: {error}"),
            Err(error) => tracing::error!("runs could not be pruned: {error}"),
        }
    }
}
