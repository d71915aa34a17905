//! The world as a bot may see it during one attempt.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use botswain_core::{ArtifactRef, Fault, RunId, StepId};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::{
    artifacts::Artifacts,
    connection::{Connection, Connections},
    roots::Roots,
};

/// Which attempt of which step this is.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub run: RunId,
    pub step: StepId,
    /// Counts from 1.
    pub number: u32,
    /// The same for every attempt of one generation of the effect: use it wherever
    /// the other side can tell by it that it has seen this before.
    pub idempotency_key: String,
    /// The run's logical time.
    pub scheduled_for: Timestamp,
    /// When the step was given these parameters: the same for every attempt with the same key.
    pub entered: Timestamp,
    /// The connection that the step names.
    pub connection: Option<String>,
}

/// Renders the template files that the run's version holds.
pub trait Templates: Send + Sync {
    /// The template sees the keys of `data`, `run` and `today`, nothing else.
    fn render(&self, name: &str, data: &Value, attempt: &Attempt) -> Result<String, Fault>;
}

/// Has it written down that the attempt is about to act; completes when that is durable, and
/// fails when the attempt is not to act any more.
pub type Announce = Box<dyn Fn() -> oneshot::Receiver<()> + Send + Sync>;

pub struct Context {
    pub attempt: Attempt,
    pub artifacts: Arc<dyn Artifacts>,
    pub roots: Arc<Roots>,
    pub(crate) templates: Arc<dyn Templates>,
    pub(crate) connections: Arc<dyn Connections>,
    announce: Option<Announce>,
    cancel: CancellationToken,
    begun: AtomicBool,
    warnings: Mutex<Vec<String>>,
}

impl Context {
    pub fn new(
        attempt: Attempt,
        artifacts: Arc<dyn Artifacts>,
        roots: Arc<Roots>,
        templates: Arc<dyn Templates>,
        connections: Arc<dyn Connections>,
    ) -> Context {
        let (cancel, begun) = (CancellationToken::new(), AtomicBool::new(false));
        Context {
            attempt,
            artifacts,
            roots,
            templates,
            connections,
            announce: None,
            cancel,
            begun,
            warnings: Mutex::default(),
        }
    }

    /// The context of an attempt that has to announce before it acts.
    pub fn announcing(self, announce: Announce) -> Context {
        Context {
            announce: Some(announce),
            ..self
        }
    }

    /// To end this attempt from outside.
    pub fn canceller(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// Completes when the attempt should stop.
    pub async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }

    /// Called by a bot right before the first moment at which the world may change.
    ///
    /// For a bot that [announces](crate::Bot::ANNOUNCES) it is durable on return, so that a
    /// daemon that dies before is known not to have acted. After a fault it must not act.
    pub async fn begin_effect(&self) -> Result<(), Fault> {
        let stopped = || Fault::system("step.cancelled", "the attempt was stopped before it acted");
        if let Some(announce) = self.announce.as_ref().filter(|_| !self.has_begun()) {
            tokio::select! {
                durable = announce() => durable.map_err(|_| stopped())?,
                () = self.cancelled() => return Err(stopped()),
            }
        }
        self.begun.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn has_begun(&self) -> bool {
        self.begun.load(Ordering::SeqCst)
    }

    /// `fault`, in doubt if the effect had begun.
    pub fn reached(&self, fault: Fault) -> Fault {
        match self.has_begun() {
            true => fault.in_doubt(),
            false => fault,
        }
    }

    /// Says how far a long piece of work is, as in `row 4000 of 10000`.
    pub fn progress(&self, words: &str) {
        tracing::info!(run = %self.attempt.run, step = %self.attempt.step, "{words}");
    }

    /// Tells people of something that they should see to before it becomes a fault. It stands in
    /// the run, however the attempt ends.
    pub fn warn(&self, words: String) {
        let (run, step) = (&self.attempt.run, &self.attempt.step);
        tracing::warn!(%run, %step, "{words}");
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        warnings.push(words);
    }

    /// What was warned of so far, which is then forgotten here.
    pub fn take_warnings(&self) -> Vec<String> {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut warnings)
    }

    /// The open connection that the step names, shared with all other steps that name it.
    pub async fn connection<C: Connection>(&self) -> Result<Arc<C>, Fault> {
        let Some(name) = &self.attempt.connection else {
            return Err(Fault::business(
                "step.connection",
                "the step names no connection",
            ));
        };
        let any = self.connections.open(name).await?;
        any.downcast_arc::<C>().ok_or_else(|| {
            Fault::business(
                "step.connection",
                format!("connection `{name}` is not of the kind `{}`", C::KIND),
            )
        })
    }

    /// Renders a template file with `data`.
    pub fn render(&self, template: &str, data: &Value) -> Result<String, Fault> {
        self.templates.render(template, data, &self.attempt)
    }

    /// Keeps text or bytes as an artifact.
    pub fn keep(&self, name: &str, media: &str, content: &[u8]) -> Result<ArtifactRef, Fault> {
        self.artifacts.put(name, media, content)
    }
}
