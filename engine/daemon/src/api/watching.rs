//! What happens, for whoever watches: as long as they are signed in, and of what they see.

use std::time::{Duration, Instant};

use botswain_core::RunId;

use super::{Problem, rights::Reach, routes::reading};
use crate::{
    accounts::Principal,
    console::Visit,
    daemon::{Handle, Notice},
    views::Sight,
};

/// How long what somebody sees is not looked up anew.
const KNOWN: Duration = Duration::from_secs(1);

/// Somebody who watches.
pub(crate) struct Watcher {
    handle: Handle,
    /// Over the socket nobody signs in.
    visit: Option<Visit>,
    known: Option<(Instant, Sight)>,
}

impl Watcher {
    pub(crate) fn new(handle: Handle, visit: Option<Visit>) -> Watcher {
        Watcher {
            handle,
            visit,
            known: None,
        }
    }

    /// What they see; none once they have signed out, or may not be here any more.
    pub(crate) async fn sight(&mut self) -> Option<Sight> {
        let principal = match &self.visit {
            Some(visit) => visit.still()?,
            None => Principal::local(),
        };
        if let Some((since, sight)) = &self.known
            && since.elapsed() < KNOWN
        {
            return Some(sight.clone());
        }
        // Where that cannot be read it ends, and whoever watches comes again.
        let reach = Reach::of(&self.handle, &principal).await.ok()?;
        let sight = reach.sight();
        self.known = Some((Instant::now(), sight.clone()));
        Some(sight)
    }

    /// Whether a notice is about something that they see.
    pub(crate) async fn is_shown(&self, sight: &Sight, notice: &Notice) -> bool {
        let run = match notice {
            Notice::Committed { run, .. } | Notice::Rested { run } => run,
            Notice::Opened(exception) => &exception.run,
            Notice::Proposed { workflow } => return sight.shows(workflow),
        };
        *sight == Sight::All || !self.shown(sight, vec![run.clone()]).await.is_empty()
    }

    /// Those of the runs that they see.
    pub(crate) async fn shown(&self, sight: &Sight, runs: Vec<RunId>) -> Vec<RunId> {
        let sight = sight.clone();
        let read = reading(&self.handle, move |parts| {
            let shows = |run: &RunId| parts.shows(&sight, run).unwrap_or_default();
            Ok::<_, Problem>(runs.into_iter().filter(shows).collect())
        });
        read.await.map(|it| it.0).unwrap_or_default()
    }
}
