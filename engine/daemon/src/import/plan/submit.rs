//! Which step of a recording saves: a guess, which the author is asked to check.

use crate::import::flow::{Act, Step, Target};

/// The last button that looks like one that saves, behind what was typed; otherwise the last click
/// or key there that led to another page; otherwise the last click.
pub(super) fn find(steps: &[Step]) -> Option<&Step> {
    let typed = steps
        .iter()
        .rposition(|step| matches!(step.act, Act::Enter { .. } | Act::Tick(..)));
    let behind = &steps[typed.map_or(0, |at| at + 1)..];
    let last = |fits: &dyn Fn(&&Step) -> bool| behind.iter().rfind(fits);
    let says_so = last(&|step| matches!(step.act, Act::Submit(_)));
    let named = last(&|step| clicked(step).is_some_and(Target::saves));
    let led_on = || last(&|step| step.arrival.is_some() && is_done(step));
    let any = || last(&is_done);
    let saves = says_so.or(named);
    match typed {
        Some(_) => saves.or_else(led_on).or_else(any),
        // Where nothing was typed, clicks mostly lead from page to page.
        None => saves,
    }
}

fn clicked(step: &Step) -> Option<&Target> {
    match &step.act {
        Act::Click(target) => Some(target),
        _ => None,
    }
}

fn is_enter(step: &Step) -> bool {
    matches!(&step.act, Act::Press(key) if key == "Enter")
}

fn is_done(step: &&Step) -> bool {
    clicked(step).is_some() || is_enter(step)
}
