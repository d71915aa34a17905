//! What the engine is told, and what it asks for.
//!
//! Whoever drives it (the daemon, a test, another durable engine) hands over
//! events in the order in which they came about and carries out the commands in
//! the order in which they were given. A command never asks for two things that
//! must happen together: what must is one [`Command::Append`].

use std::{collections::BTreeMap, sync::Arc};

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::capacity::{Capacity, Resource};
use super::quarantine::Quarantine;
use crate::{
    fault::{Effect, Fault},
    ids::{ExceptionId, Hash, RunId, StepId},
    index::{Batch, Claim, ClaimKey, Exception, Pending, State, Summary, Tally},
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
    /// What each connection and each limit bears; all others are gone.
    Capacities(BTreeMap<Resource, Capacity>),
    /// A run as it was written down, asked for by [`Command::Load`] or found at the start. At the
    /// start runs come before their items, also those that are parked or have ended while an item
    /// goes on, and those that wait for their turn after all others.
    Loaded(Box<Loaded>),
    /// A run that is parked and has something to do by itself at a time, found at the start.
    Asleep { run: RunId, until: Timestamp },
    /// Somebody wants a run.
    Start(Box<Start>),
    /// Something has happened that a trigger waits for.
    Happened(Box<Happened>),
    /// What is written down as still to become a run; told once, at the start.
    Pending(Vec<Pending>),
    /// The inputs of a firing were rendered, as [`Command::Fire`] asked.
    Fired {
        /// As the command said.
        firing: u64,
        workflow: String,
        inputs: Result<Payload, Box<Fault>>,
        /// What has happened, as the command said.
        happening: Option<Arc<Happening>>,
        /// Who holds its key, looked up when the event was handed over.
        holder: Option<Holder>,
    },
    /// The runs of a day, as [`Command::Count`] asked.
    Counted(Counted),
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
    /// A bot has warned of something; the outcome of its attempt comes behind it.
    Warned {
        run: RunId,
        step: StepId,
        attempt: u32,
        warnings: Vec<String>,
    },
    /// An attempt has ended.
    Outcome {
        run: RunId,
        step: StepId,
        attempt: u32,
        result: Result<Payload, Box<Fault>>,
    },
    /// A connection was tried, as [`Command::Probe`] asked or because a person wanted to know.
    Probed {
        connection: String,
        result: Result<(), Box<Fault>>,
    },
    /// The output of a `for_each`, as [`Command::Gather`] asked.
    Gathered {
        run: RunId,
        step: StepId,
        output: Result<Payload, Box<Fault>>,
    },
    /// The bot is about to change the world and waits for [`Command::Proceed`].
    Acting {
        run: RunId,
        step: StepId,
        attempt: u32,
    },
    /// The bot that was asked whether an effect took place has answered.
    Verified {
        run: RunId,
        step: StepId,
        result: Result<Payload, Box<Fault>>,
    },
    /// The run that a `call` made has ended, as [`Command::Return`] asked.
    Returned {
        run: RunId,
        step: StepId,
        result: Result<Return, Box<Fault>>,
    },
    /// The runs of a `for_each` or `call` that have not ended, as [`Command::Children`] asked.
    Children {
        run: RunId,
        step: StepId,
        children: Vec<RunId>,
    },
    /// A person decided.
    Resolve(Box<Resolve>),
    /// Somebody wants a run to end.
    Cancel(Box<Cancel>),
    /// The store was made from a backup; told again when a person has said what was lost.
    Quarantine(Box<Quarantine>),
    /// The disk has so little room that nothing new may begin, or has room again.
    Room { low: bool },
    /// Time has passed.
    Tick,
    /// Begin nothing more.
    Stop,
}

/// Something that has happened outside, or in another workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Happening {
    /// What it is: it becomes a run once, ever, and this is its key.
    pub key: String,
    /// What `trigger` has beside `scheduled_for`, where the inputs of the run are rendered.
    pub data: IndexMap<String, Payload>,
}

/// A source's word that something has happened. The answer comes when there is a run for it.
#[derive(Clone, Debug)]
pub struct Happened {
    pub request: RequestId,
    pub workflow: String,
    /// The trigger, by its words ([`crate::plan::On::event`]).
    pub trigger: String,
    pub at: Timestamp,
    pub happening: Happening,
    /// Why it cannot be taken as it is: then its run waits for a person before it begins.
    pub fault: Option<Fault>,
}

/// How many runs of a workflow have succeeded.
#[derive(Clone, Debug)]
pub struct Counted {
    /// As the command said.
    pub firing: u64,
    pub workflow: String,
    /// The time of the promise.
    pub at: Timestamp,
    pub succeeded: u64,
    /// Those of a run that is given none, when it needs none.
    pub inputs: Option<Payload>,
}

impl Event {
    /// The key of a run that is to begin, whose holder has to be looked up likewise.
    pub fn run_claim(&self) -> Option<ClaimKey> {
        let (workflow, key) = match self {
            Event::Start(start) => (&start.workflow, &start.key.as_ref()?.text),
            Event::Fired {
                workflow,
                happening,
                ..
            } => (workflow, &happening.as_ref()?.key),
            _ => return None,
        };
        Some(claim_key(workflow, None, key))
    }

    /// Fills in who holds it.
    pub fn held_by(&mut self, found: Option<Holder>) {
        match self {
            Event::Evaluated { holder, .. } | Event::Fired { holder, .. } => *holder = found,
            Event::Start(start) => start.holder = found,
            _ => (),
        }
    }

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
    /// The version with which it began.
    pub version: Arc<Version>,
    /// Those to which people have moved it since, by hash.
    pub newer: Vec<(Hash, Arc<Version>)>,
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
    /// Corrections that are to hold from now on wherever `mapped` asks for them.
    pub remember: Vec<Correction>,
}

/// What a text in a table of corrections is to stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    pub table: String,
    pub from: String,
    pub to: String,
}

#[derive(Clone, Debug)]
pub struct Cancel {
    pub request: RequestId,
    pub run: RunId,
    pub by: String,
    pub note: Option<String>,
}

/// How the run of a `call` ended.
#[derive(Clone, Debug)]
pub struct Return {
    pub child: RunId,
    pub state: State,
    pub output: Payload,
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
    /// The parameters of the bot that is asked whether an effect took place.
    Verify(StepId),
    /// Whether it did, from what that bot said.
    Verdict { step: StepId, said: Payload },
    /// The version of the workflow that a `call` names.
    Callee(StepId),
    /// One item of an open `for_each`, and its key.
    Item {
        step: StepId,
        index: u64,
        list: Arc<Payload>,
    },
    /// The key of this run, again.
    Identity,
    /// What `collect` or `outputs` names.
    Collect,
}

impl Subject {
    /// The step of the run that it is about.
    pub fn step(&self) -> Option<&StepId> {
        match self {
            Subject::Step(step)
            | Subject::Verify(step)
            | Subject::Verdict { step, .. }
            | Subject::Callee(step)
            | Subject::Item { step, .. } => Some(step),
            Subject::Identity | Subject::Collect => None,
        }
    }
}

/// What was rendered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// `when` was not true.
    Skip,
    Bot {
        with: Payload,
        effect: Effect,
        /// Whether the bot says when it is about to act.
        announces: bool,
        key: Option<Key>,
    },
    /// The branches of a `parallel` may begin.
    Fork,
    /// The case that fits; `None` is the default.
    Case(Option<String>),
    /// The inputs of the run of another workflow.
    Call {
        inputs: Payload,
    },
    Callee(Arc<Version>),
    Approval {
        question: String,
        show: Payload,
    },
    /// Milliseconds from now.
    Wait(u64),
    Until(Timestamp),
    /// The step's output: nothing else is to be done.
    Value {
        output: Payload,
    },
    Verify {
        with: Payload,
    },
    Happened {
        happened: bool,
        output: Payload,
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
    pub(super) fn key(&self) -> Option<&Key> {
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
    /// What the steps after a fault follow from.
    pub fault: Option<Fault>,
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
    /// Whether the bot has to wait for [`Command::Proceed`] before it acts.
    pub announces: bool,
    /// It is asked whether an effect took place: its answer is [`Event::Verified`].
    pub verifies: bool,
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
        /// The number of the firing, to be given back.
        firing: u64,
        version: Arc<Version>,
        trigger: u32,
        at: Timestamp,
        happening: Option<Arc<Happening>>,
    },
    /// Count the runs of this workflow that have succeeded since a time and by another;
    /// [`Event::Counted`].
    Count {
        firing: u64,
        version: Arc<Version>,
        since: Timestamp,
        at: Timestamp,
    },
    /// Let the bot act; [`Event::Outcome`].
    Spawn(Box<Call>),
    /// What the bot has announced is durable: it may act.
    Proceed {
        run: RunId,
        step: StepId,
        attempt: u32,
    },
    /// End this attempt; [`Event::Outcome`] still comes.
    Cancel {
        run: RunId,
        step: StepId,
        attempt: u32,
    },
    /// Read how this run ended; [`Event::Returned`].
    Return {
        run: RunId,
        step: StepId,
        child: RunId,
    },
    /// Find the runs of this step that have not ended; [`Event::Children`].
    Children {
        run: RunId,
        step: StepId,
    },
    /// Let a connection test itself; [`Event::Probed`].
    Probe {
        connection: String,
    },
    /// The breaker of a connection has opened for this fault, or has closed; for whoever watches.
    Breaker {
        connection: String,
        open: Option<Box<Fault>>,
    },
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
        summary: Arc<Summary>,
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
    /// The decision, or that it is to end, is written down.
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
