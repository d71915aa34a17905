//! [`Handle`]: the way to the loop, for the API, the command line and the triggers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, RwLock},
};

use botswain_core::{
    Fault, Payload, RunId,
    engine::{
        Event,
        capacity::PoolView,
        event::{Cancel, Happened, Reply, Resolve, Start},
    },
    evaluate::Values,
    index::{Batch, Change, State, Summary},
    plan::{On, Version},
    run::fact::{Edit, Resolution},
    value,
};
use botswain_views::PauseView;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{broadcast, mpsc, oneshot};

use super::{
    Mode, StartError,
    message::{Message, Notice},
    parts::Parts,
    reload, values,
};
use crate::{
    accounts::Accounts,
    api::{Answers, Bulks, Closed, Turns},
    audit::Audit,
    history::History,
    meant,
    pauses::Pauses,
    proposals::Proposals,
    tested::Tested,
};

/// The way to the loop.
#[derive(Clone)]
pub struct Handle {
    pub parts: Arc<Parts>,
    pub(super) messages: mpsc::UnboundedSender<Message>,
    pub(super) notices: broadcast::Sender<Notice>,
    pub(super) workflows: Arc<RwLock<BTreeMap<String, Arc<Version>>>>,
    pub(super) files: reload::Followed,
    pub accounts: Arc<Accounts>,
    pub audit: Audit,
    pub bulks: Arc<Bulks>,
    pub closed: Arc<Closed>,
    pub history: Arc<History>,
    pub pauses: Arc<Pauses>,
    pub proposals: Arc<Proposals>,
    pub tested: Arc<Tested>,
    pub answers: Arc<Answers>,
    pub turns: Arc<Turns>,
}

impl Handle {
    /// Starts a run; what was given is completed and checked against the workflow's inputs.
    pub async fn run(
        &self,
        workflow: &str,
        given: IndexMap<String, Value>,
        key: Option<String>,
        by: &str,
    ) -> Result<Reply, Fault> {
        reload::refresh(self).await;
        let Some(version) = self.workflow(workflow) else {
            return Err(self.unknown_workflow(workflow));
        };
        let inputs = botswain_core::evaluate::complete_inputs(&version.plan, given)?;
        let data = value::hash(&inputs);
        let kept = Values::keep(&self.parts.kept, inputs)?;
        let key = key.map(|text| botswain_core::run::fact::Key { text, data });
        let (workflow, by) = (workflow.to_owned(), by.to_owned());
        self.ask(move |request| {
            Event::Start(Box::new(Start {
                request,
                workflow,
                inputs: kept,
                key,
                holder: None,
                by,
            }))
        })
        .await
    }

    /// Says that something has happened that a trigger waits for; there is a run for it, whatever
    /// comes of it, or the reply is a refusal.
    pub(super) async fn happened(&self, mut happened: Happened) -> Result<Reply, Fault> {
        self.ask(move |request| {
            happened.request = request;
            Event::Happened(Box::new(happened))
        })
        .await
    }

    /// Takes over files that were saved a moment ago, for a decision that follows them.
    pub async fn refresh(&self) {
        reload::refresh(self).await;
    }

    /// Pauses a workflow, or lets it go on: durable, and followed, on return.
    pub async fn pause(&self, workflow: &str, pause: Option<PauseView>) -> Result<(), Fault> {
        let (pauses, name) = (self.pauses.clone(), workflow.to_owned());
        let written = tokio::task::spawn_blocking(move || pauses.set(&name, pause)).await;
        let failed = |error: String| Fault::system("pause.unwritable", error);
        let written = written.map_err(|error| failed(error.to_string()))?;
        written.map_err(|error| failed(error.to_string()))?;
        // Nobody takes over other files meanwhile. For one command nothing starts by itself anyway.
        let files = self.files.lock().await;
        if files.is_some() {
            let offered = self.replace_workflows(&self.workflows(), Mode::Lasting);
            offered.map_err(|error| failed(error.to_string()))?;
        }
        Ok(())
    }

    /// Hands over what a person decided.
    pub async fn resolve(&self, mut resolve: Resolve) -> Result<Reply, Fault> {
        resolve.resolution = self.kept(resolve.resolution).await?;
        self.ask(move |request| {
            resolve.request = request;
            Event::Resolve(Box::new(resolve))
        })
        .await
    }

    /// A decision as a fact may hold it: a large output is kept elsewhere, large edits are refused.
    async fn kept(&self, resolution: Resolution) -> Result<Resolution, Fault> {
        let edits = match resolution {
            Resolution::Happened {
                output: Payload::Inline(output),
            } => {
                let parts = self.parts.clone();
                let keep = tokio::task::spawn_blocking(move || parts.kept.keep(output)).await;
                let failed = |error: tokio::task::JoinError| {
                    Fault::system("artifact.store", error.to_string())
                };
                let output = keep.map_err(failed)??;
                return Ok(Resolution::Happened { output });
            }
            Resolution::Edit(
                Edit::Item(ref edits) | Edit::Inputs(ref edits) | Edit::With(ref edits),
            ) => {
                serde_json::json!(edits)
            }
            other => return Ok(other),
        };
        match values::is_small(&edits) {
            true => Ok(resolution),
            false => Err(Fault::business(
                "exception.edit",
                "the corrections are larger than 16 KiB together",
            )
            .hint("correct the file that the data come from, and start another run")),
        }
    }

    /// Lets a run be brought to its end.
    pub async fn cancel(
        &self,
        run: RunId,
        by: String,
        note: Option<String>,
    ) -> Result<Reply, Fault> {
        self.ask(move |request| {
            Event::Cancel(Box::new(Cancel {
                request,
                run,
                by,
                note,
            }))
        })
        .await
    }

    /// Writes down what concerns no run; durable on return.
    pub async fn write(&self, change: Change) -> Result<(), Fault> {
        let (reply, answer) = oneshot::channel();
        let batch = Batch {
            facts: Vec::new(),
            changes: vec![change],
        };
        // Whoever asked may have gone away; then nobody is told.
        self.parts
            .store
            .append(batch, move |result| drop(reply.send(result)));
        let closed = || Fault::system("daemon.stopped", "the daemon has stopped");
        let written = answer.await.map_err(|_| closed())?;
        written.map_err(|error| Fault::system("store.unwritable", error.to_string()))
    }

    /// Whether the loop still takes what it is told.
    pub fn is_alive(&self) -> bool {
        !self.messages.is_closed()
    }

    /// Everything that happens from now on.
    pub fn watch(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// Says that something was proposed for a workflow, or decided about it.
    pub(crate) fn tell_of_proposal(&self, workflow: &str) {
        let workflow = workflow.to_owned();
        // Nobody need watch.
        drop(self.notices.send(Notice::Proposed { workflow }));
    }

    /// When each trigger fires next.
    pub async fn firings(&self) -> Vec<(String, u32, Timestamp)> {
        let (reply, answer) = oneshot::channel();
        drop(self.messages.send(Message::Firings(reply)));
        answer.await.unwrap_or_default()
    }

    /// How it stands with each connection and limit.
    pub async fn pools(&self) -> Vec<PoolView> {
        let (reply, answer) = oneshot::channel();
        drop(self.messages.send(Message::Pools(reply)));
        answer.await.unwrap_or_default()
    }

    /// The workflows that can be started, by name.
    pub fn workflows(&self) -> Vec<Arc<Version>> {
        let workflows = self
            .workflows
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        workflows.values().cloned().collect()
    }

    pub fn workflow(&self, name: &str) -> Option<Arc<Version>> {
        let workflows = self
            .workflows
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        workflows.get(name).cloned()
    }

    fn unknown_workflow(&self, name: &str) -> Fault {
        let files = self.parts.instance.workflow_files();
        let files = files.map(|(files, _)| files).unwrap_or_default();
        if files
            .iter()
            .any(|file| file.file_stem().is_some_and(|it| it == name))
        {
            let fault = Fault::business("run.workflow", format!("`{name}` has mistakes"));
            return fault.hint("`botswain check` shows them");
        }
        let workflows = self.workflows();
        let names: Vec<&str> = workflows.iter().map(|it| it.plan.name.as_str()).collect();
        let fault = Fault::business("run.workflow", format!("there is no workflow `{name}`"));
        fault.hint(meant::workflow(name, &names).unwrap_or_else(|| {
            "`botswain new NAME` begins one, `botswain check` shows what is wrong with others"
                .to_owned()
        }))
    }

    pub(super) async fn ask(
        &self,
        event: impl FnOnce(u64) -> Event + Send + 'static,
    ) -> Result<Reply, Fault> {
        let (reply, answer) = oneshot::channel();
        let gone = || Fault::system("daemon.stopped", "the daemon has stopped");
        self.messages
            .send(Message::Ask(Box::new(event), reply))
            .map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }

    pub(super) fn tell(&self, event: Event) {
        // A loop that has ended needs no events.
        drop(self.messages.send(Message::Event(event)));
    }

    /// Keeps the versions and makes them those that new runs follow.
    pub(super) fn replace_workflows(
        &self,
        versions: &[Arc<Version>],
        mode: Mode,
    ) -> Result<(), botswain_store::AppendError> {
        let mut offered = Vec::new();
        for version in versions {
            self.parts.store.put_version(version)?;
            offered.push(match mode {
                Mode::Lasting if self.pauses.of(&version.plan.name).is_some() => {
                    Arc::new(without_triggers(version))
                }
                Mode::Lasting => version.clone(),
                Mode::Brief => Arc::new(without_schedules(version)),
            });
        }
        // Only who looks at what was misses it.
        let noted = versions.iter().map(|it| (it.plan.name.as_str(), it.hash()));
        if let Err(error) = self.history.note(noted, Timestamp::now()) {
            tracing::error!("that versions were taken over cannot be written down: {error}");
        }
        let by_name = versions
            .iter()
            .map(|version| (version.plan.name.clone(), version.clone()));
        *self
            .workflows
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = by_name.collect();
        self.tell(Event::Workflows(offered));
        Ok(())
    }

    /// Hands over every run that has something to do; what is parked is not even listed. Those that wait for their turn come last,
    /// when those at work are there.
    pub(super) fn recover(&self) -> Result<(), StartError> {
        let (mut queued, mut there) = (Vec::new(), BTreeSet::new());
        for summary in self.parts.store.open_runs() {
            let summary = summary?;
            match summary.state {
                State::Parked => self.wake(summary),
                State::Queued => queued.push(summary.id),
                _ => self.go_on_with(&summary.id, &mut there)?,
            }
        }
        let mut queued = queued.iter();
        queued.try_for_each(|run| self.go_on_with(run, &mut there))
    }

    /// What is parked may have something to do by itself later: others are asked too.
    fn wake(&self, summary: Summary) {
        if let Some(until) = summary.until {
            let run = summary.id;
            self.tell(Event::Asleep { run, until });
        }
    }

    /// The runs around it come first, whatever they wait for: its templates see theirs.
    fn go_on_with(&self, run: &RunId, there: &mut BTreeSet<RunId>) -> Result<(), StartError> {
        if !there.insert(run.clone()) {
            return Ok(());
        }
        if let Some((parent, _)) = run.parent() {
            self.go_on_with(&parent, there)?;
        }
        let loaded = self.parts.load(run).map_err(StartError::Recovery)?;
        self.tell(Event::Loaded(Box::new(loaded)));
        Ok(())
    }
}

/// For one command no schedule is followed, but what its end is to start is written down for the
/// next daemon; the version and its hash stay what they are.
fn without_schedules(version: &Version) -> Version {
    let mut version = version.clone();
    let triggers = &mut version.plan.triggers;
    triggers.retain(|trigger| matches!(trigger.on, On::Finished(_)));
    version.plan.promise = None;
    version
}

/// What is paused can be started and called, and starts nothing by itself. Its schedules stand
/// where they stood, so that what was missed is made up for as `missed` says.
fn without_triggers(version: &Version) -> Version {
    let mut version = without_schedules(version);
    version.plan.triggers.clear();
    version
}
