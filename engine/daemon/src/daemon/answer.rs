//! What the engine asks for that blocks or computes, answered off the loop.

use botswain_core::{
    Fault,
    engine::{Command, Event, event::Counted},
    evaluate::{Values, complete_inputs},
};
use indexmap::IndexMap;

use super::parts::Parts;

/// Answers a command with an event; an error when the store cannot be read.
pub(crate) fn to(parts: &Parts, command: Command) -> Result<Event, String> {
    Ok(match command {
        Command::Fire {
            firing,
            version,
            trigger,
            at,
            happening,
        } => {
            let of = (at, happening.as_deref());
            let inputs = parts.evaluator(|it| it.trigger_inputs(&version, trigger, of));
            Event::Fired {
                firing,
                workflow: version.plan.name.clone(),
                inputs: inputs.flatten().map_err(Box::new),
                happening,
                holder: None,
            }
        }
        Command::Count {
            firing,
            version,
            since,
            at,
        } => {
            let promised = version.plan.promise.as_ref().map_or(1, |it| it.succeeded);
            let workflow = version.plan.name.clone();
            let succeeded = parts.succeeded(&workflow, (since, at), promised);
            let inputs = complete_inputs(&version.plan, IndexMap::new());
            Event::Counted(Counted {
                firing,
                workflow,
                at,
                succeeded: succeeded.map_err(|error| error.to_string())?,
                inputs: inputs.ok().and_then(|inputs| parts.kept.keep(inputs).ok()),
            })
        }
        Command::Gather { run, step, tally } => {
            let output = told(parts.gather(&run, &step, &tally));
            Event::Gathered { run, step, output }
        }
        Command::Return { run, step, child } => {
            let result = told(parts.returned(&child));
            Event::Returned { run, step, result }
        }
        Command::Children { run, step } => {
            let children = parts.children(&run, &step);
            let children = children.map_err(|error| error.to_string())?;
            Event::Children {
                run,
                step,
                children,
            }
        }
        other => unreachable!("{other:?} is carried out on the loop"),
    })
}

fn told<T>(result: Result<T, Fault>) -> Result<T, Box<Fault>> {
    if let Err(fault) = &result {
        tracing::warn!(code = fault.code, "{}", fault.message);
    }
    result.map_err(Box::new)
}
