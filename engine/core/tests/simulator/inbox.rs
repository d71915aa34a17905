//! Files that come, and what tells of each until there is a run for it.

use std::collections::BTreeMap;

use botswain_core::{
    Payload,
    engine::{
        Event,
        event::{Happened, Happening, RequestId, claim_key},
    },
    index::{ClaimKey, State},
    plan::{Finished, On, Version},
    run::fact::{Origin, What},
};
use serde_json::json;

use crate::{
    outside::Outside,
    workflows::{NAMES, inbox},
};

/// How many may come.
const FILES: usize = 3;

#[derive(Default)]
pub(crate) struct Inbox {
    /// The workflow that is to take each.
    files: Vec<(String, String)>,
    /// What was told of, by whom an answer is awaited.
    pub(crate) told: BTreeMap<RequestId, ClaimKey>,
}

impl Outside {
    /// A file comes.
    pub(crate) fn receive(&mut self) {
        if self.inbox.files.len() < FILES {
            let workflow = *self.dice.pick(&NAMES);
            let file = format!("{}/{}.csv", inbox(workflow), self.inbox.files.len());
            self.inbox.files.push((workflow.to_owned(), file));
            self.tally.add("file came");
        }
    }

    /// Tells of a file for which there is no run that can be read, if anybody listens.
    pub(crate) fn tell_of_a_file(&mut self, request: RequestId) -> Option<Event> {
        let claims = &self.store.disk.claims;
        let is_new = |it: &&(String, String)| !claims.contains_key(&claim(&it.0, &it.1));
        let new: Vec<_> = self.inbox.files.iter().filter(is_new).collect();
        let heard = new
            .into_iter()
            .filter_map(|(workflow, file)| Some((workflow, file, self.listens(workflow)?)));
        let heard: Vec<_> = heard.collect();
        if heard.is_empty() {
            return None;
        }
        let (workflow, file, trigger) = self.dice.pick(&heard);
        let data = [("file".to_owned(), Payload::from(json!(file)))];
        let happened = Happened {
            request,
            workflow: (*workflow).clone(),
            trigger: trigger.clone(),
            at: self.clock.now(),
            happening: Happening {
                key: (*file).clone(),
                data: data.into_iter().collect(),
            },
            fault: None,
        };
        let claim = claim(workflow, file);
        if self.inbox.told.values().any(|told| *told == claim) {
            self.tally.add("file told again");
        }
        self.inbox.told.insert(request, claim);
        Some(Event::Happened(Box::new(happened)))
    }

    /// The words of the trigger for files, if the files of the instance say one now.
    fn listens(&self, workflow: &str) -> Option<String> {
        let version = self.current(workflow)?;
        let mut triggers = version.plan.triggers.iter();
        triggers.find_map(|it| match it.on {
            On::Files(_) => it.on.event(),
            _ => None,
        })
    }

    fn current(&self, workflow: &str) -> Option<&Version> {
        let mut current = self.files.current.iter();
        Some(current.find(|it| it.plan.name == workflow)?)
    }

    /// Each file for which there is a trigger has become a run, and each end that is followed.
    pub(crate) fn assert_heard(&self) {
        let disk = &self.store.disk;
        for pending in &disk.pending {
            // The file of such a workflow may come back.
            let is_gone = self.current(&pending.workflow).is_none();
            assert!(is_gone, "{pending:?} still waits to become a run");
        }
        for (workflow, file) in &self.inbox.files {
            let is_heard = disk.claims.contains_key(&claim(workflow, file));
            assert!(
                is_heard || self.listens(workflow).is_none(),
                "{file} was not heard of"
            );
        }
        // Whatever followed before is given up with its trigger.
        if self.files.rewritten > 1 {
            return;
        }
        for (follower, trigger) in self.followers() {
            let ended = disk.facts.iter().filter_map(|(run, facts)| {
                let version = self.version_of(run);
                let end = facts.iter().rev().find_map(|it| ended(&it.what))?;
                let follows = run.parent().is_none() && !is_called(&facts[0].what);
                (follows && trigger.workflow == version.plan.name && trigger.takes(end))
                    .then(|| format!("run {run} of {}", version.plan.name))
            });
            for key in ended {
                let claim = claim(&follower, &key);
                assert!(disk.claims.contains_key(&claim), "nothing follows {key}");
            }
        }
    }

    fn followers(&self) -> Vec<(String, Finished)> {
        let mut found = Vec::new();
        for version in &self.files.current {
            for trigger in &version.plan.triggers {
                if let On::Finished(finished) = &trigger.on {
                    found.push((version.plan.name.clone(), finished.clone()));
                }
            }
        }
        found
    }
}

fn ended(what: &What) -> Option<State> {
    match what {
        What::Ended { outcome, .. } => Some(State::from(*outcome)),
        _ => None,
    }
}

fn is_called(what: &What) -> bool {
    matches!(what, What::Created(created) if matches!(created.origin, Origin::Call { .. }))
}

fn claim(workflow: &str, key: &str) -> ClaimKey {
    claim_key(workflow, None, key)
}
