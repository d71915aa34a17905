//! The daemon: one process, one instance, one loop.
//!
//! [`Daemon::start`] takes the lock, opens the store, reads the files and lets
//! the loop go. Everybody else (API, CLI, triggers) talks to the loop through a
//! [`Handle`] and reads through its [`Parts`].

pub(crate) mod answer;
pub(crate) mod attempt;
mod driver;
mod gather;
pub(crate) mod holder;
mod keeping;
pub(crate) mod memory;
mod message;
mod notify;
mod parts;
mod reload;
pub(crate) mod rendering;
mod sources;
mod tasks;
mod testing;
mod values;
mod webhooks;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, RwLock},
};

use botswain_core::{
    ExceptionId, Fault, Payload, RunId,
    engine::{
        Engine, Event,
        capacity::PoolView,
        event::{Cancel, Happened, Reply, Resolve, Start},
    },
    evaluate::Values,
    index::{Batch, Change, Fired, State, Summary},
    plan::{On, Version},
    run::fact::{Edit, Resolution},
    template::Renderer,
    value,
};
use botswain_store::{Artifacts, Lock, Store};
use botswain_views::PauseView;
use indexmap::IndexMap;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;
use tokio::{
    sync::{broadcast, mpsc, oneshot},
    task::JoinHandle,
};

use self::{
    driver::Driver,
    message::Message,
    parts::Settings,
    values::{Kept, Known},
};
pub use self::{message::Notice, parts::Parts};
use crate::{
    accounts::{self, Accounts},
    api::{Answers, Bulks, Closed, Turns},
    instance::{Config, ConnectionHost, Instance, Redactor, Setting},
    meant,
    pauses::Pauses,
    tested::Tested,
    workflows::{self, Checked},
};

/// Who is behind a decision when nobody says.
pub const SELF: &str = "botswain";

/// Why the daemon cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Instance(#[from] crate::instance::Error),
    #[error(transparent)]
    Files(#[from] workflows::Error),
    #[error("`botswain.yaml` has mistakes")]
    Config(Vec<botswain_core::diagnostic::Diagnostic>),
    #[error(transparent)]
    Lock(#[from] botswain_store::LockError),
    #[error(transparent)]
    Store(#[from] botswain_store::OpenError),
    #[error(transparent)]
    Read(#[from] botswain_store::ReadError),
    #[error(transparent)]
    Append(#[from] botswain_store::AppendError),
    #[error(transparent)]
    Artifacts(#[from] botswain_store::artifacts::Error),
    #[error(transparent)]
    Accounts(#[from] accounts::Refusal),
    #[error(transparent)]
    Pauses(#[from] std::io::Error),
    #[error("`{}` cannot be read: {source}", path.display())]
    Answers {
        path: std::path::PathBuf,
        source: std::io::Error,
    },
    #[error("{0}")]
    Recovery(String),
}

impl StartError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            StartError::Instance(error) => error.hint().map(str::to_owned),
            StartError::Files(error) => error.hint(),
            StartError::Lock(error) => Some(error.hint().to_owned()),
            StartError::Store(error) => Some(error.hint().into_owned()),
            StartError::Artifacts(error) => Some(error.hint().to_owned()),
            StartError::Accounts(refusal) => refusal.hint().map(str::to_owned),
            StartError::Answers { .. } => Some(
                "it says what the API was asked within a day; without it a change that is asked \
                 for again may be done again: let it be read, or remove it knowing that"
                    .to_owned(),
            ),
            StartError::Config(_) => {
                Some("mend them, then start again; `botswain check` shows them".to_owned())
            }
            StartError::Pauses(_) => Some(
                "mend `.botswain/pauses.json`, or remove it: then nothing is paused".to_owned(),
            ),
            StartError::Read(_) | StartError::Append(_) | StartError::Recovery(_) => None,
        }
    }
}

/// For how long it is there, and so what it takes up by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Until it is stopped: goes on with what was open, fires schedules, follows the files.
    Lasting,
    /// For one command: touches nothing that it is not asked for.
    Brief,
}

/// A daemon at work.
pub struct Daemon {
    pub handle: Handle,
    /// What the files said at the start.
    pub checked: Checked,
    driving: JoinHandle<Result<(), String>>,
    /// How the loop ended, once somebody has waited for it: a task can be waited for once.
    ended: Option<Result<(), String>>,
}

/// The way to the loop.
#[derive(Clone)]
pub struct Handle {
    pub parts: Arc<Parts>,
    messages: mpsc::UnboundedSender<Message>,
    notices: broadcast::Sender<Notice>,
    workflows: Arc<RwLock<BTreeMap<String, Arc<Version>>>>,
    files: reload::Followed,
    pub accounts: Arc<Accounts>,
    pub bulks: Arc<Bulks>,
    pub closed: Arc<Closed>,
    pub pauses: Arc<Pauses>,
    pub tested: Arc<Tested>,
    pub answers: Arc<Answers>,
    pub turns: Arc<Turns>,
}

impl Daemon {
    pub async fn start(instance: Instance, mode: Mode) -> Result<Daemon, StartError> {
        let checked = workflows::check(&instance)?;
        let Some(config) = checked.config.clone() else {
            return Err(StartError::Config(checked.diagnostics));
        };
        let opening = tokio::task::spawn_blocking(move || open(instance, &config)).await;
        let parts = opening.map_err(|err| StartError::Recovery(err.to_string()))??;
        let (counters, fired) = (parts.store.counters()?, parts.store.fired()?);
        let newest = ExceptionId(counters.exception);
        let zone = parts.config().timezone.clone();
        let fired = if mode == Mode::Lasting {
            fired
        } else {
            Fired::new()
        };
        let engine = Engine::new(counters, fired, &zone);
        let engine = match mode {
            Mode::Lasting => engine,
            Mode::Brief => engine.without_firing(),
        };
        let (notices, _) = broadcast::channel(4096);
        let (driver, messages) = Driver::new(engine, parts.clone(), notices.clone());
        let private = parts.instance.private();
        let answers = Answers::open(&private).map_err(|source| StartError::Answers {
            path: private.answers(),
            source,
        })?;
        let handle = Handle {
            accounts: Arc::new(Accounts::open(&private)?),
            bulks: Arc::default(),
            closed: Arc::default(),
            pauses: Arc::new(Pauses::open(parts.instance.private().pauses())?),
            tested: Arc::new(Tested::open(parts.instance.private().tested())),
            answers: Arc::new(answers),
            turns: Arc::default(),
            parts,
            messages,
            notices,
            workflows: Arc::default(),
            files: reload::Followed::default(),
        };
        // Before anything could fire or start.
        if let Some(quarantine) = handle.parts.store.quarantine()? {
            handle.tell(Event::Quarantine(Box::new(quarantine)));
        }
        handle.tell(Event::Capacities(handle.parts.config().capacities()));
        handle.replace_workflows(&checked.versions, mode)?;
        if mode == Mode::Lasting {
            handle.recover()?;
            handle.tell(Event::Pending(handle.parts.store.pending()?));
        }
        // Whoever runs one command looks at its exceptions anyway.
        if mode == Mode::Lasting {
            tokio::spawn(notify::watch(handle.clone(), handle.watch(), newest));
            tokio::spawn(reload::follow(handle.clone()));
            tokio::spawn(keeping::prune_hourly(handle.clone()));
            tokio::spawn(sources::listen(handle.clone()));
            tokio::spawn(webhooks::listen(handle.clone()));
        }
        let driving = tokio::spawn(driver.run());
        Ok(Daemon {
            handle,
            checked,
            driving,
            ended: None,
        })
    }

    /// Begins nothing more, lets what has begun come to an end, and gives everything back.
    pub async fn stop(mut self) -> Result<(), String> {
        self.handle.tell(Event::Stop);
        let ended = self.ended().await;
        self.handle.parts.connections.shutdown().await;
        ended
    }

    /// Completes when the daemon cannot go on, with the reason.
    pub async fn failed(&mut self) -> String {
        match self.ended().await {
            Err(reason) => reason,
            Ok(()) => "it stopped by itself".to_owned(),
        }
    }

    /// May be dropped while it waits, and asked again at any time.
    async fn ended(&mut self) -> Result<(), String> {
        if let Some(ended) = &self.ended {
            return ended.clone();
        }
        let ended = (&mut self.driving).await;
        let ended = ended.unwrap_or_else(|err| Err(err.to_string()));
        self.ended.insert(ended).clone()
    }
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
        let kept = botswain_core::evaluate::Values::keep(&self.parts.kept, inputs)?;
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
    async fn happened(&self, mut happened: Happened) -> Result<Reply, Fault> {
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

    async fn ask(&self, event: impl FnOnce(u64) -> Event + Send + 'static) -> Result<Reply, Fault> {
        let (reply, answer) = oneshot::channel();
        let gone = || Fault::system("daemon.stopped", "the daemon has stopped");
        self.messages
            .send(Message::Ask(Box::new(event), reply))
            .map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }

    fn tell(&self, event: Event) {
        // A loop that has ended needs no events.
        drop(self.messages.send(Message::Event(event)));
    }

    /// Keeps the versions and makes them those that new runs follow.
    fn replace_workflows(
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
    fn recover(&self) -> Result<(), StartError> {
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

fn settings(instance: &Instance, config: Config) -> Result<Settings, crate::instance::Error> {
    let timezone = TimeZone::get(&config.timezone).unwrap_or(TimeZone::UTC);
    let roots = Arc::new(instance.roots(&config)?);
    Ok(Settings {
        config: Arc::new(config),
        roots,
        timezone,
    })
}

fn open(instance: Instance, config: &Config) -> Result<Arc<Parts>, StartError> {
    let private = instance.prepare()?;
    let lock = Lock::take(private.folder())?;
    let left = botswain_bots::browser::end_leftovers(&private.scratch());
    if left > 0 {
        tracing::info!(
            processes = left,
            "ended browsers that an earlier daemon had left"
        );
    }
    private.empty_scratch()?;
    let kept = Kept(Artifacts::open_folder(&private.artifacts())?);
    let store = Arc::new(Store::open_locked(&private.store(), lock)?);
    let settings = settings(&instance, config.clone())?;
    let redactor = Arc::new(Redactor::default());
    let secrets = instance
        .secrets()
        .reveal_all()
        .map_err(workflows::Error::Secrets)?;
    redactor.learn(secrets.iter().map(|secret| secret.value()));
    let setting = Setting {
        kinds: botswain_bots::CONNECTIONS,
        secrets: instance.secrets(),
        redactor: redactor.clone(),
        scratch: private.scratch(),
    };
    let connections = Arc::new(ConnectionHost::new(setting, config, settings.roots.clone()));
    let renderer = Arc::new(Renderer::new(Arc::new(Known::of(&kept, &store))));
    let settings = RwLock::new(settings);
    Ok(Arc::new(Parts {
        instance,
        store,
        kept,
        renderer,
        connections,
        redactor,
        settings,
    }))
}
