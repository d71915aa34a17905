//! `schedule`: when each workflow starts next by itself.

use botswain_core::engine::quarantine::Quarantine;

use super::{
    Global, keeping,
    outcome::{Code, Outcome},
    output, table, times,
};
use crate::{views::ScheduleView, workflows};

pub(super) async fn list(global: &Global) -> Outcome {
    let checked = workflows::check(&global.instance()?)?;
    let (schedules, is_up, quarantine) = global
        .with_client(async |client| {
            let schedules: Vec<ScheduleView> = client.get("/api/v1/schedule").await?;
            let quarantine: Option<Quarantine> = client.get("/api/v1/quarantine").await?;
            Ok((schedules, client.is_lasting(), quarantine))
        })
        .await?;
    match (global.json, schedules.is_empty()) {
        (true, _) => output::json(&schedules),
        (false, true) => output::data("no workflow has a trigger"),
        (false, false) => {
            output::data(&listed(&schedules));
            for line in schedules.iter().flat_map(left_out) {
                output::note(&line);
            }
        }
    }
    super::workflows::tell_missing(&checked);
    if schedules.is_empty() && checked.errors() == 0 && !global.json {
        output::hint(match checked.files {
            0 => "`botswain new NAME` begins a workflow",
            _ => "give one what starts it, as in `triggers: [{ cron: \"0 7 * * MON-FRI\" }]`",
        });
    }
    if quarantine.is_some_and(|it| it.holds()) {
        output::hint(keeping::HELD);
    }
    if !is_up && !schedules.is_empty() {
        output::hint("nothing is started by itself until `botswain up` runs");
    }
    Ok(Code::Done)
}

/// When a workflow does not start, why, and when it does instead.
fn left_out(schedule: &ScheduleView) -> impl Iterator<Item = String> {
    schedule.left_out.iter().map(|it| {
        let (workflow, at) = (&schedule.workflow, times::local(it.at));
        match it.moved {
            Some(moved) => {
                let moved = times::local(moved);
                format!("{workflow} starts at {moved} instead of {at}, a day off")
            }
            None => format!(
                "{workflow} does not start at {at}: a day off by {}",
                it.calendar
            ),
        }
    })
}

fn listed(schedules: &[ScheduleView]) -> String {
    let rows = schedules.iter().map(|it| {
        let then = it.next.iter().skip(1).take(2).map(|at| times::local(*at));
        let next = it.next.first();
        let next = next.map(|at| match it.is_paused {
            true => format!("paused; otherwise {}", times::local(*at)),
            false => format!("{}, {}", times::local(*at), times::age(*at)),
        });
        [
            it.workflow.clone(),
            it.trigger.clone(),
            it.timezone.clone().unwrap_or_default(),
            match (next, &it.timezone) {
                (Some(next), _) => next,
                (None, _) if it.is_paused => "paused".to_owned(),
                (None, Some(_)) => "never".to_owned(),
                (None, None) => "when it happens".to_owned(),
            },
            then.collect::<Vec<_>>().join(", "),
        ]
    });
    table::of(
        ["workflow", "trigger", "zone", "next (your time)", "then"],
        rows,
    )
}
