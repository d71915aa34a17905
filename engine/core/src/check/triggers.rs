//! What starts a workflow: whether its times exist, and whether it gives what the run needs.

mod calendar;
mod inputs;
mod mail;
mod webhook;

use std::rc::Rc;

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::{Checker, names::closed, steps::kinds::listed};
use crate::{
    language::{model, suggest},
    plan::{Every, Files, Finished, Input, On, Schedule, Trigger},
    run::fact::Outcome,
    schedule,
    yaml::Node,
};

/// The keys of which a trigger has exactly one.
const KINDS: [&str; 6] = ["cron", "every", "files", "mail", "webhook", "finished"];

/// Keys that mean something only with some kinds, and those.
const OWNERS: [(&str, &[&str]); 13] = [
    ("timezone", &["cron"]),
    ("calendar", &["cron"]),
    ("missed", &["cron", "every"]),
    ("settle", &["files"]),
    ("folder", &["mail"]),
    ("from", &["mail"]),
    ("subject", &["mail"]),
    ("poll", &["mail"]),
    ("token", &["webhook"]),
    ("signature", &["webhook"]),
    ("key", &["webhook"]),
    ("headers", &["webhook"]),
    ("ended", &["finished"]),
];

/// Milliseconds for which a file must not have changed, where the author does not say.
const SETTLE: u64 = 2_000;

impl Checker<'_, '_, '_> {
    pub(super) fn triggers(
        &mut self,
        triggers: &[Option<model::Trigger>],
        root: &Node,
        inputs: &IndexMap<String, Input>,
    ) -> Vec<Trigger> {
        let nodes = root.get("triggers").map(|entry| entry.node.items());
        let pairs = triggers.iter().zip(nodes.unwrap_or_default());
        let plan = pairs.filter_map(|(trigger, node)| {
            let trigger = trigger.as_ref()?;
            self.scope.trigger = Some(closed(&fields(trigger)));
            let on = self.on(trigger, node);
            let inputs = self.given(node, inputs);
            self.scope.trigger = None;
            Some(Trigger { on: on?, inputs })
        });
        plan.collect()
    }

    fn on(&mut self, trigger: &model::Trigger, node: &Rc<Node>) -> Option<On> {
        let kind = self.trigger_kind(node)?;
        match kind {
            "cron" => self.schedule(trigger, node).map(On::Schedule),
            "every" => trigger.every.map(|every| {
                On::Every(Every {
                    period: every.0,
                    missed: trigger.missed.unwrap_or_default(),
                })
            }),
            "files" => self.files(trigger, node).map(On::Files),
            "mail" => self.mail(trigger, node).map(On::Mail),
            "webhook" => self.webhook(trigger, node).map(On::Webhook),
            _ => self.finished(trigger, node).map(On::Finished),
        }
    }

    fn trigger_kind(&mut self, node: &Node) -> Option<&'static str> {
        let mut given = KINDS.into_iter().filter(|kind| node.get(kind).is_some());
        let (Some(kind), None) = (given.next(), given.next()) else {
            self.no_kind(node);
            return None;
        };
        for (key, owners) in OWNERS {
            if let (Some(entry), false) = (node.get(key), owners.contains(&kind)) {
                let owners = listed(owners, "or");
                let message =
                    format!("`{key}` belongs to a trigger with {owners}, this one has `{kind}`");
                let hint = Some(format!("leave `{key}` out"));
                self.report
                    .hinted("triggers.kind", &entry.key, (message, hint));
            }
        }
        Some(kind)
    }

    /// None of the kinds is given, or several are.
    fn no_kind(&mut self, node: &Node) {
        let given: Vec<&str> = KINDS
            .into_iter()
            .filter(|kind| node.get(kind).is_some())
            .collect();
        let hint = match given[..] {
            [] => {
                // A misspelt one was told.
                let mut keys = node.map().into_iter().flat_map(|map| map.keys());
                if keys.any(|key| suggest::nearest(key, KINDS).is_some()) {
                    return;
                }
                "say what starts it, as in `cron: \"0 7 * * MON-FRI\"`, `every: 15m`, \
                 `files: inbox/*.csv` or `finished: another-workflow`"
                    .to_owned()
            }
            _ => format!(
                "make a trigger of its own of each of {}",
                listed(&given, "and")
            ),
        };
        let message = format!("a trigger has exactly one of {}", listed(&KINDS, "and"));
        self.report
            .hinted("triggers.kind", &node.head(), (message, Some(hint)));
    }

    fn schedule(&mut self, trigger: &model::Trigger, node: &Node) -> Option<Schedule> {
        let zone = self.zone(trigger.timezone.as_deref(), node);
        let schedule = Schedule {
            cron: trigger.cron.clone()?,
            timezone: trigger.timezone.clone(),
            missed: trigger.missed.unwrap_or_default(),
            calendar: self.calendar(trigger.calendar.as_ref(), node),
        };
        // A zone that does not exist was told.
        let known = Schedule {
            timezone: Some(zone),
            ..schedule.clone()
        };
        let read = schedule::Times::scheduled(&known, "UTC");
        if let Err(problem) = read {
            let span = node
                .get("cron")
                .map_or_else(|| node.head(), |entry| entry.node.head());
            let words = (problem.message, Some(problem.hint));
            self.report.hinted("triggers.cron", &span, words);
        }
        Some(schedule)
    }

    /// The zone to read times in; one that does not exist is told.
    pub(super) fn zone(&mut self, given: Option<&str>, node: &Node) -> String {
        match (given, node.get("timezone")) {
            (Some(zone), Some(entry)) if jiff::tz::TimeZone::get(zone).is_err() => {
                self.report.hinted(
                    "triggers.timezone",
                    &entry.node.span,
                    (
                        format!("there is no time zone `{zone}`"),
                        Some("write it like `Europe/Berlin` or `Asia/Shanghai`".to_owned()),
                    ),
                );
                "UTC".to_owned()
            }
            (Some(zone), _) => zone.to_owned(),
            (None, _) if self.catalogue.timezone.is_empty() => "UTC".to_owned(),
            (None, _) => self.catalogue.timezone.clone(),
        }
    }

    fn files(&mut self, trigger: &model::Trigger, node: &Node) -> Option<Files> {
        let pattern = trigger.files.clone()?;
        let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", &pattern));
        let leaves = pattern.starts_with('/') || pattern.split('/').any(|part| part == "..");
        let problem = match () {
            () if leaves => Some("the folder is one of the instance, as in `inbox/orders/*.csv`"),
            () if name.is_empty() || folder.is_empty() => {
                Some("it is a folder and a pattern for names, as in `inbox/orders/*.csv`")
            }
            () if folder.contains(['*', '?', '[']) => {
                Some("only the name of the file can be a pattern, not that of the folder")
            }
            () if folder.split('/').any(|part| part.starts_with('.')) => {
                Some("hidden folders are not looked into")
            }
            () if glob::Pattern::new(name).is_err() => {
                Some("`*` stands for any text, `?` for one character, `[ab]` for one of these")
            }
            () => None,
        };
        if let (Some(problem), Some(entry)) = (problem, node.get("files")) {
            let message = format!("`{pattern}` does not say which files");
            let words = (message, Some(problem.to_owned()));
            self.report
                .hinted("triggers.files", &entry.node.span, words);
            return None;
        }
        // Mostly a folder is meant, and nothing would ever come.
        if let (false, Some(entry)) = (name.contains(['*', '?', '[', '.']), node.get("files")) {
            let message = format!("`{pattern}` is one file called `{name}`");
            let hint = Some(format!("for the files in this folder write `{pattern}/*`"));
            self.report
                .warning("triggers.files", &entry.node.span, (message, hint));
        }
        let settle = trigger.settle.map_or(SETTLE, |settle| settle.0);
        Some(Files { pattern, settle })
    }

    fn finished(&mut self, trigger: &model::Trigger, node: &Node) -> Option<Finished> {
        let workflow = trigger.finished.clone()?;
        let span = &node.get("finished")?.node.span;
        let known = &self.catalogue.workflows;
        if workflow == self.workflow {
            let message = format!("`{workflow}` would start itself for ever");
            let hint = Some("name another workflow, or take `every` or `cron`".to_owned());
            self.report.hinted("triggers.circle", span, (message, hint));
        } else if !known.contains_key(&workflow) {
            let others = known.keys().map(String::as_str);
            let names: Vec<&str> = others.filter(|it| *it != self.workflow).collect();
            let hint = suggest::hint(&workflow, "the workflows are", names);
            let message = format!("there is no workflow `{workflow}`");
            self.report
                .hinted("triggers.workflow", span, (message, hint));
        } else if self.starts(&workflow) {
            let message = format!(
                "`{workflow}` is started when `{}` ends, and so for ever",
                self.workflow
            );
            let hint = Some("let one of them be started by something else".to_owned());
            self.report.hinted("triggers.circle", span, (message, hint));
        }
        let given = trigger.ended.iter().flatten().copied().flatten();
        let mut states: Vec<Outcome> = given.collect();
        if states.is_empty() {
            states.push(Outcome::Succeeded);
        }
        Some(Finished { workflow, states })
    }

    /// Whether the end of this workflow starts another, at once or by way of others.
    fn starts(&self, other: &str) -> bool {
        let (mut open, mut seen) = (vec![other], Vec::new());
        while let Some(name) = open.pop() {
            if name == self.workflow {
                return true;
            }
            if seen.contains(&name) {
                continue;
            }
            seen.push(name);
            let schema = self.catalogue.workflows.get(name);
            open.extend(
                schema
                    .into_iter()
                    .flat_map(|it| it.follows.iter().map(String::as_str)),
            );
        }
        false
    }
}

/// What `trigger` has in the inputs of a run, by its kind.
fn fields(trigger: &model::Trigger) -> Vec<(&'static str, Value)> {
    let text = || json!({ "type": "string" });
    let mut fields = vec![("scheduled_for", text())];
    if trigger.files.is_some() {
        fields.extend([("file", text()), ("name", text()), ("modified", text())]);
        fields.push(("size", json!({ "type": "integer" })));
    }
    if trigger.mail.is_some() {
        fields.extend(mail::fields());
    }
    if trigger.webhook.is_some() {
        fields.extend([
            ("body", json!(true)),
            ("headers", webhook::headers(trigger)),
        ]);
    }
    if trigger.finished.is_some() {
        let key = json!({ "type": ["string", "null"] });
        fields.extend([
            ("run", text()),
            ("workflow", text()),
            ("state", text()),
            ("key", key),
        ]);
        fields.push(("outputs", json!(true)));
    }
    fields
}
