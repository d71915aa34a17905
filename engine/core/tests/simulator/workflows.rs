//! Small workflows drawn at random, written down as their authors would and checked like theirs.
//!
//! Ids say the kind (`order3`, `each4`), so that one id means one kind in all versions.

use std::{cell::RefCell, collections::BTreeMap, fmt::Write, sync::Arc};

use botswain_core::{
    Effect, Hash,
    catalogue::{BotSchema, Catalogue},
    evaluate::complete_inputs,
    language,
    plan::{Finished, On, Template, Trigger, Version},
    run::fact::Outcome,
};
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::{dice::Dice, kinds};

/// How many different versions there are of each workflow.
const SHAPES: u64 = 2000;

pub(crate) const NAMES: [&str; 2] = ["alpha", "beta"];
pub(crate) const CONNECTIONS: [&str; 2] = ["office", "post"];
pub(crate) const LIMIT: &str = "desk";

/// The files of the instance, and every version that there ever was.
#[derive(Default)]
pub(crate) struct Files {
    pub(crate) current: Vec<Arc<Version>>,
    pub(crate) known: BTreeMap<Hash, Arc<Version>>,
    /// How often somebody has written them.
    pub(crate) rewritten: u64,
}

impl Files {
    /// Somebody edits, adds or removes workflows.
    pub(crate) fn rewrite(&mut self, dice: &Dice) {
        let names = NAMES
            .iter()
            .filter(|name| **name == "alpha" || dice.once_in(3));
        self.current.clear();
        self.rewritten += 1;
        for name in names {
            let versions = version(name, dice.below(SHAPES));
            self.current.extend(versions.first().cloned());
            self.known
                .extend(versions.into_iter().map(|it| (it.hash(), it)));
        }
    }

    /// Nothing starts at a time any more.
    pub(crate) fn without_schedules(&mut self) {
        for version in &mut self.current {
            let triggers = &mut Arc::make_mut(version).plan.triggers;
            triggers.retain(|trigger| trigger.on.event().is_some());
        }
    }
}

/// What somebody gives a run, complete.
pub(crate) fn inputs(version: &Version, dice: &Dice) -> Value {
    let given = IndexMap::from([
        ("name".to_owned(), json!(format!("n{}", dice.below(2)))),
        ("orders".to_owned(), orders(dice)),
    ]);
    complete_inputs(&version.plan, given).unwrap()
}

/// Few ids and few goods, so that keys are duplicates and conflicts.
fn orders(dice: &Dice) -> Value {
    let good = || format!("s{}", dice.below(2));
    let line = |_| json!({ "id": format!("l{}", dice.below(3)), "sku": good() });
    let lines = || (0..dice.below(3)).map(line).collect::<Vec<_>>();
    let order = |_| json!({ "id": format!("o{}", dice.below(3)), "sku": good(), "lines": lines() });
    (0..dice.below(4)).map(order).collect()
}

/// Where files for a workflow come.
pub(crate) fn inbox(workflow: &str) -> String {
    format!("inbox/{workflow}")
}

/// A version, then the one that it calls.
type Versions = Vec<Arc<Version>>;

/// The versions of this number: checked once in each thread.
fn version(name: &str, shape: u64) -> Versions {
    thread_local! {
        static CHECKED: RefCell<BTreeMap<(String, u64), Versions>> = RefCell::default();
    }
    let place = (name.to_owned(), shape);
    if let Some(known) = CHECKED.with_borrow(|checked| checked.get(&place).cloned()) {
        return known;
    }
    let versions = make(name, shape);
    CHECKED.with_borrow_mut(|checked| checked.insert(place, versions.clone()));
    versions
}

fn make(name: &str, shape: u64) -> Versions {
    let dice = Dice::new(shape.wrapping_mul(37).wrapping_add(name.len() as u64));
    let text = format!("{}# number {shape}\n", write(name, shape));
    let mut made = check(name, &text);
    let callee = (name == "alpha").then_some("beta");
    if dice.once_in(2) {
        kinds::enrich(&mut made.plan, callee, &dice);
    }
    if name == "beta" && dice.once_in(2) {
        made.plan.triggers.push(follows("alpha", &dice));
    }
    let called = match kinds::calls(&made.plan.steps) {
        true => version("beta", dice.below(SHAPES)),
        false => vec![],
    };
    made.calls
        .extend(called.iter().map(|it| (it.plan.name.clone(), it.hash())));
    std::iter::once(Arc::new(made)).chain(called).collect()
}

/// A trigger whose other workflow the check of a single file does not know.
fn follows(workflow: &str, dice: &Dice) -> Trigger {
    let ends = [Outcome::Succeeded, Outcome::Failed, Outcome::Cancelled];
    let states = match dice.below(4) {
        3 => ends.to_vec(),
        end => vec![ends[end as usize]],
    };
    let run = ("name".to_owned(), Template("{{trigger.run}}".to_owned()));
    Trigger {
        on: On::Finished(Finished {
            workflow: workflow.to_owned(),
            states,
        }),
        inputs: [run].into_iter().collect(),
    }
}

fn check(name: &str, text: &str) -> Version {
    let loaded = language::load(&format!("{name}.yaml"), text, &catalogue());
    let errors = &loaded.diagnostics;
    loaded
        .version
        .unwrap_or_else(|| panic!("{errors:#?}\n{text}"))
}

fn write(name: &str, shape: u64) -> String {
    let dice = Dice::new(shape.wrapping_mul(31).wrapping_add(name.len() as u64));
    let overlap = dice.pick(&["queue", "queue", "skip", "allow"]);
    let missed = dice.pick(&["none", "last", "all"]);
    let mut text = format!("name: {name}\noverlap: {overlap}\n");
    let mut triggers = String::new();
    let mut trigger = |on: &str, name: &str| {
        writeln!(triggers, "  - {on}\n    inputs: {{ name: '{name}' }}").unwrap();
    };
    if dice.once_in(3) {
        // One schedule for each name, whatever the version: a time is due once.
        let minutes = 5 * name.len();
        let on = format!("cron: '*/{minutes} * * * *'\n    missed: {missed}");
        trigger(&on, "t{{today}}");
    }
    if dice.once_in(2) {
        trigger(&format!("files: {}/*.csv", inbox(name)), "{{trigger.file}}");
    }
    if !triggers.is_empty() {
        write!(text, "triggers:\n{triggers}").unwrap();
    }
    let default = orders(&dice);
    write!(text, "inputs:\n  name: {{ type: text }}\n  orders: {{ type: list, default: {default} }}\nsteps:\n").unwrap();
    let mut author = Author {
        dice,
        text,
        left: 0,
        count: 0,
        seen: vec![],
    };
    author.left = 1 + author.dice.below(6);
    while author.left > 0 {
        author.step(0);
    }
    author.text
}

/// Writes steps until none are left.
struct Author {
    dice: Dice,
    text: String,
    left: u64,
    count: u64,
    /// The bots' steps whose output can be read here.
    seen: Vec<String>,
}

impl Author {
    fn step(&mut self, depth: usize) {
        self.left -= 1;
        self.count += 1;
        match depth < 2 && self.left > 0 && self.dice.once_in(3) {
            true => self.each(depth),
            false => self.bot(depth),
        }
    }

    fn each(&mut self, depth: usize) {
        let (list, item) = [("inputs.orders", "order"), ("order.lines", "line")][depth];
        let id = format!("each{}", self.count);
        self.line(depth, &format!("- id: {id}"));
        self.line(depth, &format!("  for_each: '{{{{{list}}}}}'"));
        self.line(depth, &format!("  as: {item}"));
        let at_once = 1 + self.dice.below(3);
        self.line(depth, &format!("  at_once: {at_once}"));
        if !self.dice.once_in(3) {
            self.line(depth, &format!("  key: '{{{{{item}.id}}}}'"));
        }
        if self.dice.once_in(3) {
            self.line(
                depth,
                &format!("  collect: {{ sku: '{{{{{item}.sku}}}}' }}"),
            );
        }
        self.line(depth, "  steps:");
        let outside = self.seen.len();
        for _ in 0..=self.dice.below(2).min(self.left - 1) {
            if self.left > 0 {
                self.step(depth + 1);
            }
        }
        self.seen.truncate(outside);
    }

    fn bot(&mut self, depth: usize) {
        let kind = *self.dice.pick(&["read", "put", "order", "order", "order"]);
        let id = format!("{kind}{}", self.count);
        let place = ["inputs.name", "order.id", "line.id"][depth];
        let good = ["inputs.name", "order.sku", "line.sku"][depth];
        self.line(depth, &format!("- id: {id}"));
        self.line(depth, &format!("  bot: sim.{kind}"));
        if self.dice.once_in(2) {
            let connection = self.dice.pick(&CONNECTIONS);
            self.line(depth, &format!("  connection: {connection}"));
        } else if self.dice.once_in(3) {
            self.line(depth, &format!("  limit: {LIMIT}"));
        }
        if self.dice.once_in(3) {
            self.line(depth, &format!("  key: '{{{{{place}}}}}'"));
        }
        if self.dice.once_in(6) {
            self.line(depth, &format!("  when: \"{{{{ne {good} 's0'}}}}\""));
        }
        let (attempts, delay) = (1 + self.dice.below(4), 1 + self.dice.below(20));
        self.line(
            depth,
            &format!("  retry: {{ attempts: {attempts}, delay: {delay}s, factor: 2 }}"),
        );
        let before = match self.seen.is_empty() || self.dice.once_in(2) {
            true => String::new(),
            false => format!(", before: '{{{{steps.{}.n}}}}'", self.dice.pick(&self.seen)),
        };
        self.line(
            depth,
            &format!("  with: {{ thing: '{{{{{place}}}}}-{{{{{good}}}}}'{before} }}"),
        );
        self.seen.push(id);
    }

    fn line(&mut self, depth: usize, words: &str) {
        let words = words.trim_end();
        writeln!(self.text, "{:width$}{words}", "", width = 2 + 4 * depth).unwrap();
    }
}

/// What can be called: bots of each effect, and two connections.
fn catalogue() -> Catalogue {
    let bot = |name: &'static str| BotSchema {
        name,
        parameters: json!({
            "type": "object", "additionalProperties": false, "required": ["thing"],
            "properties": { "thing": { "type": "string" }, "before": { "type": "integer" } },
        }),
        output: |_| json!({ "type": "object", "properties": { "n": { "type": "integer" }, "for": { "type": "string" } } }),
        effect: |_| Ok(Effect::None),
        connections: &["sim"],
        needs_connection: false,
        exactly_one: &[],
        of_connection: &[],
    };
    let bots = ["sim.read", "sim.put", "sim.order"];
    Catalogue {
        bots: bots.map(|name| (name, bot(name))).into(),
        connections: CONNECTIONS
            .map(|name| (name.to_owned(), "sim".to_owned()))
            .into(),
        limits: [LIMIT.to_owned()].into(),
        timezone: "UTC".to_owned(),
        ..Catalogue::default()
    }
}
