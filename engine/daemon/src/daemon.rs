//! The daemon: one process, one instance, one loop.
//!
//! [`Daemon::start`] takes the lock, opens the store, reads the files and lets
//! the loop go. Everybody else (API, CLI, triggers) talks to the loop through a
//! [`Handle`] and reads through its [`Parts`].

pub(crate) mod answer;
pub(crate) mod attempt;
mod disk;
mod driver;
mod gather;
mod handle;
pub(crate) mod holder;
mod keeping;
mod lines;
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

use std::sync::{Arc, RwLock};

use botswain_bot::Redactor;
use botswain_core::{
    ExceptionId,
    engine::{Engine, Event},
    index::Fired,
    template::Renderer,
};
use botswain_store::{Artifacts, Lock, Store};
use jiff::tz::TimeZone;
use tokio::{
    sync::{broadcast, mpsc},
    task::JoinHandle,
};

use self::{
    driver::Driver,
    message::Watching,
    parts::Settings,
    values::{Kept, Known},
};
pub use self::{handle::Handle, lines::Lines, message::Notice, parts::Parts};
use crate::{
    accounts::{self, Accounts},
    api::Answers,
    audit::Audit,
    history::History,
    instance::{Config, ConnectionHost, Instance, Setting},
    pauses::Pauses,
    proposals::Proposals,
    tested,
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
    #[error(transparent)]
    History(std::io::Error),
    #[error(transparent)]
    Proposals(std::io::Error),
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
            StartError::History(_) => Some(
                "mend `.botswain/versions.json`, or remove it: then versions are counted anew"
                    .to_owned(),
            ),
            StartError::Proposals(_) => Some(
                "mend `.botswain/proposals.json`, or remove it: then what was proposed is proposed anew"
                    .to_owned(),
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

impl Daemon {
    pub async fn start(instance: Instance, mode: Mode) -> Result<Daemon, StartError> {
        let files = (mode == Mode::Lasting).then(|| reload::Stamp::of(instance.folder()));
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
        let (opened, to_tell) = mpsc::channel(4096);
        let watching = Watching {
            notices: notices.clone(),
            opened,
        };
        let (driver, messages) = Driver::new(engine, parts.clone(), watching);
        let private = parts.instance.private();
        let answers = Answers::open(private.answers()).map_err(|source| StartError::Answers {
            path: private.answers(),
            source,
        })?;
        let handle = Handle {
            accounts: Arc::new(Accounts::open(&private)?),
            audit: Audit::at(private.audit()),
            bulks: Arc::default(),
            closed: Arc::default(),
            pauses: Arc::new(Pauses::open(parts.instance.private().pauses())?),
            history: Arc::new(History::open(private.versions()).map_err(StartError::History)?),
            proposals: Arc::new(
                Proposals::open(private.proposals()).map_err(StartError::Proposals)?,
            ),
            tested: Arc::new(tested::open(parts.instance.private().tested())),
            answers: Arc::new(answers),
            turns: Arc::default(),
            parts,
            messages,
            notices,
            workflows: Arc::default(),
            files: reload::Followed::new(files.into()),
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
            tokio::spawn(notify::watch(handle.clone(), to_tell, newest));
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
        lines: Arc::default(),
        settings,
    }))
}
