//! What the engine is told, and what it asks for.
//!
//! Whoever drives it (the daemon, a test, another durable engine) hands over
//! events in the order in which they came about and carries out the commands in
//! the order in which they were given. A command never asks for two things that
//! must happen together: what must is one [`Command::Append`].

use std::{collections::BTreeMap, sync::Arc};

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    fault::{Effect, Fault},
    ids::{ExceptionId, Hash, RunId, StepId},
    index::{Batch, Claim, ClaimKey, Exception, Summary, Tally},
    plan::Version,
    run::fact::{Fact, Key, Resolution},
    value::Payload,
};

/// One append in flight.
pub type Ticket = u64;

/// Somebody who waits for an answer.
pub type RequestId = u64;

#[derive(Clone, Debug)]
pub enum Event {
    /// The workflows as their files stand now; all others are gone.
    Workflows(Vec<Arc<Version>>),
    /// How many sessions each connection bears.
    Connections(BTreeMap<String, u32>),
    /// A run as it was written down, asked for by [`Command::Load`] or found at the start. At the
    /// start runs come before their items, and those that wait for their turn after all others.
    Loaded(Box<Loaded>),
    /// Somebody wants a run.
    Start(Box<Start>),
    /// The inputs of a firing were rendered, as [`Command::Fire`] asked.
    Fired {
        workflow: String,
        trigger: u32,
        at: Timestamp,
        inputs: Result<Payload, Box<Fault>>,
    },
    /// A batch is durable.
    Appended { ticket: Ticket },
    /// What [`Command::Evaluate`] asked for. `holder` is who holds the key in the answer, looked
    /// up when the event was handed over and not before.
    Evaluated {
        run: RunId,
        subject: Subject,
        answer: Box<Answer>,
        holder: Option<Holder>,
    },
    /// An attempt has ended.
    Outcome {
        run: RunId,
        step: StepId,
        attempt: u32,
        result: Result<Payload, Box<Fault>>,
    },
    /// The output of a `for_each`, as [`Command::Gather`] asked.
    Gathered {
        run: RunId,
        step: StepId,
        output: Result<Payload, Box<Fault>>,
    },
    /// A person decided.
    Resolve(Box<Resolve>),
    /// Time has passed.
    Tick,
    /// Begin nothing more.
    Stop,
}

impl Event {
    /// The key whose holder has to be looked up when this event is handed over.
    pub fn key(&self) -> Option<(&RunId, &Subject, &Key)> {
        match self {
            Event::Evaluated {
                run,
                subject,
                answer,
                ..
            } => Some((run, subject, answer.key()?)),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Loaded {
    pub run: RunId,
    pub version: Arc<Version>,
    pub facts: Vec<Fact>,
    pub tallies: BTreeMap<StepId, Tally>,
}

#[derive(Clone, Debug)]
pub struct Start {
    pub request: RequestId,
    pub workflow: String,
    pub inputs: Payload,
    pub key: Option<Key>,
    /// Who holds the key, looked up when the event was handed over.
    pub holder: Option<Holder>,
    pub by: String,
}

#[derive(Clone, Debug)]
pub struct Resolve {
    pub request: RequestId,
    pub exception: ExceptionId,
    pub run: RunId,
    pub step: StepId,
    pub resolution: Resolution,
    pub by: String,
    pub note: Option<String>,
}

/// Who holds a key, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Holder {
    pub claim: Claim,
    pub output: Payload,
}

/// What is to be rendered.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// `when`, then the parameters of a bot or the list of a `for_each`.
    Step(StepId),
    /// One item of an open `for_each`, and its key.
    Item {
        step: StepId,
        index: u64,
        list: Arc<Payload>,
    },
    /// The key of this run, again.
    Identity,
    /// What `collect` names.
    Collect,
}

/// What was rendered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// `when` was not true.
    Skip,
    Bot {
        with: Payload,
        effect: Effect,
        key: Option<Key>,
    },
    /// A list is inline when small, a table when not, so that it can be read item by item.
    List {
        list: Payload,
        count: u64,
    },
    Item {
        item: Payload,
        key: Option<Result<Key, Box<Fault>>>,
    },
    Identity {
        key: Key,
    },
    Collected {
        output: Payload,
    },
    Fault(Box<Fault>),
}

impl Answer {
    fn key(&self) -> Option<&Key> {
        match self {
            Answer::Bot { key, .. } => key.as_ref(),
            Answer::Item {
                key: Some(Ok(key)), ..
            }
            | Answer::Identity { key } => Some(key),
            _ => None,
        }
    }
}

/// What templates may see, in the order in which names hide each other.
#[derive(Clone, Debug)]
pub struct Scope {
    pub run: RunId,
    pub workflow: String,
    pub scheduled_for: Timestamp,
    /// The key that the run was given or has computed.
    pub key: Option<String>,
    pub inputs: Arc<Payload>,
    pub input_edits: IndexMap<String, Value>,
    /// The outputs that the templates read, of this run and of those around it.
    pub steps: BTreeMap<StepId, Arc<Payload>>,
    /// The items around, outermost first.
    pub items: Vec<ItemScope>,
}

#[derive(Clone, Debug)]
pub struct ItemScope {
    pub name: String,
    pub index: u64,
    pub key: Option<String>,
    pub value: Payload,
    pub edits: IndexMap<String, Value>,
}

/// One attempt of a bot, as it was decided.
#[derive(Clone, Debug)]
pub struct Call {
    pub run: RunId,
    pub step: StepId,
    pub attempt: u32,
    pub version: Arc<Version>,
    pub bot: String,
    pub connection: Option<String>,
    pub with: Arc<Payload>,
    pub effect: Effect,
    pub idempotency_key: String,
    pub scheduled_for: Timestamp,
    /// When the step was first given these parameters.
    pub entered: Timestamp,
    /// Milliseconds for this attempt.
    pub timeout: Option<u64>,
}

#[derive(Clone, Debug)]
pub enum Command {
    /// Write this down, all or nothing; [`Event::Appended`] once it is durable.
    Append {
        ticket: Ticket,
        batch: Batch,
    },
    /// Render; [`Event::Evaluated`].
    Evaluate {
        version: Arc<Version>,
        scope: Box<Scope>,
        edits: IndexMap<String, Value>,
        subject: Subject,
    },
    /// Render the inputs of a trigger; [`Event::Fired`].
    Fire {
        version: Arc<Version>,
        trigger: u32,
        at: Timestamp,
    },
    /// Let the bot act; [`Event::Outcome`].
    Spawn(Box<Call>),
    /// Put together what a `for_each` came to; [`Event::Gathered`].
    Gather {
        run: RunId,
        step: StepId,
        tally: Tally,
    },
    /// Read this run; [`Event::Loaded`].
    Load {
        run: RunId,
    },
    Reply {
        request: RequestId,
        reply: Reply,
    },
    /// These facts are durable; for whoever watches.
    Committed {
        run: RunId,
        facts: Vec<Fact>,
        summary: Box<Summary>,
    },
    /// A person is needed.
    Opened(Box<Exception>),
    /// A run that was started has ended, or waits for nobody but people.
    Rested {
        run: RunId,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The run exists, whatever comes of it.
    Started { run: RunId },
    /// The decision is written down.
    Resolved,
    /// It was not accepted, and nothing has changed.
    Refused { reason: String },
}

/// The names under which a key is claimed.
pub fn claim_key(workflow: &str, step: Option<&StepId>, text: &str) -> ClaimKey {
    ClaimKey {
        workflow: workflow.to_owned(),
        step: step.cloned(),
        text: text.to_owned(),
    }
}

/// A version with its name.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) version: Arc<Version>,
    pub(super) hash: Hash,
}
