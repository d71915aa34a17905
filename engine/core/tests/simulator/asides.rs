//! What the driver hands to other threads: templates rendered, loops gathered, runs looked up.

use std::{rc::Rc, sync::Arc};

use botswain_core::{
    ArtifactRef, Effect, Fault, Payload, TableRef,
    engine::{Command, Event, event::Return},
    evaluate::{Evaluator, Values},
    index::Summary,
    template::{Renderer, Tables},
};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::outside::Outside;

/// What another thread makes of a command.
pub(crate) fn compute(command: Command, outside: &Outside) -> Event {
    let readable = outside.is_readable();
    let values = Inline { readable };
    let evaluator = Evaluator {
        renderer: &outside.renderer,
        values: &values,
        effect: &effect,
        announces: &|bot| bot == "sim.form",
        versions: &|hash| match readable {
            true => Ok(outside.files.known[hash].clone()),
            false => Err(unreadable()),
        },
        timezone: &TimeZone::UTC,
    };
    match command {
        Command::Evaluate {
            version,
            scope,
            edits,
            subject,
        } => {
            let answer = Box::new(evaluator.answer(&version, &scope, &edits, &subject));
            Event::Evaluated {
                run: scope.run,
                subject,
                answer,
                holder: None,
            }
        }
        Command::Fire {
            firing,
            version,
            trigger,
            at,
            happening,
        } => {
            let inputs = evaluator
                .trigger_inputs(&version, trigger, (at, happening.as_deref()))
                .map_err(Box::new);
            Event::Fired {
                firing,
                workflow: version.plan.name.clone(),
                inputs,
                happening,
                holder: None,
            }
        }
        Command::Gather { run, step, tally } => {
            let (total, succeeded) = (tally.ended(), tally.succeeded);
            let output = values
                .keep(json!({ "total": total, "succeeded": succeeded }))
                .map_err(Box::new);
            Event::Gathered { run, step, output }
        }
        Command::Return { run, step, child } => {
            let summary = &outside.store.disk.summaries[&child];
            let output = summary.collected.clone().unwrap_or(Payload::NULL);
            let state = summary.state;
            let left = Return {
                child,
                state,
                output,
            };
            let result = readable.then_some(left);
            let result = result.ok_or_else(|| Box::new(unreadable()));
            Event::Returned { run, step, result }
        }
        Command::Children { run, step } => {
            let summaries = outside.store.disk.summaries.values();
            let open = summaries.filter(|it| !it.state.has_ended());
            let of_step = |it: &&Summary| {
                let parent = it.parent.as_ref();
                parent.is_some_and(|(parent, of, _)| *parent == run && *of == step)
            };
            let children = open.filter(of_step).map(|it| it.id.clone()).collect();
            Event::Children {
                run,
                step,
                children,
            }
        }
        other => unreachable!("{other:?} is carried out at once"),
    }
}

/// `sim.read` reads, `sim.put` may be repeated, `sim.order` acts once.
fn effect(bot: &str, _: &Value) -> Result<Effect, Fault> {
    Ok(match bot {
        "sim.order" | "sim.form" => Effect::Once,
        "sim.put" => Effect::Repeatable,
        _ => Effect::None,
    })
}

/// Values so small that facts hold them, on a disk that sometimes does not answer.
struct Inline {
    readable: bool,
}

impl Values for Inline {
    fn load(&self, artifact: &ArtifactRef) -> Result<Value, Fault> {
        Err(Fault::system("artifact.missing", artifact.name.clone()))
    }

    fn keep(&self, value: Value) -> Result<Payload, Fault> {
        match self.readable {
            true => Ok(value.into()),
            false => Err(unreadable()),
        }
    }

    fn row(&self, table: &TableRef, _: u64) -> Result<Value, Fault> {
        Err(Fault::system("table.missing", table.hash.to_string()))
    }

    fn table(&self, _: &[Value]) -> Result<TableRef, Fault> {
        Err(Fault::system("table.store", "everything is inline here"))
    }
}

fn unreadable() -> Fault {
    Fault::system("artifact.store", "the disk does not answer")
}

struct NoTables;

impl Tables for NoTables {
    fn rows(&self, _: &TableRef, _: u64, _: usize) -> Result<Vec<Value>, String> {
        Err("there are no tables here".to_owned())
    }
}

/// One for each thread: it keeps the templates that it has read.
pub(crate) fn renderer() -> Rc<Renderer> {
    thread_local! {
        static RENDERER: Rc<Renderer> = Rc::new(Renderer::new(Arc::new(NoTables)));
    }
    RENDERER.with(Rc::clone)
}
