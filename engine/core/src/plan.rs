//! A workflow that was checked, as the run follows it.
//!
//! Made by [`crate::check`] from a file, stored once for each version with the
//! texts it was made from, and never changed: a run is pinned to its plan. The
//! stored form is versioned by [`SEMANTICS`].

mod trigger;

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::trigger::{
    Calendar, Every, Files, Finished, Mail, Missed, On, Promise, Proof, Schedule, Shift, Signature,
    SignatureKind, Trigger, Webhook,
};
use crate::{
    fault::{Category, Effect, Fault},
    ids::{Hash, StepId},
};

/// Raised when the meaning of a stored plan or fact changes.
pub const SEMANTICS: u32 = 1;

/// One version of a workflow: what a run needs of it, whatever the files say later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Version {
    pub plan: Plan,
    /// The file it was made from.
    pub source: String,
    /// The text of each template that the workflow names, by file name.
    pub templates: IndexMap<String, String>,
    /// The version of each workflow that it calls, by name.
    #[serde(default)]
    pub calls: IndexMap<String, Hash>,
    /// The text of each file of `pages/` that it names; the plan has what they say.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub pages: IndexMap<String, String>,
}

impl Version {
    /// The name of the version: a hash over all its texts.
    pub fn hash(&self) -> Hash {
        let mut text = format!("{SEMANTICS}\0{}\0", self.source);
        for (name, template) in &self.templates {
            text.extend([name, "\0", template, "\0"]);
        }
        for (name, version) in &self.calls {
            text.extend(["call\0", name, "\0", version.as_str(), "\0"]);
        }
        for (name, page) in &self.pages {
            text.extend(["page\0", name, "\0", page, "\0"]);
        }
        Hash::of(text.as_bytes())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Plan {
    pub semantics: u32,
    pub name: String,
    pub description: Option<String>,
    pub triggers: Vec<Trigger>,
    pub overlap: Overlap,
    pub inputs: IndexMap<String, Input>,
    pub steps: Vec<Step>,
    /// Names that the workflow had before: keys claimed under them count.
    #[serde(default)]
    pub formerly: Vec<String>,
    /// What a run leaves to whoever called it.
    #[serde(default)]
    pub outputs: IndexMap<String, Template>,
    /// The paths that `outputs` reads.
    #[serde(default)]
    pub output_reads: Vec<Path>,
    /// Milliseconds that a run may be at work or wait for retries.
    #[serde(default)]
    pub timeout: Option<u64>,
    /// Milliseconds of a person's work that a run saves when it succeeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saves: Option<u64>,
    /// Done once when the run fails, before `finally`.
    #[serde(default)]
    pub on_failure: Vec<Step>,
    /// Done once, however the run ends.
    #[serde(default)]
    pub finally: Vec<Step>,
    #[serde(default)]
    pub exceptions: Exceptions,
    /// What must have happened by a time of the day.
    #[serde(default)]
    pub promise: Option<Promise>,
}

/// What holds for every exception of a workflow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Exceptions {
    /// Milliseconds until it should have been decided.
    pub due: Option<u64>,
    /// The group that it is for.
    pub assign: Option<String>,
    /// Who is told beside those whom the instance names.
    pub notify: Vec<String>,
}

/// What happens when a workflow fires while a run of it is at work.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// The new run waits for its turn.
    #[default]
    Queue,
    /// The new run ends at once as skipped.
    Skip,
    /// The run at work is cancelled, then the new one begins.
    Cancel,
    /// Both run.
    Allow,
}

/// Something a run is given at its start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Input {
    pub kind: InputKind,
    pub description: Option<String>,
    /// Absent: the input is required.
    pub default: Option<Value>,
}

/// The types of inputs, and of columns in `sheet.read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    Text,
    Integer,
    Decimal,
    Boolean,
    /// A day, as in `2026-03-29`.
    Date,
    /// A path below one of the instance's allowed roots.
    File,
    List,
    Object,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Step {
    pub id: StepId,
    pub name: Option<String>,
    /// Skipped unless this gives true.
    pub when: Option<Template>,
    pub retry: Retry,
    /// Milliseconds: of one attempt of a bot, of everything else as a whole.
    pub timeout: Option<u64>,
    /// A step with the same key in this workflow acts once, ever.
    pub key: Option<Template>,
    /// The named limit of the instance that an attempt counts under.
    #[serde(default)]
    pub limit: Option<String>,
    /// What follows from which fault; the first entry that fits counts.
    #[serde(default)]
    pub on_fault: Vec<OnFault>,
    pub kind: Kind,
    /// Every path that the templates of this step read, in order, each once. Of a step with
    /// steps in it these are the paths of `when` and of its own templates.
    pub reads: Vec<Path>,
}

/// One entry of `on_fault`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OnFault {
    /// Any code when absent. `http.*` fits every code of that noun.
    pub code: Option<String>,
    /// Any category when absent.
    pub category: Option<Category>,
    pub then: Then,
}

/// What an entry of `on_fault` makes of a fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Also a business fault is tried again, while attempts are left.
    Retry,
    Park,
    /// The step gives null, and the run goes on.
    Continue,
    /// The run fails.
    Fail,
    /// These are done in its place, then the run goes on. They see `fault`.
    Steps(Vec<Step>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Bot(BotCall),
    ForEach(ForEach),
    /// A run of another workflow; its outputs are this step's output.
    Call(WorkflowCall),
    /// Branches of the same run, by name, side by side.
    Parallel(IndexMap<String, Vec<Step>>),
    Switch(Switch),
    Approve(Approve),
    /// Milliseconds.
    Wait(u64),
    /// Gives the day or the moment before which nothing follows.
    WaitUntil(Template),
    /// The output is what these give.
    Set(IndexMap<String, Template>),
    Fail(Fail),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BotCall {
    pub bot: String,
    pub connection: Option<String>,
    /// The parameters; every string in it is a template.
    pub with: Value,
    /// What the author says of the effect, where he knows better than the bot.
    pub effect: Option<Effect>,
    /// How it is found out whether the effect took place.
    #[serde(default)]
    pub verify: Option<Verify>,
}

/// A bot that reads, asked before an effect in doubt is repeated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Verify {
    pub bot: String,
    pub connection: Option<String>,
    pub with: Value,
    /// Milliseconds: no sooner after the attempt is a "no" believed, and again after as long.
    pub settle: u64,
    /// True when the effect took place. Sees what `with` may see and the bot's output by its names.
    pub happened: Template,
    /// The step's output when it did; the bot's own when empty.
    pub output: IndexMap<String, Template>,
    /// The paths that `with` reads.
    pub reads: Vec<Path>,
    /// The paths that `happened` and `output` read beside the bot's output.
    pub answer_reads: Vec<Path>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WorkflowCall {
    pub workflow: String,
    /// The inputs of the run; every string in it is a template.
    pub with: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Switch {
    /// Its text is looked up among the cases.
    pub on: Template,
    pub cases: IndexMap<String, Vec<Step>>,
    /// Absent: a value without a case is a business fault.
    pub default: Option<Vec<Step>>,
}

/// A question that a person answers before the run goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Approve {
    pub question: Template,
    /// The data to look at; every string in it is a template.
    pub show: Value,
    /// Groups of the instance.
    pub ask: Vec<String>,
    pub escalate: Option<Escalate>,
    /// How many different people have to say yes.
    #[serde(default = "one")]
    pub required: u32,
    /// Whether whoever started the run may say yes.
    #[serde(default = "yes")]
    pub self_approval: bool,
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

/// Whom to ask too when nobody has answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Escalate {
    /// Milliseconds.
    pub after: u64,
    pub to: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Fail {
    pub message: Template,
    pub category: Category,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ForEach {
    /// Gives the list or the table.
    pub list: Template,
    /// The name by which the steps below call the item.
    pub item: String,
    /// An item with the same key in this workflow is done once, ever.
    pub key: Option<Template>,
    /// How many items run at the same time.
    pub at_once: u32,
    #[serde(default)]
    pub wait_for: WaitFor,
    /// What an item that succeeded leaves in the loop's output.
    pub collect: IndexMap<String, Template>,
    /// The paths that `key` reads beside the item.
    pub key_reads: Vec<Path>,
    /// The paths that `collect` reads, seen from inside the item.
    pub collect_reads: Vec<Path>,
    pub steps: Vec<Step>,
}

/// When a loop is done.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum WaitFor {
    /// When every item has ended.
    #[default]
    Ended,
    /// When no item is running or due; parked ones go on by themselves later.
    Unparked,
}

/// The text of a template, or of several in a row: never rendered twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Template(pub String);

/// A place in a run's data: `["steps", "lines", "rows"]`.
pub type Path = Vec<String>;

/// How often and how soon a system fault is tried again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Retry {
    /// Counts the first one.
    pub attempts: u32,
    /// Milliseconds before the second attempt.
    pub delay: u64,
    /// By how much the delay grows each time.
    pub factor: f64,
    /// Milliseconds that no delay exceeds.
    pub max_delay: u64,
}

impl Default for Retry {
    fn default() -> Retry {
        Retry {
            attempts: 3,
            delay: 10_000,
            factor: 3.0,
            max_delay: 300_000,
        }
    }
}

impl Plan {
    /// A plan that does these steps and says nothing else.
    pub fn new(name: &str, steps: Vec<Step>) -> Plan {
        Plan {
            semantics: SEMANTICS,
            name: name.to_owned(),
            description: None,
            triggers: Vec::new(),
            overlap: Overlap::default(),
            inputs: IndexMap::new(),
            steps,
            formerly: Vec::new(),
            outputs: IndexMap::new(),
            output_reads: Vec::new(),
            timeout: None,
            saves: None,
            on_failure: Vec::new(),
            finally: Vec::new(),
            exceptions: Exceptions::default(),
            promise: None,
        }
    }

    /// The steps of a run: those of the `for_each` that made it, or the workflow's own.
    pub fn body(&self, step: Option<&StepId>) -> &[Step] {
        match step.and_then(|id| self.step(id)) {
            Some(Step {
                kind: Kind::ForEach(each),
                ..
            }) => &each.steps,
            _ => &self.steps,
        }
    }

    /// Ids are unique in a file, so a step is found wherever it stands.
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        let lists = [&self.steps, &self.on_failure, &self.finally];
        lists.into_iter().find_map(|steps| find(steps, id, true))
    }

    /// What is read of this step's output, by its names there: `body`, `rows`.
    pub fn read_of(&self, id: &StepId) -> BTreeSet<&str> {
        let mut paths: Vec<&Path> = self.output_reads.iter().collect();
        for steps in [&self.steps, &self.on_failure, &self.finally] {
            each_read(steps, &mut paths);
        }
        let names = paths.into_iter().filter_map(|path| match path.as_slice() {
            [root, step, name, ..] if root == "steps" && step == id.as_str() => Some(name),
            _ => None,
        });
        names.map(String::as_str).collect()
    }
}

/// Every path that these steps, and those below them, read.
fn each_read<'p>(steps: &'p [Step], found: &mut Vec<&'p Path>) {
    for step in steps {
        found.extend(&step.reads);
        match &step.kind {
            Kind::Bot(call) => {
                let verify = call.verify.iter();
                found.extend(verify.flat_map(|it| it.reads.iter().chain(&it.answer_reads)));
            }
            Kind::ForEach(each) => {
                found.extend(each.key_reads.iter().chain(&each.collect_reads));
                each_read(&each.steps, found);
            }
            _ => (),
        }
        for steps in step.bodies() {
            each_read(steps, found);
        }
    }
}

/// The step of this id in the list or, in the same run, below it.
pub(crate) fn find_in_run<'a>(steps: &'a [Step], id: &StepId) -> Option<&'a Step> {
    find(steps, id, false)
}

fn find<'a>(steps: &'a [Step], id: &StepId, items: bool) -> Option<&'a Step> {
    steps.iter().find_map(|step| {
        if step.id == *id {
            return Some(step);
        }
        if let (Kind::ForEach(each), true) = (&step.kind, items)
            && let Some(found) = find(&each.steps, id, items)
        {
            return Some(found);
        }
        step.bodies().find_map(|steps| find(steps, id, items))
    })
}

impl Step {
    /// A step that says nothing but what it does; its templates read nothing.
    pub fn new(id: StepId, kind: Kind) -> Step {
        Step {
            id,
            name: None,
            when: None,
            retry: Retry::default(),
            timeout: None,
            key: None,
            limit: None,
            on_fault: Vec::new(),
            kind,
            reads: Vec::new(),
        }
    }

    /// The lists of steps in it that belong to the same run: branches, cases, what follows a fault.
    pub fn bodies(&self) -> impl Iterator<Item = &[Step]> {
        let (branches, cases, default) = match &self.kind {
            Kind::Parallel(branches) => (Some(branches.values()), None, None),
            Kind::Switch(switch) => (None, Some(switch.cases.values()), switch.default.as_ref()),
            _ => (None, None, None),
        };
        let own = branches.into_iter().chain(cases).flatten().chain(default);
        let handlers = self.on_fault.iter().filter_map(|entry| match &entry.then {
            Then::Steps(steps) => Some(steps),
            _ => None,
        });
        own.chain(handlers).map(Vec::as_slice)
    }
}

impl OnFault {
    pub fn fits(&self, fault: &Fault) -> bool {
        let code = |code: &String| match code.strip_suffix(".*") {
            Some(noun) => fault.code.split('.').next() == Some(noun),
            None => fault.code == *code,
        };
        self.code.as_ref().is_none_or(code)
            && self
                .category
                .is_none_or(|category| category == fault.category)
    }
}
